"""Cuts a file into pieces of rows that are merged at once, each read and cleaned without a database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contacts.attributes.defining import Definitions
from contacts.cleaning import Errors
from contacts.imports import csv_columns
from contacts.imports.csv_reading import Block, Reader, Row
from contacts.models import CsvImport

# A piece is so many rows, or fewer where they are long.
PIECE = 3_000
PIECE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that are merged at once, cleaned, where they begin in the file and how far they reach."""

    size: int
    numbers: Sequence[int]
    rows: list[list[str]]
    cleaned: csv_columns.Cleaned
    refused: list[tuple[Row, str]]
    begins: int
    ends: int
    lines: int

    def row(self, index: int) -> Row:
        """The row that the batch has at `index`."""
        place = self.cleaned.places[index]
        return Row(self.numbers[place], self.rows[place])


def pieces(file: CsvImport, supply: Iterable[bytes], end: int, defined: Definitions) -> Iterator[Piece]:
    """Those between where the file has got to and `end`, where a row begins or the file ends."""
    reader = Reader(supply, file.encoding, file.delimiter, file.offset, file.lines_read)
    try:
        while (begun := reader.offset) < end:
            block = reader.block(PIECE, min(PIECE_BYTES, end - begun))
            if reader.offset == begun:
                raise EOFError(f"The bytes of import {file.pk} end at {begun}, and there should be {file.size}.")
            yield _piece(file, block, begun, reader, defined)
    finally:
        reader.close()


def _piece(file: CsvImport, block: Block, begun: int, reader: Reader, defined: Definitions) -> Piece:
    refused = [(row, row.problem) for row in block.broken]
    rows, numbers, width = block.rows, block.lines, len(file.headers)
    if rows and max(map(len, rows)) > width:
        ragged = {place for place, cells in enumerate(rows) if any(map(str.strip, cells[width:]))}
        refused += [(Row(numbers[place], rows[place]), _ragged(rows[place], width)) for place in sorted(ragged)]
        numbers = [number for place, number in enumerate(numbers) if place not in ragged]
        rows = [cells[:width] for place, cells in enumerate(rows) if place not in ragged]
    cleaned = csv_columns.clean(rows, file.mapping, file.options.get("country", ""), defined)
    refused += [(Row(numbers[place], rows[place]), sentence(errors)) for place, errors in cleaned.errors.items()]
    cleaned.batch.get_ready()
    return Piece(block.size, numbers, rows, cleaned, refused, begun, reader.offset, reader.lines)


def _ragged(cells: list[str], width: int) -> str:
    return f"This row has {len(cells)} cells, and there are only {width} headers."


def sentence(errors: Errors) -> str:
    """All that is wrong with a row, on one line."""
    return " ".join(
        " ".join(sentences) if name == "detail" else f"{name}: {' '.join(sentences)}"
        for name, sentences in errors.items()
    )
