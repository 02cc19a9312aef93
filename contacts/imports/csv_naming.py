"""Reads rows of files that name contacts by email, phone or external id, and finds whom they name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import connection

from contacts.cleaning import IDENTIFIERS, clean_field
from contacts.imports import uploading
from contacts.imports.csv_reading import Row
from contacts.imports.csv_sniffing import Unreadable
from contacts.models import CsvImport

NOBODY = "No contact has this {name}."
NAMES = {"external_id": "external id", "email": "email", "phone": "phone number"}
_LOOKS_LIKE = {"email": re.compile(r"\S+@\S+\.\S+"), "phone": re.compile(r"\+?[0-9][0-9 ().-]{6,20}")}
_STORED_AS = {"external_id": "c.external_id", "email": "lower(c.email)", "phone": "c.phone"}

# The strongest identifier that leads to somebody wins, as in imports. The limits keep to the indexes: a hash of a
# million contacts is not worth some thousand rows.
_FOUND = "LEFT JOIN LATERAL (SELECT id FROM contacts_contact c WHERE {stored} = row.{name} LIMIT 1) {name} ON true"
_FIND = """
    SELECT row.place, coalesce({ids}) AS id FROM unnest({arrays}) WITH ORDINALITY AS row ({names}, place) {joins}
"""


@dataclass
class Named:
    """What rows say: `good` ones with their identifiers as they stand in the database, and those `left_out`, with a
    sentence that says why."""

    names: list[str]
    good: list[Row] = field(default_factory=list)
    identifiers: list[dict[str, str]] = field(default_factory=list)
    left_out: list[tuple[Row, str]] = field(default_factory=list)

    def find(self) -> tuple[str, list[list[str | None]]]:
        """A query for the place of each good row, from 1, and the id of its contact or NULL; with its parameters. Only
        what the file has is handed over and looked for."""
        query = _FIND.format(
            ids=", ".join(f"{name}.id" for name in self.names),
            arrays=", ".join("%s::text[]" for _ in self.names),
            names=", ".join(self.names),
            joins=" ".join(_FOUND.format(name=name, stored=_STORED_AS[name]) for name in self.names),
        )
        return query, [[given.get(name) for given in self.identifiers] for name in self.names]

    def ids(self) -> list[int | None]:
        """The contact of each good row."""
        query, keys = self.find()
        with connection.cursor() as cursor:
            cursor.execute(f"{query} ORDER BY 1", keys)
            return [id for _, id in cursor.fetchall()]

    def leave_out(self, places: Sequence[int]) -> None:
        """Those good rows (from 0) name nobody."""
        for place in places:
            strongest = next(name for name in self.names if name in self.identifiers[place])
            self.left_out.append((self.good[place], NOBODY.format(name=NAMES[strongest])))
        self.left_out.sort(key=lambda each: each[0].line)

    def told(self, most: int) -> list[dict[str, object]]:
        """The first rows that are left out, as JSON."""
        return [
            {"line": row.line, "text": _storable(row.cells), "sentence": sentence}
            for row, sentence in self.left_out[: max(most, 0)]
        ]


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


def read(rows: Sequence[Row], columns: Mapping[str, int]) -> Named:
    named = Named([name for name in IDENTIFIERS if name in columns])
    for row in rows:
        given, wrong = _identifiers(row, columns)
        if given:
            named.good.append(row)
            named.identifiers.append(given)
        else:
            named.left_out.append((row, wrong))
    return named


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
