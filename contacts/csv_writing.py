"""Writes rows of CSV files that are safe to open: no cell runs as a formula."""

import csv
import io
import re
from collections.abc import Sequence

# What begins a formula, also as East Asian keyboards write it. Where a spreadsheet takes another separator than ours,
# or reads quotes in the midst of a line as letters, a cell may begin behind any of these.
_FORMULA = "=+@＝＋－＠-"
_RISKY = re.compile(rf"""(\A(?=[\t\r\n])|(?:\A|[,;|"\t\r\n])(?=[{_FORMULA}]))""")
_GUARDED = re.compile(rf"""(\A|[,;|"\t\r\n])'(?=[{_FORMULA}])""")


def line(cells: Sequence[str]) -> str:
    """One row. What a spreadsheet would run as a formula gets an apostrophe in front; importing takes it off."""
    out = io.StringIO()
    csv.writer(out).writerow([_RISKY.sub(r"\1'", cell) for cell in cells])
    return out.getvalue()


def unguarded(cell: str) -> str:
    """A cell of a file of ours without those apostrophes."""
    return _GUARDED.sub(r"\1", cell) if "'" in cell else cell


def is_guarded(cell: str) -> bool:
    return "'" in cell and _GUARDED.search(cell) is not None


def plain_line(cells: Sequence[str]) -> str:
    """One row, as it is."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
