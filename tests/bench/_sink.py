"""A mail server that keeps nothing but a count: the other end of the sender's bench.

It looks at content for nothing but its end, so that it costs a fraction of what the cheapest client does. With a delay
it answers as a server far away: everything that was said at once is answered at once, that much later.
"""

import multiprocessing
import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from typing import Any

END = b"\r\n.\r\n"


class _Session:
    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.rest = b""
        self.in_data = False

    def answers(self, data: bytes) -> tuple[bytes, int]:
        """What to say to the bytes that came, and how many mails ended in them."""
        data, position, said, mails = self.rest + data, 0, [], 0
        while True:
            end = data.find(END if self.in_data else b"\r\n", position)
            if end < 0:
                break
            if self.in_data:
                self.in_data, position, mails = False, end + 5, mails + 1
                said.append(b"250 taken\r\n")
                continue
            command, position = data[position : position + 4].upper(), end + 2
            if command == b"DATA":
                self.in_data = True
                said.append(b"354 go on\r\n")
            elif command == b"EHLO":
                said.append(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            else:
                said.append(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")
        self.rest = data[max(position, len(data) - 4) if self.in_data else position :]
        return b"".join(said), mails


def _serve(port: Any, taken: Any, delay: float) -> None:
    selector = selectors.DefaultSelector()
    late: deque[tuple[float, socket.socket, bytes]] = deque()

    def say(line: socket.socket, words: bytes) -> None:
        if delay:
            late.append((time.monotonic() + delay, line, words))
        else:
            _say(line, words)

    with socket.create_server(("127.0.0.1", 0), backlog=500) as listening:
        selector.register(listening, selectors.EVENT_READ)
        port.send(listening.getsockname()[1])
        while True:
            wait = max(late[0][0] - time.monotonic(), 0) if late else None
            for key, _ in selector.select(wait):
                if key.data is None:
                    line, _ = listening.accept()
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(line, selectors.EVENT_READ, _Session(line))
                    say(line, b"220 sink\r\n")
                    continue
                data = _heard(key.data.line)
                if not data:
                    selector.unregister(key.data.line)
                    key.data.line.close()
                    continue
                words, mails = key.data.answers(data)
                taken.value += mails
                if words:
                    say(key.data.line, words)
            while late and late[0][0] <= time.monotonic():
                _say(*late.popleft()[1:])


def _heard(line: socket.socket) -> bytes:
    try:
        return line.recv(1 << 18)
    except OSError:
        return b""


def _say(line: socket.socket, words: bytes) -> None:
    with suppress(OSError):  # who has hung up needs no answer
        line.sendall(words)


class Sink:
    """`with Sink() as sink`: `sink.port`, and `sink.taken` messages so far. `delay`: seconds before each answer."""

    def __init__(self, delay: float = 0) -> None:
        self.delay = delay

    def __enter__(self) -> "Sink":
        # Spawned, so that it shares no database connection with the bench.
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._taken = context.Value("q", 0, lock=False)
        self._process = context.Process(target=_serve, args=(there, self._taken, self.delay), daemon=True)
        self._process.start()
        self.port: int = here.recv()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def taken(self) -> int:
        return self._taken.value

    def cpu_seconds(self) -> float:
        """What the sink has cost so far; 0 where nobody tells."""
        with suppress(OSError), open(f"/proc/{self._process.pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9
        return 0.0
