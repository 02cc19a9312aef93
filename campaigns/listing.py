"""Reads rows that name contacts, and lets those stand in a campaign's list."""

import re
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import connection

from campaigns.models import AudienceFile, Campaign, Listed
from contacts import uploading
from contacts.cleaning import IDENTIFIERS, clean_field
from contacts.csv_reading import Row
from contacts.csv_sniffing import Unreadable
from contacts.models import CsvImport

MOST_UNKNOWN = 1_000
NOBODY = "No contact has this {name}."
NAMES = {"external_id": "external id", "email": "email", "phone": "phone number"}
_LOOKS_LIKE = {"email": re.compile(r"\S+@\S+\.\S+"), "phone": re.compile(r"\+?[0-9][0-9 ().-]{6,20}")}
_STORED_AS = {"external_id": "c.external_id", "email": "lower(c.email)", "phone": "c.phone"}

# The strongest identifier that leads to somebody wins, as in imports. The limits keep to the indexes: a hash of a
# million contacts is not worth some thousand rows.
_FOUND = "LEFT JOIN LATERAL (SELECT id FROM contacts_contact c WHERE {stored} = row.{name} LIMIT 1) {name} ON true"
_LIST = """
WITH found AS (
    SELECT row.place, coalesce({ids}) AS id
    FROM unnest({arrays}) WITH ORDINALITY AS row ({names}, place) {joins}
), new AS (
    INSERT INTO campaigns_listed (campaign_id, contact_id)
    SELECT DISTINCT %s::bigint, id FROM found WHERE id IS NOT NULL ORDER BY id ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM new), count(id), array_agg(place ORDER BY place) FILTER (WHERE id IS NULL) FROM found
"""


def columns_of(file: CsvImport) -> dict[str, int]:
    """Which column is which identifier. A file may do without headers: then it is read from its first line."""
    columns = {target: place for place, target in enumerate(file.mapping) if target in IDENTIFIERS}
    if not columns:
        columns = _guessed([Row(1, file.headers), *uploading.preview(file, 100)])
        file.offset = file.lines_read = 0
    return columns


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


def add(read: AudienceFile, rows: Sequence[Row]) -> None:
    """Let whom these rows name stand in the list, and count them in `read`, which is for the caller to save. One
    statement."""
    names = [name for name in IDENTIFIERS if name in read.columns]
    keys: dict[str, list[str | None]] = {name: [] for name in names}
    good: list[Row] = []
    left_out: list[tuple[Row, str]] = []
    for row in rows:
        given, wrong = _identifiers(row, read.columns)
        if not given:
            left_out.append((row, wrong))
            continue
        good.append(row)
        for name, values in keys.items():
            values.append(given.get(name))
    with connection.cursor() as cursor:
        cursor.execute(_statement(names), [*keys.values(), read.campaign_id])
        new, known, nobody = cursor.fetchone()
    for place in nobody or []:
        strongest = next(name for name in names if keys[name][place - 1])
        left_out.append((good[place - 1], NOBODY.format(name=NAMES[strongest])))
    left_out.sort(key=lambda each: each[0].line)
    read.rows_read += len(rows)
    read.listed += new
    read.repeated += known - new
    read.unknown += len(left_out)
    read.unknown_rows += [
        {"line": row.line, "text": _storable(row.cells), "sentence": sentence}
        for row, sentence in left_out[: MOST_UNKNOWN - len(read.unknown_rows)]
    ]


def _statement(names: Sequence[str]) -> str:
    """Only what the file has is handed over and looked for."""
    return _LIST.format(
        ids=", ".join(f"{name}.id" for name in names),
        arrays=", ".join("%s::text[]" for _ in names),
        names=", ".join(names),
        joins=" ".join(_FOUND.format(name=name, stored=_STORED_AS[name]) for name in names),
    )


def _storable(cells: Sequence[str]) -> str:
    return ", ".join(cells)[:200].replace("\0", "").encode("utf-8", "replace").decode()


def _identifiers(row: Row, columns: Mapping[str, int]) -> tuple[dict[str, str], str]:
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
            # Small letters are found plain the quickest.
            value = clean_field(name, cell.lower() if name == "email" else cell)
        except ValidationError as error:
            wrong = error.messages[0]
            continue
        if value:
            given[name] = value.lower() if name == "email" else value
    return given, wrong


def listed(campaign: Campaign) -> int:
    """How many contacts stand in its list."""
    return Listed.objects.filter(campaign=campaign).count()
