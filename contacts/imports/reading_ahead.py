"""Prepares a piece of a file in a thread while the database is busy with the piece before."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Prepared = TypeVar("Prepared")
_END: Any = object()


def one_ahead(steps: Iterator[Prepared], before: Callable[[], None]) -> Generator[Prepared, None, None]:
    """What the steps yield, each prepared while the caller uses the one before.

    Steps run in a thread and must not touch the database, whose connection belongs to the caller's thread. There,
    `before` is called ahead of each step.
    """
    with ThreadPoolExecutor(1) as thread:
        before()
        coming = thread.submit(next, steps, _END)
        while (prepared := coming.result()) is not _END:
            before()
            coming = thread.submit(next, steps, _END)
            yield prepared


class Supply:
    """Iterates over bytes that were read beforehand: as many as `enough` after each `fill`, where there are so many."""

    def __init__(self, pieces: Iterable[bytes], enough: int) -> None:
        self._pieces, self._enough = iter(pieces), enough
        self._ahead: deque[bytes] = deque()

    def fill(self) -> None:
        while sum(map(len, self._ahead)) < self._enough and (piece := next(self._pieces, b"")):
            self._ahead.append(piece)

    def __iter__(self) -> Iterator[bytes]:
        while self._ahead:
            yield self._ahead.popleft()
