"""Writes rows of CSV files that are safe to open: no cell runs as a formula."""

import csv
import io
from collections.abc import Sequence


def line(cells: Sequence[str]) -> str:
    """One row. A cell that a spreadsheet would run as a formula gets an apostrophe in front; importing takes it off."""
    out = io.StringIO()
    csv.writer(out).writerow(
        ["'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells]
    )
    return out.getvalue()


def plain_line(cells: Sequence[str]) -> str:
    """One row, as it is."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
