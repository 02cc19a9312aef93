"""Mails that leave over several connections at once, and what servers may do to one of them."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from campaigns.providers._smtp_line import AT_ONCE, Line
from campaigns.providers._smtp_session import Letter
from campaigns.providers.base import Result
from tests import mail_sink


class Server:
    """Takes mails; `mood` is told of each connection as it is made, and may change how that one behaves."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.taken: list[bytes] = []
        self.sessions: list[Moody] = []
        self.mood: Callable[[Moody], None] = lambda session: None


class Moody(mail_sink.Session):
    delay = 0.0  # seconds before each answer
    pipelines = True
    closed_at_mail: int | None = None  # hangs up as it takes the content of its nth mail
    hangs_at_mail: int | None = None  # takes the content of its nth mail and says nothing more
    farewell_at: bytes | None = None  # the command that it answers by 421
    greeting = b"220 sink\r\n"

    def __init__(self, server: Server) -> None:
        super().__init__(server.taken.append)
        self.server, self.number, self.mails = server, len(server.sessions), 0
        server.sessions.append(self)
        server.mood(self)

    def say(self, words: bytes) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, words)
        else:
            self.transport.write(words)

    def greet(self) -> None:
        self.say(self.greeting)
        if not self.greeting.startswith(b"220"):
            self.transport.close()

    def receive(self, mail: bytes) -> None:
        self.mails += 1
        self.take(mail)
        if self.mails == self.closed_at_mail:
            self.transport.abort()
        elif self.mails == self.hangs_at_mail:
            self.hangs = True
        else:
            self.say(b"250 taken\r\n")

    def _answer(self, line: bytes) -> None:
        if self.farewell_at and line.startswith(self.farewell_at):
            self.say(b"421 enough\r\n")
            self.transport.close()
        elif line.startswith(b"EHLO"):
            self.say(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n" if self.pipelines else b"250 sink\r\n")
        elif line == b"DATA":
            self.in_data = True
            self.say(b"354 go on\r\n")
        elif line == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.say(b"250 ok\r\n")


@contextmanager
def serving(mood: Callable[[Moody], None], connections: int, timeout: float = 5) -> Iterator[tuple[Server, Line]]:
    server = Server()
    loop, server.mood = server.loop, mood
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: Moody(server), "127.0.0.1", 0)

    async def stop() -> None:
        listening.close()
        for session in server.sessions:
            session.transport.abort()

    listening = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    port = listening.sockets[0].getsockname()[1]
    line = Line("127.0.0.1", port, "none", "", "", timeout, connections)
    try:
        yield server, line
    finally:
        line.close()
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def letters(n: int) -> list[Letter]:
    return [Letter("shop@x.example", f"c{i}@x.example", f"X: {i}\r\n\r\n.hi\r\n".encode(), f"<{i}>") for i in range(n)]


def arrived(server: Server) -> Counter[int]:
    """How often the server has the content of each letter."""
    return Counter(int(re.match(rb"X: (\d+)", mail)[1]) for mail in server.taken)  # type: ignore[index]


def exact(server: Server, results: list[Result]) -> Counter[str]:
    """What the results say is what the server has; returns how many of each state there are."""
    taken = arrived(server)
    assert max(taken.values()) == 1
    for i, result in enumerate(results):
        if result.state == "sent":
            assert result.provider_message_id == f"<{i}>"
            assert taken[i] == 1
        elif result.state == "failed":
            assert taken[i] == 0
    return Counter(result.state for result in results)


def far_away(session: Moody) -> None:
    session.delay = 0.02


def test_a_server_far_away_gets_as_many_connections_as_the_account_allows() -> None:
    with serving(far_away, connections=16) as (server, line):
        assert exact(server, line.send(letters(400))) == {"sent": 400}
        assert len(server.sessions) == 16
        assert line.send([]) == []
        line.send([Letter("a@x.example", "b@x.example", b"X: 1000\r\n\r\n", "<1000>")])
        assert len(server.sessions) == 16  # they are kept
    assert sum(session.mails for session in server.sessions) == 401


def test_an_account_that_allows_one_connection_gets_one() -> None:
    with serving(far_away, connections=1) as (server, line):
        assert exact(server, line.send(letters(20))) == {"sent": 20}
    assert len(server.sessions) == 1


def test_a_few_mails_are_not_worth_a_second_connection() -> None:
    with serving(far_away, connections=16) as (server, line):
        assert exact(server, line.send(letters(5))) == {"sent": 5}
    assert len(server.sessions) == 1


def test_a_server_that_takes_one_command_at_a_time_is_spoken_to_over_many_lines_too() -> None:
    def mood(session: Moody) -> None:
        session.delay, session.pipelines = 0.01, False

    with serving(mood, connections=8) as (server, line):
        assert exact(server, line.send(letters(100))) == {"sent": 100}
    assert len(server.sessions) == 8


def test_one_of_many_lines_that_breaks_after_a_content_leaves_one_mail_unknown() -> None:
    def mood(session: Moody) -> None:
        session.delay = 0.01
        session.closed_at_mail = 3 if session.number == 1 else None

    with serving(mood, connections=6) as (server, line):
        assert exact(server, line.send(letters(150))) == {"sent": 149, "unknown": 1}
    assert sum(arrived(server).values()) == 150


def test_a_line_that_breaks_before_a_content_costs_no_mail() -> None:
    def mood(session: Moody) -> None:
        session.delay = 0.01
        session.farewell_at = b"MAIL" if session.number in (2, 3) else None

    with serving(mood, connections=6) as (server, line):
        assert exact(server, line.send(letters(150))) == {"sent": 150}


def test_all_lines_that_break_leave_one_mail_each_unknown() -> None:
    def mood(session: Moody) -> None:
        session.delay, session.closed_at_mail = 0.01, 4

    with serving(mood, connections=4) as (server, line):
        states = exact(server, line.send(letters(90)))
    assert states["unknown"] == sum(session.mails == 4 for session in server.sessions) > 4
    assert states["unknown"] + states["sent"] == 90 == sum(arrived(server).values())


def test_a_server_that_wants_no_more_than_three_connections_keeps_all_mails() -> None:
    def mood(session: Moody) -> None:
        session.delay = 0.01
        session.greeting = b"220 sink\r\n" if session.number < 3 else b"421 too many connections from you\r\n"

    with serving(mood, connections=30) as (server, line):
        assert exact(server, line.send(letters(200))) == {"sent": 200}
        opened = len(server.sessions)
        assert opened < 30
        assert {result.state for result in line.send(letters(100))} == {"sent"}
        assert len(server.sessions) == opened  # it is not asked again for more


def test_a_server_that_takes_content_and_says_nothing_gets_no_more() -> None:
    def mood(session: Moody) -> None:
        session.hangs_at_mail = 5

    with serving(mood, connections=4, timeout=1) as (server, line):
        results = line.send(letters(200))
    states = exact(server, results)
    silent = sum(session.hangs for session in server.sessions)
    assert states == {"sent": 4 * silent, "unknown": silent, "failed": 200 - 5 * silent}
    assert 1 <= silent <= AT_ONCE
    assert {result.reason for result in results if result.state == "failed"} == {"The server did not answer in time."}
    assert all(result.outage for result in results if result.state != "sent")


def test_one_silent_line_does_not_keep_the_others_from_finishing_what_they_have_in_hand() -> None:
    def mood(session: Moody) -> None:
        session.hangs_at_mail = 2 if session.number == 0 else None

    with serving(mood, connections=4, timeout=1) as (server, line):
        states = exact(server, line.send(letters(60)))
    assert states["unknown"] == 1
    assert states["sent"] + states["failed"] == 59


def test_lines_that_the_server_closed_while_they_were_idle_are_opened_again() -> None:
    with serving(far_away, connections=8) as (server, line):
        assert exact(server, line.send(letters(100))) == {"sent": 100}
        for session in server.sessions:
            server.loop.call_soon_threadsafe(session.transport.close)
        assert {result.state for result in line.send(letters(50))} == {"sent"}
    assert sum(arrived(server).values()) == 150
