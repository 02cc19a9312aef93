"""Parses the parts of an Excel workbook, without trust, and keeps its texts outside of memory."""

import os
import tempfile
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Self
from xml.parsers import expat

from contacts.imports.csv_sniffing import Unreadable

LONGEST_TEXT = 40_000
DEEPEST = 100
# So many texts are written and read at once, and so many bytes of those that were read are remembered.
BLOCK, REMEMBERED = 64, 128 * 1024


class Texts:
    """Gathers the texts of elements such as `si`, but not how they are pronounced."""

    def __init__(self, name: str, take: Callable[[str], None]) -> None:
        self._name, self._take = name, take
        self._parts: list[str] = []
        self._length = 0
        self._open = self._aside = False

    def __call__(self, name: str, given: dict[str, str]) -> None:
        if name == self._name:
            self._parts, self._length = [], 0
        elif name == "t":
            self._open = not self._aside
        elif name == "rPh":
            self._aside = True

    def data(self, text: str) -> None:
        if self._open and self._length < LONGEST_TEXT:
            self._parts.append(text)
            self._length += len(text)

    def end(self, name: str) -> None:
        if name == "t":
            self._open = False
        elif name == "rPh":
            self._aside = False
        elif name == self._name:
            self._take("".join(self._parts))


def parsed(
    pieces: Iterable[bytes] | None,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> Any:
    """Tell of the elements of a part, by their names without a prefix; without pieces, a parser that is to be fed."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0

    def begun(name: str, given: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise Unreadable("This Excel workbook is nested deeper than any that Excel writes. Save it as CSV first.")
        start(name if ":" not in name else name.rpartition(":")[2], given)

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        if closing is not None:
            closing(name if ":" not in name else name.rpartition(":")[2])

    closing = end or getattr(start, "end", None)
    parser.StartElementHandler, parser.EndElementHandler = begun, ended
    parser.CharacterDataHandler = getattr(start, "data", None)
    # Entities can make much of little, and reach for files; workbooks have none.
    parser.StartDoctypeDeclHandler = _refuse
    if pieces is not None:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    return parser


def _refuse(*_: Any) -> None:
    raise Unreadable("This Excel workbook declares a document type, which none does that Excel writes.")


class Strings:
    """A list of texts, kept in a file that goes by itself; memory holds where they are, and those that were asked for
    lately, a block of neighbours at a time. XML has no NUL, so that one parts them."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - see `__exit__`
        self._written: list[str] = []
        self._ends = array("Q", [0])
        self._read: OrderedDict[int, list[str]] = OrderedDict()
        self._remembered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._file.close()

    def append(self, text: str) -> None:
        self._written.append(text)
        if len(self._written) == BLOCK:
            self._write()

    def complete(self) -> None:
        """Nothing comes after this; now texts can be had."""
        if self._written:
            self._write()
        self._file.flush()

    def __getitem__(self, index: int) -> str:
        """ "" where there is none."""
        number, place = divmod(index, BLOCK)
        block = self._read.get(number)
        if block is not None:
            self._read.move_to_end(number)
        elif number < len(self._ends) - 1:
            block = self._read_again(number)
        return block[place] if block and place < len(block) else ""

    def _write(self) -> None:
        self._ends.append(self._ends[-1] + self._file.write("\0".join(self._written).encode("utf-8", "replace")))
        self._written = []

    def _read_again(self, number: int) -> list[str]:
        begin, end = self._ends[number], self._ends[number + 1]
        self._remembered += end - begin
        while self._read and self._remembered > REMEMBERED:
            oldest, _ = self._read.popitem(last=False)
            self._remembered -= self._ends[oldest + 1] - self._ends[oldest]
        block = self._read[number] = os.pread(self._file.fileno(), end - begin, begin).decode().split("\0")
        return block
