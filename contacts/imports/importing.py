"""Takes the rows of a file in, slice by slice: each slice's contacts and the position in the file commit together."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import psycopg.errors
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from contacts import csv_writing, recounting, saving
from contacts.attributes.defining import definitions
from contacts.cleaning import IDENTIFIERS
from contacts.consent import Proof
from contacts.imports import topic_cells
from contacts.imports.csv_pieces import PIECE_BYTES, Piece, pieces, sentence
from contacts.imports.csv_reading import FARTHEST
from contacts.imports.csv_sniffing import Unreadable
from contacts.imports.reading_ahead import Supply, one_ahead
from contacts.imports.second_hand import SecondHand
from contacts.imports.uploading import OWNED, pieces_of
from contacts.lanes import nudge
from contacts.models import CsvAhead, CsvImport, CsvRefusal
from contacts.people import barring
from contacts.profiles import May

logger = logging.getLogger(__name__)
# A slice is one transaction of so many pieces.
PIECES = 10
State = CsvImport.State
STOPPABLE = (State.QUEUED, State.RUNNING, State.CONVERTING)


def imports() -> QuerySet[CsvImport]:
    """The files that were uploaded to be imported."""
    return CsvImport.objects.exclude(options__has_key=OWNED)


def confirm(file: CsvImport, mapping: Sequence[str | None], options: dict[str, Any]) -> bool:
    """Let a draft's rows be taken in; False when that was done already. Options: `country`; `basis`, on
    which the file may subscribe people, and `resubscribe`, with it also those who unsubscribed; `by`, who says that,
    where it is not who uploaded it."""
    changed = CsvImport.objects.filter(pk=file.pk, state=State.DRAFT).update(
        state=State.QUEUED, mapping=list(mapping), options=options, contacts_after=_newest()
    )
    if changed:
        file.chunks.filter(place__lt=0).delete()  # a workbook that was converted
        nudge("upkeep")
    return bool(changed)


def cancel(file: CsvImport, now: datetime) -> bool:
    """Stop an import between two slices; what went in stays. False where it had come to its end by itself."""
    with transaction.atomic():
        working = CsvImport.objects.filter(pk=file.pk, state__in=STOPPABLE)
        locked = working.select_for_update(no_key=True).first()
        if locked is None:
            return False
        for ahead in locked.ahead.order_by("begins"):
            _add(locked, ahead)
        locked.state, locked.finished_at, locked.contacts_until = State.CANCELLED, now, _newest()
        locked.save()
        locked.ahead.all().delete()
        locked.chunks.all().delete()
        _recount(locked, now)
    return True


def forget(file: CsvImport) -> bool:
    """Throw a file and its refused rows away; what went in stays. False while it is at work."""
    with transaction.atomic():
        locked = CsvImport.objects.select_for_update().filter(pk=file.pk).first()
        if locked is None or locked.working:
            return False
        locked.delete()
    return True


def identifies(mapping: Sequence[str | None]) -> bool:
    """Whether some column says whom a row is about."""
    return any(name in mapping for name in IDENTIFIERS)


def work(now: datetime) -> bool:
    """Take in one slice of the oldest import that nobody else is at; whether there was one."""
    pk = None
    second = helped()
    try:
        with transaction.atomic():
            waiting = CsvImport.objects.filter(state__in=(State.QUEUED, State.RUNNING)).order_by("id")
            file = waiting.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
            if file is None:
                return False
            pk = file.pk
            with connection.cursor() as cursor:
                # Rows and position are one commit: a crash of the database takes back both, and the slice comes again.
                cursor.execute("SET LOCAL synchronous_commit = off")
            _take(file, now, second)
    except (OperationalError, InterfaceError) as error:
        # The slice was rolled back and comes again: at once if it only got in another's way.
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
    except Unreadable as unreadable:
        _fail(pk, str(unreadable), now)
    except Exception:
        logger.exception("Import %s failed", pk)
        _fail(pk, "Waypost stumbled over this file. Its log says where.", now)
    return True


def _fail(pk: int | None, sentence: str, now: datetime) -> None:
    working = CsvImport.objects.filter(pk=pk, state__in=(State.QUEUED, State.RUNNING))
    working.update(state=State.FAILED, finished_at=now, contacts_until=_newest(), error=sentence)
    if file := CsvImport.objects.filter(pk=pk).first():
        _recount(file, now)


def helped() -> bool:
    """Whether a second connection may help: it would not see what the caller has not committed."""
    return not connection.in_atomic_block


def _take(file: CsvImport, now: datetime, helped: bool) -> None:
    """One slice: whatever happens to the process, either all of it is kept or none, but for what the helper marks."""
    if problem := topic_cells.problem(file.mapping):
        raise Unreadable(problem)
    end = _skip_ahead(file)
    supply = Supply(pieces_of(file, file.offset), PIECE_BYTES + FARTHEST)
    take = partial(_keep, file.pk, now, *_consenting(file))
    read = one_ahead(islice(pieces(file, supply, end, definitions()), PIECES), supply.fill)
    with (
        closing(read),
        closing(SecondHand(file.pk, partial(take, only_new=True))) if helped else nullcontext() as second,
    ):
        for piece in read:
            after = next(read, None) if second else None
            doing = second.begin(piece, after) if second and after else None
            _count(file, piece, take(piece))
            ahead = doing.result() if doing else None
            if ahead:
                _step(file, ahead)
            elif after:
                second.note(after)
                _count(file, after, take(after))
    file.contacts_until = _newest()
    file.state = State.RUNNING
    file.ahead.filter(begins__lt=file.offset).delete()
    if file.offset >= file.size:
        file.state, file.finished_at = State.DONE, now
        file.chunks.all().delete()
        _recount(file, now)
    file.save()


def _recount(file: CsvImport, now: datetime) -> None:
    if file.created or file.updated:
        recounting.after_change(now, {target.partition(":")[2] for target in file.mapping if target and ":" in target})


def _newest() -> int:
    """The last id that a contact has got."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value - (NOT is_called)::int FROM contacts_contact_id_seq")
        return cursor.fetchone()[0]


def _skip_ahead(file: CsvImport) -> int:
    """Step over what was taken in ahead of a slice that was lost; how far there is no more of that."""
    for ahead in file.ahead.order_by("begins"):
        if ahead.begins != file.offset:
            return ahead.begins
        _step(file, ahead)
    return file.size


def _step(file: CsvImport, ahead: CsvAhead) -> None:
    file.offset, file.lines_read = ahead.ends, ahead.lines_read
    _add(file, ahead)


def _add(file: CsvImport, ahead: CsvAhead) -> None:
    file.rows_read += ahead.rows_read
    file.created += ahead.created
    file.refused += ahead.refused


def _count(file: CsvImport, piece: Piece, done: tuple[saving.UpsertResult, int]) -> None:
    result, refused = done
    file.offset, file.lines_read = piece.ends, piece.lines
    file.rows_read += piece.size
    file.created += result.created
    file.updated += result.updated
    file.unchanged += result.unchanged
    file.refused += refused


def _keep(
    pk: int, now: datetime, may: May, proof: Proof, piece: Piece, only_new: bool = False
) -> tuple[saving.UpsertResult, int]:
    """Write a piece's contacts, and the rows that are refused; what became of the former, and how many the latter."""
    origin = {"source": "import", "import": pk}
    result = saving.save(piece.cleaned.batch, now, origin, may, proof, only_new)
    changed = topic_cells.keep(piece.cleaned.topics, result.ids, now, origin, may, proof)
    if changed:
        moved = len(changed.intersection(result.ids[place] for place in result.same))
        result.updated, result.unchanged = result.updated + moved, result.unchanged - moved
    refused = [*piece.refused, *((piece.row(failure.index), sentence(failure.errors)) for failure in result.failed)]
    refused.sort(key=lambda pair: pair[0].line)
    told = barring.without([(row.cells, problem) for row, problem in refused])
    CsvRefusal.objects.bulk_create(
        [
            CsvRefusal(csv_import_id=pk, line=row.line, reason=problem, cells=[_storable(cell) for cell in cells])
            for (row, _), (cells, problem) in zip(refused, told, strict=True)
        ],
        batch_size=1000,
    )
    return result, len(refused)


def _consenting(file: CsvImport) -> tuple[May, Proof]:
    """How far its rows may widen consent: only on the basis that the operator stated, which is kept as the proof."""
    basis = file.options.get("basis") or ""
    may = May(subscribe=bool(basis), resubscribe=bool(basis and file.options.get("resubscribe")))
    by = file.options.get("by") or (file.created_by.get_username() if file.created_by else "")
    return may, Proof(by, {"import": file.pk, "file": file.name[:200], **({"basis": basis} if basis else {})})


def _storable(cell: str) -> str:
    return cell[:10_000].replace("\0", "").encode("utf-8", "replace").decode()


def refused_rows(file: CsvImport) -> Iterator[str]:
    """The refused rows as a CSV file, line by line: why, then the row as it was, with cells made safe to open."""
    yield "\ufeff" + csv_writing.line(["Line", "Reason", *file.headers])
    for line, reason, cells in file.refusals.order_by("id").values_list("line", "reason", "cells").iterator(1000):
        yield csv_writing.line([str(line), reason, *cells])
