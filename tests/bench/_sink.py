"""A mail server that keeps nothing but a count: the other end of the sender's bench."""

import multiprocessing
from typing import Any

from tests import mail_sink


def _serve(port: Any, taken: Any) -> None:
    def count(mail: bytes) -> None:
        taken.value += 1

    mail_sink.serve(count, port.send)


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
