"""Reads rows out of CSV files as they come: any encoding, any delimiter, broken quotes and all, in flat memory."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf

# A row longer than this is taken for a quote that was never closed.
LONGEST_ROW = 2 * 1024 * 1024
# Where a row may end after its beginning, and how long a line and a piece of the file may be on top of that.
FARTHEST = 3 * LONGEST_ROW
# The standard library's own limit counts letters of one cell; ours, which also bounds rows, comes first.
csv.field_size_limit(2 * LONGEST_ROW)

# What bytes become that mean nothing in the encoding.
_ESCAPED = re.compile("[\udc80-\udcff]")
UNREADABLE = "This row cannot be read as {encoding}."
BROKEN = "The quotes in this row do not match, or it is longer than 2 MB."
BROKEN_BY_RETURN = "A cell in this row holds a carriage return, and no quotes around it."


@dataclass(slots=True)
class Row:
    """One row: where it begins (from line 1), its cells, and why it cannot be used ("" when it can)."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(slots=True)
class Block:
    """Rows that were read at once: where each begins, its cells, and those that cannot be used."""

    lines: Sequence[int]
    rows: list[list[str]]
    broken: list[Row]

    @property
    def size(self) -> int:
        return len(self.rows) + len(self.broken)


class _TooLong(Exception):
    pass


class Reader:
    """Iterates over rows; between two of them, `offset` and `lines` say how much of the file has been read."""

    def __init__(self, pieces: Iterable[bytes], encoding: str, delimiter: str, offset: int = 0, lines: int = 0) -> None:
        self.offset, self.lines = offset, lines
        self._encoding = encoding
        self._waiting: deque[bytes] = deque()
        self._lines = _split(pieces)
        self._taken: list[bytes] = []
        self._size = 0
        self._rows: Iterator[list[str]] = csv.reader(self._feed(), delimiter=delimiter, strict=True)
        self._delimiter = delimiter

    def __iter__(self) -> Iterator[Row]:
        return self.rows(inf)

    def rows(self, end: float) -> Iterator[Row]:
        """Those that begin before `end`, empty ones left out. No more than FARTHEST bytes after it are looked at."""
        while self.offset < end:
            self._taken, self._size = [], 0
            line = self.lines + 1
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except (csv.Error, _TooLong):
                yield self._broken(line)
                continue
            if any(map(str.strip, cells)):
                unreadable = not all(map(str.isascii, cells)) and _ESCAPED.search("".join(cells))
                yield Row(line, cells, UNREADABLE.format(encoding=self._encoding) if unreadable else "")

    def block(self, most: int, size: int) -> Block:
        """The next rows, at most so many, and no more once so many bytes were read.

        Where no row is broken and each is a line of its own, this takes a quarter of the time of one by one.
        """
        return self._plain(most, size) or self._one_by_one(self.offset + size, most)

    def _one_by_one(self, end: float, most: int) -> Block:
        found = list(islice(self.rows(end), most))
        good = [row for row in found if not row.problem]
        return Block([row.line for row in good], [row.cells for row in good], [row for row in found if row.problem])

    def _plain(self, most: int, size: int) -> Block | None:
        taken: list[bytes] = []
        length = 0
        while len(taken) < most and length < size:
            raw = self._waiting.popleft() if self._waiting else next(self._lines, None)
            if raw is None:
                break
            taken.append(raw)
            length += len(raw)
        text = b"".join(taken).decode(self._encoding, "surrogateescape")
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        rows: list[list[str]] = []
        if length <= LONGEST_ROW and len(lines) == len(taken) and (text.isascii() or not _ESCAPED.search(text)):
            try:
                rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
            except csv.Error:
                rows = []
        if len(rows) != len(lines):  # or a row goes on in the next line
            self._waiting.extendleft(reversed(taken))
            return None
        first = self.lines + 1
        self.offset, self.lines = self.offset + length, self.lines + len(taken)
        numbers: Sequence[int] = range(first, first + len(rows))
        if any(not row or not (row[0].strip() or any(map(str.strip, row))) for row in rows):
            numbers = [number for number, row in zip(numbers, rows, strict=True) if any(map(str.strip, row))]
            rows = [row for row in rows if any(map(str.strip, row))]
        return Block(numbers, rows, [])

    def close(self) -> None:
        """Let go of the file at once: reader and rows hold on to each other, with a megabyte or two."""
        self._rows, self._lines, self._taken = iter(()), iter(()), []
        self._waiting.clear()

    def _feed(self) -> Iterator[str]:
        while True:
            raw = self._waiting.popleft() if self._waiting else next(self._lines, None)
            if raw is None:
                return
            self._taken.append(raw)
            self._size += len(raw)
            self.offset += len(raw)
            self.lines += 1
            if self._size > LONGEST_ROW:
                raise _TooLong
            # Bytes that mean nothing in the encoding become lone surrogates, which no text has.
            yield raw.decode(self._encoding, "surrogateescape")

    def _broken(self, line: int) -> Row:
        """Give up on the line where the row began, and go on with the next: one bad quote must not eat the file."""
        first, *rest = self._taken
        self._waiting.extendleft(reversed(rest))
        self.offset -= sum(map(len, rest))
        self.lines -= len(rest)
        # A generator that raised is finished, and so is the reader above it.
        self._rows = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        text = first.decode(self._encoding, "replace").strip()
        # The carriage return is in the way unless the row goes on for long, by an open quote.
        alone = b"\r" in first.rstrip(b"\r\n") and self._size <= len(first)
        return Row(line, [text[:10_000]], BROKEN_BY_RETURN if alone else BROKEN)


def _split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends. What goes on for very long without an end is cut."""
    rest = b""
    for piece in pieces:
        rest += piece
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line + b"\n"
        if len(rest) > LONGEST_ROW:
            yield rest
            rest = b""
    if rest:
        yield rest
