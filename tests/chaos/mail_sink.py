"""An SMTP server that takes every mail and writes its Message-ID down before it says so.

`python -m tests.chaos.mail_sink RECEIVED` prints its port, and adds one line to the file RECEIVED for each mail.
"""

import asyncio
import os
import sys


class Session(asyncio.Protocol):
    """One connection. Whoever is killed in the middle of a mail has not handed it over."""

    def __init__(self, received: int) -> None:
        self.received = received
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
                mail, self.rest, self.in_data = self.rest[:end], self.rest[end + 5 :], False
                start = mail.lower().index(b"message-id:") + 11
                os.write(self.received, mail[start : mail.index(b"\r\n", start)].strip() + b"\n")
                self.transport.write(b"250 taken\r\n")
            else:
                line, self.rest = self.rest[:end].upper(), self.rest[end + 2 :]
                self.answer(line)

    def answer(self, line: bytes) -> None:
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


async def serve(path: str) -> None:
    received = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    server = await asyncio.get_running_loop().create_server(lambda: Session(received), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
