"""A mail server that writes every mail's Message-ID down before it says that it took the mail, or has its moods.

`python -m tests.chaos.receiver RECEIVED [--address ADDRESS] [--moods SEED]` prints its port, and adds one line to the
file RECEIVED for each mail. With moods, it now and then hangs, turns a connection or a mail away, or drops the
connection after DATA: before or after it took the mail in.
"""

import argparse
import os
import random
import sys
from collections.abc import Callable

from tests.mail_sink import Session, Take, serve

# One of so many connections, and one of so many mails, goes wrong in each of the ways.
CONNECTIONS, MAILS = 12, 700


def moody(chance: random.Random) -> Callable[[Take], Session]:
    def mood(of: int, *moods: str) -> str:
        lot = chance.randrange(of)
        return moods[lot] if lot < len(moods) else ""

    class Moody(Session):
        def greet(self) -> None:
            match mood(CONNECTIONS, "hangs", "refuses"):
                case "hangs":
                    self.hangs = True
                case "refuses":
                    self.transport.write(b"421 too busy\r\n")
                    self.transport.close()
                case _:
                    super().greet()

        def receive(self, mail: bytes) -> None:
            match mood(MAILS, "not now", "drops it", "drops the answer", "says nothing"):
                case "not now":
                    self.transport.write(b"451 not now\r\n")
                case "drops it":
                    self.transport.abort()
                case "drops the answer":
                    self.take(mail)
                    self.transport.abort()
                case "says nothing":
                    self.take(mail)
                    self.hangs = True
                case _:
                    super().receive(mail)

    return Moody


def main(given: argparse.Namespace) -> None:
    received = os.open(given.received, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write_down(mail: bytes) -> None:
        start = mail.lower().index(b"message-id:") + 11
        os.write(received, mail[start : mail.index(b"\r\n", start)].strip() + b"\n")

    def say(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    session = Session if given.moods is None else moody(random.Random(given.moods))
    serve(write_down, say, session, given.address)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("received")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--moods", type=int)
    main(parser.parse_args())
