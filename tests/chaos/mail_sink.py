"""An SMTP server that takes every mail and writes its Message-ID down before it says so, unless it is in a bad mood.

`python -m tests.chaos.mail_sink RECEIVED [--address ADDRESS] [--moods SEED]` prints its port, and adds one line to the
file RECEIVED for each mail. With moods, it now and then hangs, turns a connection or a mail away, or drops the
connection after DATA: before or after it took the mail in.
"""

import argparse
import asyncio
import os
import random
import sys

# One of so many connections or mails goes wrong in each of the ways. The first few go well.
CONNECTIONS, MAILS = 12, 700


class Session(asyncio.Protocol):
    """One connection. Whoever is killed in the middle of a mail has not handed it over."""

    def __init__(self, received: int, chance: random.Random | None) -> None:
        self.received, self.chance = received, chance
        self.rest = b""
        self.in_data = self.hangs = False

    def mood(self, of: int, *moods: str) -> str:
        """One of the moods, each once in so many times; else none."""
        lot = self.chance.randrange(of) if self.chance else of
        return moods[lot] if lot < len(moods) else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        match self.mood(CONNECTIONS, "hangs", "refuses"):
            case "hangs":
                self.hangs = True
            case "refuses":
                transport.write(b"421 too busy\r\n")
                transport.close()
            case _:
                transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while not self.hangs and not self.transport.is_closing():
            end = self.rest.find(b"\r\n.\r\n" if self.in_data else b"\r\n")
            if end < 0:
                return
            if self.in_data:
                mail, self.rest, self.in_data = self.rest[:end], self.rest[end + 5 :], False
                self.take(mail)
            else:
                line, self.rest = self.rest[:end].upper(), self.rest[end + 2 :]
                self.answer(line)

    def take(self, mail: bytes) -> None:
        mood = self.mood(MAILS, "not now", "drops it", "drops the answer", "says nothing")
        if mood not in ("not now", "drops it"):
            start = mail.lower().index(b"message-id:") + 11
            os.write(self.received, mail[start : mail.index(b"\r\n", start)].strip() + b"\n")
        if mood == "says nothing":
            self.hangs = True
        elif mood.startswith("drops"):
            self.transport.abort()
        else:
            self.transport.write(b"451 not now\r\n" if mood else b"250 taken\r\n")

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


async def serve(path: str, address: str, seed: int | None) -> None:
    received = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    chance = None if seed is None else random.Random(seed)
    server = await asyncio.get_running_loop().create_server(lambda: Session(received, chance), address, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("received")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--moods", type=int)
    given = parser.parse_args()
    asyncio.run(serve(given.received, given.address, given.moods))
