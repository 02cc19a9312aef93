"""Keeps several requests to one service in the air at once, each over a line of its own that stays open."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, TypeVar

from campaigns.providers.base import Outgoing, Result

Line = TypeVar("Line")
Unit = Sequence[Outgoing]


class Crew(Generic[Line]):
    """`open_line` makes what one thread speaks through; `hand_over` hands over what goes in one request, and returns a
    result for each of its messages."""

    def __init__(
        self,
        size: int,
        open_line: Callable[[], Line],
        close_line: Callable[[Line], None],
        hand_over: Callable[[Line, Unit], list[Result]],
    ) -> None:
        self._open_line, self._close_line, self._hand_over = open_line, close_line, hand_over
        self._size = size
        self._own = threading.local()
        self._lines: list[Line] = []
        self._pool: ThreadPoolExecutor | None = None

    def send(self, units: Sequence[Unit]) -> list[list[Result]]:
        """Of each unit its results. After an outage nothing more is handed over: each try may last a timeout."""
        down: list[str] = []

        def work(unit: Unit) -> list[Result]:
            if down:
                return [Result("failed", reason=down[0], temporary=True, outage=True) for _outgoing in unit]
            results = self._hand_over(self._line(), unit)
            down.extend(result.reason for result in results if result.outage)
            return results

        # One request needs no threads, and the first of many finds out whether the service can be used at all.
        first = [work(unit) for unit in units[:1]]
        rest = units[1:]
        if len(rest) <= 1 or self._size == 1:
            return first + [work(unit) for unit in rest]
        return first + list(self._threads().map(work, rest))

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown()
        for line in self._lines:
            with suppress(Exception):  # The other side may be gone long since.
                self._close_line(line)

    def _line(self) -> Line:
        line: Line | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = self._open_line()
            self._lines.append(line)
        return line

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._size, "provider")
        return self._pool


def units_of(batch: Sequence[Outgoing], size: int, key: Callable[[Outgoing], Any] | None = None) -> Iterator[list[int]]:
    """The places of a batch, at most `size` in one request; with `key`, only such as agree in it together."""
    groups: dict[Any, list[int]] = {}
    for place, outgoing in enumerate(batch):
        groups.setdefault(key(outgoing) if key else None, []).append(place)
    for places in groups.values():
        for start in range(0, len(places), size):
            yield places[start : start + size]
