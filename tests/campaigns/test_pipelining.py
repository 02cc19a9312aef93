"""What leaves in one write where the server takes several commands at once, and what servers may make of that."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from campaigns.providers._smtp_line import Line
from campaigns.providers._smtp_session import Letter

GREETING = ["220 here", "250-here\r\n250 PIPELINING"]
TAKES = ["250 ok", "250 ok", "354 go on"]


class Server:
    """Answers each command or content with the next words of its script, and closes the line at its end."""

    def __init__(self, *scripts: list[str]) -> None:
        self.scripts = scripts
        self.heard: list[bytes] = []
        self.writes: list[bytes] = []


@contextmanager
def serving(*scripts: list[str]) -> Iterator[tuple[Server, Line]]:
    server = Server(*scripts)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(server, listening))
        thread.start()
        line = Line("127.0.0.1", listening.getsockname()[1], "none", "", "", 5)
        try:
            yield server, line
        finally:
            line.close()
            thread.join()


def _serve(server: Server, listening: socket.socket) -> None:
    for script in server.scripts:
        connection, _ = listening.accept()
        with connection:
            rest, in_data = b"", False
            connection.sendall(f"{GREETING[0]}\r\n".encode())
            for answer in [GREETING[1], *script]:
                end = b"\r\n.\r\n" if in_data and not rest.startswith(b".\r\n") else b"\r\n"
                while end not in rest:
                    got = connection.recv(100_000)
                    if not got:
                        return
                    server.writes.append(got)
                    rest += got
                    if in_data and rest.startswith(b".\r\n"):
                        end = b"\r\n"
                heard, rest = rest.split(end, 1)
                server.heard.append(heard)
                in_data = answer.startswith("354")
                connection.sendall(f"{answer}\r\n".encode())


def letters(*names: str) -> list[Letter]:
    return [Letter("shop@x.example", f"{name}@x.example", b"A: b\r\n\r\n.hi\r\n", f"<{name}>") for name in names]


def states(line: Line, *names: str) -> list[tuple[str, str, bool]]:
    return [(result.state, result.reason, result.temporary) for result in line.send(letters(*names))]


SENT = ("sent", "", False)


def test_a_mail_and_the_commands_of_the_next_one_leave_in_one_write() -> None:
    with serving([*TAKES, "250 taken", *TAKES, "250 taken", "221 bye"]) as (server, line):
        assert states(line, "ann", "bo") == [SENT, SENT]
    commands = b"MAIL FROM:<shop@x.example>\r\nRCPT TO:<%b@x.example>\r\nDATA\r\n"
    content = b"A: b\r\n\r\n..hi\r\n.\r\n"
    assert server.writes[1:4] == [commands % b"ann", content + commands % b"bo", content]


def test_a_server_that_wants_the_content_of_a_refused_mail_gets_an_empty_one() -> None:
    script = ["250 ok", "550 gone", "354 go on", "554 nobody to send it to", "250 reset", *TAKES, "250 taken"]
    with serving(script) as (server, line):
        assert states(line, "ann", "bo") == [("failed", "550 gone", False), SENT]
    assert server.heard[4:6] == [b".", b"RSET"]


def test_a_refused_envelope_keeps_its_first_words() -> None:
    script = ["451 not now", "503 no sender", "503 no recipient", "250 reset", *TAKES, "250 taken"]
    with serving(script) as (_server, line):
        assert states(line, "ann", "bo") == [("failed", "451 not now", True), SENT]


def test_a_refused_content_does_not_touch_the_next_mail_that_is_announced_already() -> None:
    with serving([*TAKES, "554 spam", *TAKES, "250 taken"]) as (_server, line):
        assert states(line, "ann", "bo") == [("failed", "554 spam", False), SENT]


def test_a_server_that_has_enough_while_a_mail_is_announced_gets_it_over_another_line() -> None:
    first = [*TAKES, "250 taken", "250 ok", "421 enough"]
    with serving(first, [*TAKES, "250 taken", *TAKES, "250 taken"]) as (server, line):
        assert states(line, "ann", "bo", "cy") == [SENT, SENT, SENT]
    assert [heard for heard in server.heard if b"..hi" in heard] == [b"A: b\r\n\r\n..hi"] * 3


def test_a_line_lost_after_the_content_leaves_one_mail_unknown_and_the_announced_one_goes_over_another() -> None:
    with serving(TAKES, [*TAKES, "250 taken"]) as (_server, line):
        (first, _, _), second = states(line, "ann", "bo")
    assert (first, second) == ("unknown", SENT)


def test_a_line_lost_after_a_refusal_is_still_a_refusal() -> None:
    with serving(["550 we do not know you"], [*TAKES, "250 taken"]) as (_server, line):
        assert states(line, "ann", "bo") == [("failed", "550 we do not know you", False), SENT]


def test_a_line_that_is_lost_twice_before_the_content_is_a_temporary_failure() -> None:
    with serving([*TAKES, "250 taken", "250 ok"], ["250 ok"], [*TAKES, "250 taken"]) as (_server, line):
        first, (state, _, temporary), last = states(line, "ann", "bo", "cy")
    assert (first, state, temporary, last) == (SENT, "failed", True, SENT)
