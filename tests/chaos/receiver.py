"""A mail server that writes every mail's Message-ID down before it says that it took the mail.

`python -m tests.chaos.receiver RECEIVED` prints its port, and adds one line to the file RECEIVED for each mail.
"""

import os
import sys

from tests import mail_sink


def serve(path: str) -> None:
    received = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write_down(mail: bytes) -> None:
        start = mail.lower().index(b"message-id:") + 11
        os.write(received, mail[start : mail.index(b"\r\n", start)].strip() + b"\n")

    def say(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    mail_sink.serve(write_down, say)


if __name__ == "__main__":
    serve(sys.argv[1])
