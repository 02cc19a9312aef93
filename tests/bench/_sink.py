"""An SMTP server that takes everything and keeps nothing but a count: the other end of the sender's bench."""

import asyncio
import multiprocessing
from typing import Any


class _Session(asyncio.Protocol):
    """One connection: answers every line at once, and everything up to the lone dot as one message."""

    def __init__(self, taken: Any) -> None:
        self.taken = taken
        self.rest = b""
        self.in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while True:
            end = self.rest.find(b"\r\n.\r\n" if self.in_data else b"\r\n")
            if end < 0:
                return
            if self.in_data:
                self.rest, self.in_data = self.rest[end + 5 :], False
                self.taken.value += 1
                self.transport.write(b"250 taken\r\n")
                continue
            line, self.rest = self.rest[:end].upper(), self.rest[end + 2 :]
            self._answer(line)

    def _answer(self, line: bytes) -> None:
        if line.startswith(b"EHLO"):
            self.transport.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif line == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif line == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 ok\r\n")


def _serve(port: Any, taken: Any) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Session(taken), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class Sink:
    """`with Sink() as sink`: `sink.port`, and `sink.taken` messages so far."""

    def __enter__(self) -> "Sink":
        # Spawned, so that it shares no database connection with the bench.
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._taken = context.Value("q", 0, lock=False)
        self._process = context.Process(target=_serve, args=(there, self._taken), daemon=True)
        self._process.start()
        self.port: int = here.recv()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def taken(self) -> int:
        return self._taken.value
