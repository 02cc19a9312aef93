"""Puts many contacts into a fixed list in the background: those whom a file names, or those who match a rule."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice

from django.db import InterfaceError, OperationalError, connection, transaction

from contacts import saving
from contacts.imports import csv_naming, uploading
from contacts.imports.csv_reading import Reader, Row
from contacts.lanes import nudge
from contacts.models import CsvImport, Placement, Segment
from contacts.segments import compiler, placing
from contacts.segments.crossing import cross
from contacts.segments.saving import create_list
from contacts.segments.where import InvalidRule, Scope, fill, value

logger = logging.getLogger(__name__)
# A slice is one transaction of so many rows, or fewer where they are long; of a rule, of so many contacts looked at.
SLICE, LOOKED_AT = 5_000, 20_000
SLICE_BYTES = 4 * 1024 * 1024
MOST_UNKNOWN = 1_000
STUMBLED = "Waypost stumbled over this. Its log says where."
State = Placement.State

_MATCHING = """
WITH crossed AS MATERIALIZED (
    SELECT {0}::bigint AS segment_id, "contacts_contact"."id" AS contact_id, true AS inside FROM contacts_contact
    WHERE "contacts_contact"."id" > {1} AND "contacts_contact"."id" <= {2} AND ({3})
)
"""


@transaction.atomic
def upload(
    segment: Segment, name: str, pieces: Iterable[bytes], now: datetime, source: str = "", creating: bool = False
) -> Placement:
    """Let the contacts whom a CSV file names by email, phone or external id be put into the list. With `creating`,
    those who are unknown become contacts. `pieces` are the file's bytes (an UploadedFile's `.chunks()`).

    Raises contacts.imports.csv_sniffing.Unreadable with a sentence, or NotAList."""
    placing.locked(segment)
    file = uploading.store(name or "list", pieces)
    columns = csv_naming.columns_of(file)
    file.options = {uploading.OWNED: f"segment {segment.pk}"}
    file.save(update_fields=["options", "offset", "lines_read"])
    made = Placement.objects.create(
        segment=segment, file=file, name=file.name, columns=columns, creating=creating, source=source, created_at=now
    )
    nudge("upkeep")
    return made


@transaction.atomic
def copy(segment: Segment, name: str, now: datetime, source: str = "") -> Segment:
    """A new fixed list of those who are in the segment now; it is filled afterwards, and nobody is told of having
    entered it. Raises InvalidRule where the segment cannot be asked."""
    if problems := compiler.problems(segment.rule, Scope(segment=segment.pk)):
        raise InvalidRule(problems)
    made = create_list(name, now, f"Who was in “{segment.name}”")
    rule = {"rule": "segment", "id": segment.pk}
    Placement.objects.create(segment=made, rule=rule, name=segment.name, source=source, created_at=now)
    nudge("upkeep")
    return made


def stop(placement: Placement) -> bool:
    """Put nobody more in; whether there was something to stop."""
    with transaction.atomic():
        stopped = Placement.objects.filter(pk=placement.pk, state=State.WORKING).update(state=State.STOPPED, file=None)
        if stopped:
            CsvImport.objects.filter(pk=placement.file_id).delete()
    return bool(stopped)


def work(now: datetime) -> bool:
    """Do one slice of the oldest lot that nobody else is at; whether there was one."""
    pk = None
    try:
        with transaction.atomic():
            waiting = Placement.objects.filter(state=State.WORKING).order_by("pk")
            lot = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("segment", "file").first()
            if lot is None:
                return False
            pk, read = lot.pk, lot.file
            placing.locked(lot.segment)
            if lot.rule is None:
                _read_on(lot, now)
            else:
                _look_on(lot, now)
            if not lot.working:
                lot.file = None
            lot.save()
            if not lot.working and read is not None:
                read.delete()
    except (OperationalError, InterfaceError):
        raise  # it was rolled back, and comes again with the next pulse
    except Exception as error:
        logger.exception("The placement %s failed", pk)
        sentence = str(error) if isinstance(error, InvalidRule) else STUMBLED
        Placement.objects.filter(pk=pk, state=State.WORKING).update(state=State.FAILED, error=sentence)
    return True


def _read_on(lot: Placement, now: datetime) -> None:
    file = lot.file
    if file is None:
        raise EOFError(f"The file of placement {lot.pk} is gone.")
    pieces = uploading.pieces_of(file, file.offset)
    with closing(Reader(pieces, file.encoding, file.delimiter, file.offset, file.lines_read)) as reader:
        rows = list(islice(reader.rows(file.offset + SLICE_BYTES), SLICE))
        if reader.offset == file.offset:
            raise EOFError(f"The bytes of file {file.pk} end at {file.offset}, and there should be {file.size}.")
        file.offset, file.lines_read = reader.offset, reader.lines
    _place(lot, rows, now)
    lot.percent = file.percent
    if file.offset >= file.size:
        lot.state, lot.percent = State.DONE, 100
    else:
        file.save(update_fields=["offset", "lines_read"])


def _place(lot: Placement, rows: Sequence[Row], now: datetime) -> None:
    """Put in whom these rows name: a handful of statements."""
    named = csv_naming.read(rows, lot.columns)
    ids = named.ids()
    unknown = [place for place, id in enumerate(ids) if id is None]
    if lot.creating and unknown:
        made = saving.upsert([named.identifiers[place] for place in unknown], now, lot.source)
        lot.created += made.created
        for place, id in zip(unknown, made.ids, strict=True):
            ids[place] = id
    named.leave_out([place for place, id in enumerate(ids) if id is None])
    found = [id for id in ids if id is not None]
    new = placing.add(lot.segment, found, now, lot.source) if found else 0
    lot.rows_read += len(rows)
    lot.placed += new
    lot.repeated += len(found) - new
    lot.unknown += len(named.left_out)
    lot.unknown_rows += named.told(MOST_UNKNOWN - len(lot.unknown_rows))


def _look_on(lot: Placement, now: datetime) -> None:
    """Look at the next contacts, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(id), (SELECT max(id) FROM contacts_contact) FROM ("
            "SELECT id FROM contacts_contact WHERE id > %s ORDER BY id LIMIT %s) next",
            [lot.after, LOOKED_AT],
        )
        end, last = cursor.fetchone()
    if end is not None:
        asked = compiler.where(lot.rule, now)
        crossed = fill(_MATCHING, value(lot.segment_id), value(lot.after), value(end), asked)
        lot.placed += cross(crossed, now, told=False)
        lot.after = end
    if end is None or end >= last:
        lot.state, lot.percent = State.DONE, 100
        placing.count_again(lot.segment)
    else:
        lot.percent = min(99, 100 * end // last)
