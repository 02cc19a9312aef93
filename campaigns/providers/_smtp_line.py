"""The lines to an SMTP server: as many connections at once as the account allows and the server needs to be kept busy.

One thread drives them all: a server that is far away answers each of them late, and all together often enough. Each
opens itself when needed, and again when the server has closed it.
"""

import selectors
import smtplib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import cached_property
from queue import SimpleQueue
from time import monotonic

from django.core.mail.utils import DNS_NAME

from campaigns.providers._smtp_session import ERRORS, SILENT, Letter, Lost, Session, words_of
from campaigns.providers.base import Result

# A server nearby has four connections busy; one that lets all of them wait for so many seconds gets another few.
AT_ONCE = 4
PATIENCE = 0.003
WORTH_IT = 8  # letters for each connection: for fewer none is opened
_LOOK = 0.2  # seconds between looks at who has been silent for too long


# A letter, or what writes it: so that not all are in memory at once, and some are written while servers think.
Draft = Letter | Callable[[], Letter]


class _Batch:
    """The letters that are to be handed over now, and what came of each."""

    def __init__(self, letters: Sequence[Draft]) -> None:
        self.results: list[Result | None] = [None] * len(letters)
        self.waiting = deque(enumerate(letters))
        self.outage: Result | None = None
        self.crowded = False  # whether a server that works with us on other lines has closed a fresh one
        self.live = 0
        self._places: dict[int, int] = {}  # of the letters that sessions have in hand

    def take(self) -> Letter | None:
        while self.waiting and not self.outage:
            place, draft = self.waiting.popleft()
            try:
                letter = draft if isinstance(draft, Letter) else draft()
            except Exception as error:  # It was not handed over, and the others are to be.
                self.results[place] = Result("failed", reason=f"The message cannot be built: {error}")
                continue
            self._places[id(letter)] = place
            return letter
        return None

    def put_back(self, letter: Letter) -> None:
        self.waiting.appendleft((self._places.pop(id(letter)), letter))

    def lose(self, letter: Letter, lost: Lost, session: Session) -> None:
        """Servers close idle lines, so what was lost on one that worked before is tried on another."""
        if session.is_proven:
            self.put_back(letter)
        elif self.live > 1:
            self.crowded = True
            self.put_back(letter)
        else:
            self.settle(letter, Result("failed", reason=str(lost), temporary=True, outage=lost.silent))

    def settle(self, letter: Letter, result: Result) -> None:
        self.results[self._places.pop(id(letter))] = result
        if result.outage:
            self.break_off(result.reason if result.state == "failed" else SILENT)

    def break_off(self, reason: str) -> None:
        self.outage = Result("failed", reason=reason, temporary=True, outage=True)

    def all_results(self) -> list[Result]:
        assert all(self.results) or self.outage
        return [result or self.outage or result for result in self.results]  # type: ignore[misc]


class Line:
    def __init__(
        self, host: str, port: int, security: str, username: str, password: str, timeout: float, connections: int = 1
    ) -> None:
        self.host, self.port, self.security = host, port, security
        self.username, self.password, self.timeout = username, password, timeout
        self._most = connections
        self._selector = selectors.DefaultSelector()
        self._sessions: dict[Session, float] = {}  # and when each was last heard of
        self._opened: SimpleQueue[Session | Exception] = SimpleQueue()  # by threads, for this one
        self._opening = 0
        self._bell: tuple[socket.socket, socket.socket] | None = None

    def send(self, letters: Sequence[Draft]) -> list[Result]:
        """Hand letters over, and say of each what came of it. Drafts are written when it is their turn.

        Letters that no session has taken before an outage are not tried any more.
        """
        batch = _Batch(letters)
        self._drop_closed()
        self._wanted = AT_ONCE
        looked = monotonic()
        while True:
            self._welcome()
            for session in [session for session in self._sessions if session.talk is None]:
                if not batch.waiting or batch.outage:
                    break
                self._step(session, session.start, batch, batch)
            busy = sum(session.talk is not None for session in self._sessions)
            if not busy:
                if not batch.waiting or batch.outage:
                    return batch.all_results()
                if not self._opening:
                    self._open_first(batch)
                    continue
            may_grow = self._grow(batch)
            ready = self._selector.select(PATIENCE if may_grow else _LOOK)
            if not ready and may_grow:
                self._wanted *= 2
            for key, mask in ready:
                if key.data is None:
                    self._bell[0].recv(100)  # type: ignore[index]
                    continue
                if mask & selectors.EVENT_WRITE:
                    self._step(key.data, key.data.flush, batch)
                if mask & selectors.EVENT_READ and key.data in self._sessions:
                    self._step(key.data, key.data.hear, batch)
            if monotonic() - looked > _LOOK:
                looked = monotonic()
                self._give_up_silent(batch)

    def reach(self) -> Result:
        """Open a line and log in, without a mail."""
        try:
            self._add(self._open())
        except ERRORS as error:
            return Result("failed", reason=words_of(error), temporary=True, outage=True)
        return Result("sent")

    def close(self) -> None:
        while self._opening:
            self._take_in(self._opened.get())
        for session in self._sessions:  # all at once, so that none waits for the farewell of another
            try:
                session.write(b"QUIT\r\n")
            except ERRORS:
                session.is_over = True
        for session in list(self._sessions):
            self._leave(session)
        self._selector.close()
        self._selector = selectors.DefaultSelector()
        for end in self._bell or ():
            end.close()
        self._bell = None

    def _leave(self, session: Session) -> None:
        try:
            if not session.is_over:
                session.sock.settimeout(min(self.timeout, 1))
                session.sock.recv(1_000)
        except ERRORS:
            pass
        self._drop(session)

    def _step(self, session: Session, do: object, batch: _Batch, *values: object) -> None:
        batch.live = len(self._sessions)
        had_unsent = bool(session.unsent)
        do(*values)  # type: ignore[operator]
        if session.is_over:
            self._drop(session)
            if batch.crowded:
                batch.crowded = False
                self._most = max(len(self._sessions), 1)
            return
        self._sessions[session] = monotonic()
        if bool(session.unsent) != had_unsent:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.unsent else 0)
            self._selector.modify(session.sock, events, session)

    def _give_up_silent(self, batch: _Batch) -> None:
        now = monotonic()
        for session, heard in list(self._sessions.items()):
            if session.talk and now - heard > self.timeout:
                self._step(session, session.fail, batch, TimeoutError("timed out"))

    def _drop_closed(self) -> None:
        """What an idle line has to say is a farewell."""
        for key, _ in self._selector.select(0) if self._sessions else []:
            if key.data is not None:
                self._drop(key.data)

    def _drop(self, session: Session) -> None:
        if self._sessions.pop(session, None) is not None:
            self._selector.unregister(session.sock)
        session.close()

    def _add(self, session: Session) -> None:
        self._sessions[session] = monotonic()
        self._selector.register(session.sock, selectors.EVENT_READ, session)

    # Opening

    def _open_first(self, batch: _Batch) -> None:
        try:
            self._add(self._open())
        except ERRORS as error:
            # Opening failed before anything was handed over, whatever the exact error is.
            batch.break_off(words_of(error))

    def _grow(self, batch: _Batch) -> bool:
        """Open what is wanted besides those that are open. Returns whether even more could be opened."""
        there = len(self._sessions) + self._opening
        useful = min(self._most, there + len(batch.waiting) // WORTH_IT)
        if batch.outage or there >= useful:
            return False
        for _ in range(min(self._wanted, useful) - there):
            self._opening += 1
            if self._bell is None:
                self._bell = socket.socketpair()
                self._selector.register(self._bell[0], selectors.EVENT_READ, None)
            threading.Thread(target=self._open_aside, args=(self._bell[1],), daemon=True).start()
        return self._wanted < useful

    def _open_aside(self, bell: socket.socket) -> None:
        opened: Session | Exception
        try:
            opened = self._open()
        except Exception as error:
            opened = error
        self._opened.put(opened)
        bell.send(b"!")

    def _welcome(self) -> None:
        while not self._opened.empty():
            self._take_in(self._opened.get())

    def _take_in(self, opened: Session | Exception) -> None:
        self._opening -= 1
        if isinstance(opened, Session):
            self._add(opened)
        else:  # The server does not want that many. If it wants none at all, the first one will tell.
            self._most = max(len(self._sessions), 1)

    def _open(self) -> Session:
        name = DNS_NAME.get_fqdn()
        smtp: smtplib.SMTP
        if self.security == "tls":
            smtp = smtplib.SMTP_SSL(self.host, self.port, name, timeout=self.timeout, context=self._context)
        else:
            smtp = smtplib.SMTP(self.host, self.port, name, timeout=self.timeout)
        try:
            # Without this the last bytes of a long message wait for the server's delayed acknowledgement.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.security == "starttls":
                smtp.starttls(context=self._context)
            if self.username:
                smtp.login(self.username, self.password)
            smtp.ehlo_or_helo_if_needed()
            return Session(smtp)
        except ERRORS:
            smtp.close()
            raise

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context()
