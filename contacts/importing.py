"""Takes the rows of a file in, slice by slice: each slice's contacts and the position in the file commit together."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg.errors
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from contacts import csv_columns, csv_writing, saving
from contacts.cleaning import IDENTIFIERS
from contacts.consent import Proof
from contacts.csv_reading import FARTHEST, Reader, Row
from contacts.defining import Definitions, definitions
from contacts.lanes import nudge
from contacts.models import CsvImport, CsvRefusal
from contacts.profiles import May
from contacts.reading_ahead import Supply, one_ahead
from contacts.uploading import OWNED, pieces_of

logger = logging.getLogger(__name__)
# A slice is one transaction of so many pieces, and a piece is so many rows, or fewer where they are long.
PIECES = 6
PIECE = 5_000
PIECE_BYTES = 2 * 1024 * 1024
State = CsvImport.State


def imports() -> QuerySet[CsvImport]:
    """The files that were uploaded to be imported."""
    return CsvImport.objects.exclude(options__has_key=OWNED)


def confirm(file: CsvImport, mapping: Sequence[str | None], options: dict[str, Any]) -> bool:
    """Let a draft's rows be taken in; False when that was done already. Options: `country`; `basis`, on
    which the file may subscribe people, and `resubscribe`, with it also those who unsubscribed."""
    changed = CsvImport.objects.filter(pk=file.pk, state=State.DRAFT).update(
        state=State.QUEUED, mapping=list(mapping), options=options
    )
    if changed:
        nudge("upkeep")
    return bool(changed)


def identifies(mapping: Sequence[str | None]) -> bool:
    """Whether some column says whom a row is about."""
    return any(name in mapping for name in IDENTIFIERS)


def work(now: datetime) -> bool:
    """Take in one slice of the oldest import that nobody else is at; whether there was one."""
    pk = None
    try:
        with transaction.atomic():
            waiting = CsvImport.objects.filter(state__in=(State.QUEUED, State.RUNNING)).order_by("id")
            file = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if file is None:
                return False
            pk = file.pk
            with connection.cursor() as cursor:
                # Rows and position are one commit: a crash of the database takes back both, and the slice comes again.
                cursor.execute("SET LOCAL synchronous_commit = off")
            _take(file, now)
    except (OperationalError, InterfaceError) as error:
        # The slice was rolled back and comes again: at once if it only got in another's way.
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
    except Exception:
        logger.exception("Import %s failed", pk)
        CsvImport.objects.filter(pk=pk, state__in=(State.QUEUED, State.RUNNING)).update(
            state=State.FAILED, finished_at=now, error="Waypost stumbled over this file. Its log says where."
        )
    return True


def _take(file: CsvImport, now: datetime) -> None:
    """One slice: whatever happens to the process, either all of it is kept or none."""
    supply = Supply(pieces_of(file, file.offset), PIECE_BYTES + FARTHEST)
    with closing(one_ahead(islice(_pieces(file, supply, definitions()), PIECES), supply.fill)) as pieces:
        for piece in pieces:
            _keep(file, piece, now)
    file.state = State.RUNNING
    if file.offset >= file.size:
        file.state, file.finished_at = State.DONE, now
        file.chunks.all().delete()
    file.save()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows that are merged at once, cleaned, and how far they reach in the file."""

    rows: int
    good: list[Row]
    cleaned: csv_columns.Cleaned
    refused: list[tuple[Row, str]]
    offset: int
    lines: int


def _pieces(file: CsvImport, supply: Iterable[bytes], defined: Definitions) -> Iterator[_Piece]:
    reader = Reader(supply, file.encoding, file.delimiter, file.offset, file.lines_read)
    try:
        while (begun := reader.offset) < file.size:
            rows = list(islice(reader.rows(reader.offset + PIECE_BYTES), PIECE))
            if reader.offset == begun:
                raise EOFError(f"The bytes of import {file.pk} end at {begun}, and there should be {file.size}.")
            yield _piece(file, rows, reader.offset, reader.lines, defined)
    finally:
        reader.close()


def _piece(file: CsvImport, rows: list[Row], offset: int, lines: int, defined: Definitions) -> _Piece:
    refused: list[tuple[Row, str]] = []
    good: list[Row] = []
    width = len(file.headers)
    for row in rows:
        problem = row.problem or (len(row.cells) > width and _ragged(row, width))
        if problem:
            refused.append((row, problem))
        else:
            good.append(row)
    cleaned = csv_columns.clean([row.cells for row in good], file.mapping, file.options.get("country", ""), defined)
    refused += [(good[place], _sentence(errors)) for place, errors in cleaned.errors.items()]
    return _Piece(len(rows), good, cleaned, refused, offset, lines)


def _keep(file: CsvImport, piece: _Piece, now: datetime) -> None:
    cleaned, good = piece.cleaned, piece.good
    result = saving.save(cleaned.batch, now, "import", *_consenting(file))
    refused = [
        *piece.refused,
        *((good[cleaned.places[failure.index]], _sentence(failure.errors)) for failure in result.failed),
    ]
    CsvRefusal.objects.bulk_create(
        [
            CsvRefusal(csv_import=file, line=row.line, reason=problem, cells=[_storable(cell) for cell in row.cells])
            for row, problem in sorted(refused, key=lambda pair: pair[0].line)
        ],
        batch_size=1000,
    )
    file.offset, file.lines_read = piece.offset, piece.lines
    file.rows_read += piece.rows
    file.created += result.created
    file.updated += result.updated
    file.unchanged += result.unchanged
    file.refused += len(refused)


def _consenting(file: CsvImport) -> tuple[May, Proof]:
    """How far its rows may widen consent: only on the basis that the operator stated, which is kept as the proof."""
    basis = file.options.get("basis") or ""
    may = May(subscribe=bool(basis), resubscribe=bool(basis and file.options.get("resubscribe")))
    by = file.created_by.get_username() if file.created_by else ""
    return may, Proof(by, {"import": file.pk, "file": file.name[:200], **({"basis": basis} if basis else {})})


def _ragged(row: Row, width: int) -> str:
    if len(row.cells) > width and any(map(str.strip, row.cells[width:])):
        return f"This row has {len(row.cells)} cells, and there are only {width} headers."
    return ""


def _sentence(errors: saving.Errors) -> str:
    """All that is wrong with a row, on one line."""
    return " ".join(
        " ".join(sentences) if name == "detail" else f"{name}: {' '.join(sentences)}"
        for name, sentences in errors.items()
    )


def _storable(cell: str) -> str:
    return cell[:10_000].replace("\0", "").encode("utf-8", "replace").decode()


def refused_rows(file: CsvImport) -> Iterator[str]:
    """The refused rows as a CSV file, line by line: why, then the row as it was, with cells made safe to open."""
    yield "\ufeff" + csv_writing.line(["Line", "Reason", *file.headers])
    for line, reason, cells in file.refusals.order_by("id").values_list("line", "reason", "cells").iterator(1000):
        yield csv_writing.line([str(line), reason, *cells])
