"""One open SMTP session that knows, at every moment, whether the server may have taken a mail in hand.

Python's own `sendmail` raises the same errors before and after a mail is handed over, and the difference is the whole
point here: before, it may be tried again; after, nobody can tell.

A server that offers PIPELINING (RFC 2920) gets the commands of a mail in one write, together with the content of the
mail before, so that a mail costs one round trip.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Generator
from typing import NamedTuple, Protocol

from campaigns.providers.base import Result

ERRORS = (smtplib.SMTPException, OSError)
SILENT = "The server did not answer in time."
LONGEST_REPLY = 100_000  # bytes of a line, and lines
_EXPECTED = ((250,), (250, 251), (354,))  # in answer to MAIL, RCPT and DATA

# The recipient's address, domain or mailbox does not exist or is closed for good (RFC 3463, 3.2 and 3.3).
_NO_SUCH_ADDRESS = re.compile(rb"5\.(1\.(1|2|3|6|10)|2\.1)\b")


class Lost(Exception):
    """The session ended before the mail was handed over. `silent`: it did so by not answering in time."""

    def __init__(self, reason: str, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


class Letter(NamedTuple):
    """A mail in its envelope: two plain ASCII addresses, and the content with lines that end in CRLF."""

    sender: str
    recipient: str
    content: bytes
    id: str  # its Message-ID
    is_dotless: bool = False  # whether no line begins with a dot


class Post(Protocol):
    """Where sessions get letters from, and say what came of them."""

    def take(self) -> Letter | None: ...

    def put_back(self, letter: Letter) -> None:
        """It was certainly not taken, and goes to another session."""
        ...

    def lose(self, letter: Letter, lost: Lost, session: "Session") -> None:
        """The session ended before the letter was handed over."""
        ...

    def settle(self, letter: Letter, result: Result) -> None: ...


Reply = tuple[int, bytes]
Talk = Generator[None, Reply, None]


class Session:
    """Hands over letters one after the other. It never waits: its `talk` is continued with each reply of the server.

    Where the line breaks, the error is thrown into the talk, which knows what that means for the letter in hand.
    """

    def __init__(self, smtp: smtplib.SMTP) -> None:
        assert smtp.sock
        self.sock = smtp.sock
        self.sock.setblocking(False)
        self.is_encrypted = isinstance(self.sock, ssl.SSLSocket)
        self.is_over = False
        self.is_proven = False  # whether the server has said yes or no to any letter
        self.talk: Talk | None = None
        self.unsent = b""  # what the system did not take yet
        self._heard = b""
        self._lines: list[bytes] = []  # of a reply that goes on
        self._pipelines = smtp.has_extn("pipelining")
        self._sizes, self._takes_8bit = smtp.has_extn("size"), smtp.has_extn("8bitmime")

    def start(self, post: Post) -> None:
        """Begin to hand over what the post has. `talk` is None when there is no more, or the session is over."""
        self.talk = self._talk(post)
        self._continue(lambda talk: next(talk))

    def hear(self) -> None:
        """Take what the server says. To be called when there is something to read, or room to write."""
        try:
            replies = self._replies()
        except ERRORS as error:
            self.fail(error)
            return
        for reply in replies:
            if self.talk is None:  # it speaks without being asked: a farewell
                self.is_over = True
                return
            self._continue(lambda talk, reply=reply: talk.send(reply))

    def fail(self, error: Exception) -> None:
        self.is_over = True
        if self.talk:
            self._continue(lambda talk: talk.throw(error))

    def close(self) -> None:
        self.is_over = True
        self.sock.close()

    def write(self, data: bytes) -> None:
        if self.unsent:
            self.unsent += data
            return
        try:
            sent = self.sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        self.unsent = data[sent:]

    def flush(self) -> None:
        """Write on, as far as the system takes it."""
        data, self.unsent = self.unsent, b""
        try:
            self.write(data)
        except ERRORS as error:
            self.fail(error)

    def _continue(self, step: Callable[[Talk], None]) -> None:
        assert self.talk
        try:
            step(self.talk)
        except StopIteration:
            self.talk = None

    def _replies(self) -> list[Reply]:
        try:
            data = self.sock.recv(65_536)
            while data and self.is_encrypted and self.sock.pending():  # type: ignore[attr-defined]
                data += self.sock.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return []
        if not data:
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        *lines, self._heard = (self._heard + data).split(b"\n")
        if len(self._heard) > LONGEST_REPLY or len(self._lines) > LONGEST_REPLY:
            raise smtplib.SMTPServerDisconnected("The server’s reply does not end.")
        replies = []
        for line in lines:
            self._lines.append(line[4:].strip(b" \t\r\n"))
            code = int(line[:3]) if line[:3].isdigit() else -1
            if line[3:4] != b"-" or code < 0:
                replies.append((code, b"\n".join(self._lines)))
                self._lines = []
        return replies

    def _talk(self, post: Post) -> Talk:
        letter, is_announced = post.take(), False
        while letter:
            following: Letter | None = None
            try:
                result = yield from self._announce(letter, is_announced)
            except Lost as lost:
                self.is_over = True
                post.lose(letter, lost, self)
                return
            is_announced = False
            if result is None:
                following = post.take()
                result = yield from self._hand_over(letter, following)
                is_announced = self._pipelines
            self.is_proven = True
            post.settle(letter, result)
            if self.is_over:
                if following:
                    post.put_back(following)
                return
            letter = following or post.take()

    def _announce(self, letter: Letter, is_announced: bool) -> Generator[None, Reply, Result | None]:
        """What the server says of the envelope: None if it waits for the content, else why it does not.

        Raises Lost.
        """
        refusal: Result | None = None
        code = 0
        try:
            commands = self._commands(letter)
            if self._pipelines and not is_announced:
                self.write(b"".join(commands))
            for command, expected in zip(commands, _EXPECTED, strict=True):
                if not self._pipelines:
                    self.write(command)
                code, words = yield
                if code == 421:  # the server closes the line, as many do after so many messages
                    self.is_over = True
                    if refusal is None:
                        raise Lost(_text(code, words))
                    return refusal
                if code not in expected and refusal is None:
                    refusal = _refused(code, words)
                if refusal and not self._pipelines:
                    break
        except ERRORS as error:
            self.is_over = True
            if refusal is None:
                raise Lost(words_of(error), _is_silence(error)) from error
            return refusal
        if refusal:
            yield from self._reset(takes_content=code == 354)
        return refusal

    def _hand_over(self, letter: Letter, following: Letter | None) -> Generator[None, Reply, Result]:
        """Send the content; `following` is announced along with it. The session may be over afterwards."""
        content = letter.content if letter.is_dotless else _with_dots_doubled(letter.content)
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            if following and self._pipelines:
                self.write(b"".join((content, end, *self._commands(following))))
            else:
                self.write(content + end)
            code, words = yield
        except ERRORS as error:
            self.is_over = True
            reason = f"The line broke after the message was handed over: {words_of(error)}"
            # Who takes mails and says nothing would make unknown whatever else we gave him.
            return Result("unknown", letter.id, reason, outage=_is_silence(error))
        self.is_over = code == 421
        return Result("sent", letter.id) if code == 250 else _refused(code, words)

    def _commands(self, letter: Letter) -> tuple[bytes, bytes, bytes]:
        options = f" SIZE={len(letter.content)}" if self._sizes else ""
        if self._takes_8bit and not letter.content.isascii():
            options += " BODY=8BITMIME"
        return (
            f"MAIL FROM:<{letter.sender}>{options}\r\n".encode("ascii"),
            f"RCPT TO:<{letter.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        )

    def _reset(self, takes_content: bool) -> Generator[None, Reply, None]:
        """Leave a refused letter behind. A server that wants its content nevertheless gets none (RFC 2920, 3.1)."""
        try:
            if takes_content:
                self.write(b".\r\n")
                yield
            self.write(b"RSET\r\n")
            yield
        except ERRORS:
            self.is_over = True


def _with_dots_doubled(content: bytes) -> bytes:
    return (b"." if content.startswith(b".") else b"") + content.replace(b"\r\n.", b"\r\n..")


def words_of(error: Exception) -> str:
    """The server's own words, else what went wrong, in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return _text(error.smtp_code, words if isinstance(words, bytes) else str(words).encode())
    if _is_silence(error):
        return SILENT
    if isinstance(error, socket.gaierror):
        return f"The server’s name cannot be found: {error.strerror}."
    if isinstance(error, ConnectionRefusedError):
        return "The server refused the connection."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The server’s certificate is not trusted: {error.verify_message.rstrip('.')}."
    if isinstance(error, ssl.SSLError):
        return f"No encrypted connection could be made: {(error.reason or str(error)).replace('_', ' ').lower()}."
    return str(error) or type(error).__name__


def _refused(code: int, words: bytes) -> Result:
    if code >= 500 and _NO_SUCH_ADDRESS.match(words):
        return Result("bounced", reason=_text(code, words))
    return Result("failed", reason=_text(code, words), temporary=400 <= code < 500)


def _text(code: int, words: bytes) -> str:
    return " ".join(f"{code} {words.decode('utf-8', 'replace')}".split())


def _is_silence(error: BaseException) -> bool:
    # Python's client says "disconnected" where a read timed out, and keeps the cause.
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
