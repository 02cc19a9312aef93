"""Reads a file that names contacts, as the audience of a campaign."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from campaigns.campaign_moves import take
from campaigns.models import Campaign, Listed
from contacts import uploading
from contacts.cleaning import IDENTIFIERS, clean_field
from contacts.csv_reading import Reader, Row
from contacts.csv_sniffing import Unreadable
from contacts.models import CsvImport

SLICE = 5_000
MOST_UNKNOWN = 1_000
NOBODY = "No contact has this {name}."
NAMES = {"external_id": "external id", "email": "email", "phone": "phone number"}
_LOOKS_LIKE = {"email": re.compile(r"\S+@\S+\.\S+"), "phone": re.compile(r"\+?[0-9][0-9 ().-]{6,20}")}

# The strongest identifier that leads to somebody wins, as in imports.
_LIST = """
WITH found AS (
    SELECT row.place, coalesce(x.id, e.id, p.id) AS id
    FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS row (external_id, email, phone, place)
    LEFT JOIN contacts_contact x ON x.external_id = row.external_id
    LEFT JOIN contacts_contact e ON lower(e.email) = row.email
    LEFT JOIN contacts_contact p ON p.phone = row.phone
), new AS (
    INSERT INTO campaigns_listed (campaign_id, contact_id)
    SELECT DISTINCT %s::bigint, id FROM found WHERE id IS NOT NULL ORDER BY id ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM new), count(id), array_agg(place ORDER BY place) FILTER (WHERE id IS NULL) FROM found
"""


@dataclass(frozen=True)
class Unknown:
    """A row that names nobody: its line in the file, what stood there, and why it was left out."""

    line: int
    text: str
    sentence: str


@dataclass
class FileRead:
    """What came of a file: how many contacts it named, how many of its rows named somebody again, and how many nobody,
    with the first MOST_UNKNOWN of those."""

    listed: int = 0
    repeated: int = 0
    unknown: int = 0
    unknown_rows: list[Unknown] = field(default_factory=list)

    def left_out(self, row: Row, sentence: str) -> None:
        self.unknown += 1
        if self.unknown <= MOST_UNKNOWN:
            self.unknown_rows.append(Unknown(row.line, ", ".join(row.cells)[:200], sentence))


@transaction.atomic
def read_file(campaign: Campaign, pieces: Iterable[bytes], now: datetime) -> FileRead:
    """Let the contacts that a CSV file names by email, phone or external id stand in the campaign's list, instead of
    who stood there. `pieces` are the file's bytes (an UploadedFile's `.chunks()`). Two statements per slice of rows.

    Sets `audience["file"]`. Raises contacts.csv_sniffing.Unreadable with a sentence, or WrongState."""
    locked = take(campaign, "change")
    Listed.objects.filter(campaign=locked).delete()
    file = uploading.store(f"audience of campaign {campaign.pk}", pieces)
    rows, columns = _reading(file)
    done = FileRead()
    while slice_ := list(islice(rows, SLICE)):
        _list(locked, slice_, columns, done)
    file.delete()
    _ask_for_file(locked, True)
    campaign.refresh_from_db()
    return done


def _reading(file: CsvImport) -> tuple[Iterator[Row], dict[str, int]]:
    """The rows, and which column is which identifier. A file may do without headers."""
    columns = {target: place for place, target in enumerate(file.mapping) if target in IDENTIFIERS}
    start = file.offset if columns else 0
    if not columns:
        first = [Row(1, file.headers), *uploading.preview(file, 100)]
        columns = _guessed(first)
    lines = file.lines_read if start else 0
    reader = Reader(uploading.pieces_of(file, start), file.encoding, file.delimiter, start, lines)
    return iter(reader), columns


def _guessed(rows: Sequence[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, pattern in _LOOKS_LIKE.items():
        for place in range(len(rows[0].cells)):
            cells = [row.cells[place].strip() for row in rows if place < len(row.cells)]
            if name not in found and sum(bool(pattern.fullmatch(cell)) for cell in cells) * 2 > len(cells):
                found[name] = place
    if not found:
        raise Unreadable("No column holds emails, phone numbers or external ids. Name one “email”, “phone” or “id”.")
    return found


def _list(campaign: Campaign, rows: Sequence[Row], columns: dict[str, int], done: FileRead) -> None:
    keys: dict[str, list[str | None]] = {name: [] for name in IDENTIFIERS}
    read: list[Row] = []
    for row in rows:
        given, wrong = _identifiers(row, columns)
        if not given:
            done.left_out(row, wrong)
            continue
        read.append(row)
        for identifier, values in keys.items():
            values.append(given.get(identifier))
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [*keys.values(), campaign.pk])
        new, known, nobody = cursor.fetchone()
    done.listed += new
    done.repeated += known - new
    for place in nobody or []:
        strongest = next(name for name in IDENTIFIERS if keys[name][place - 1])
        done.left_out(read[place - 1], NOBODY.format(name=NAMES[strongest]))


def _identifiers(row: Row, columns: dict[str, int]) -> tuple[dict[str, str], str]:
    """As they stand in the database, and what is wrong where there is none."""
    if row.problem:
        return {}, row.problem
    given: dict[str, str] = {}
    wrong = "It names nobody: its cell is empty."
    for name, place in columns.items():
        cell = row.cells[place].strip() if place < len(row.cells) else ""
        if cell.startswith("'") and cell[1:2] in ("=", "+", "-", "@"):
            cell = cell[1:]  # the guard against formulas of our own files
        try:
            value = clean_field(name, cell)
        except ValidationError as error:
            wrong = error.messages[0]
            continue
        if value:
            given[name] = value.lower() if name == "email" else value
    return given, wrong


def listed(campaign: Campaign) -> int:
    """How many contacts stand in its list."""
    return Listed.objects.filter(campaign=campaign).count()


@transaction.atomic
def forget_file(campaign: Campaign) -> None:
    """Empty its list, and ask for none. Raises WrongState."""
    locked = take(campaign, "change")
    Listed.objects.filter(campaign=locked).delete()
    _ask_for_file(locked, False)
    campaign.refresh_from_db()


def _ask_for_file(locked: Campaign, wanted: bool) -> None:
    locked.audience = {**locked.audience, "file": wanted}
    locked.save(update_fields=["audience"])
