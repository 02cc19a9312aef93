"""The least of all SMTP servers: it takes everything as fast as it comes, and gives each mail to a function."""

import asyncio
from collections.abc import Callable

Take = Callable[[bytes], None]


class Session(asyncio.Protocol):
    """One connection: answers every line at once, and everything up to the lone dot as one mail.

    A mail is taken before that is said. Whoever is killed in the middle of one has not handed it over.
    """

    def __init__(self, take: Take) -> None:
        self.take = take
        self.rest = b""
        self.in_data = False
        self.hangs = False  # says nothing more; for moodier servers than this one

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.greet()

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while not self.hangs and not self.transport.is_closing():
            end = self.rest.find(b"\r\n.\r\n" if self.in_data else b"\r\n")
            if end < 0:
                return
            if self.in_data:
                mail, self.rest, self.in_data = self.rest[:end], self.rest[end + 5 :], False
                self.receive(mail)
            else:
                line, self.rest = self.rest[:end].upper(), self.rest[end + 2 :]
                self._answer(line)

    def greet(self) -> None:
        self.transport.write(b"220 sink\r\n")

    def receive(self, mail: bytes) -> None:
        self.take(mail)
        self.transport.write(b"250 taken\r\n")

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


def serve(
    take: Take,
    listening: Callable[[int], None],
    session: Callable[[Take], Session] = Session,
    address: str = "127.0.0.1",
) -> None:
    """Take mails until the process ends; `listening` is told the port."""

    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: session(take), address, 0)
        listening(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())
