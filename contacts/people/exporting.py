"""Writes a selection of contacts as a CSV file, as the rows come from the database: any number in the same memory."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from contacts import csv_writing
from contacts.attributes.defining import definitions
from contacts.attributes.guessing import undefined
from contacts.consent import ADDRESSES
from contacts.contact_columns import LABELS, Column
from contacts.models import Consent, ConsentState, ContactTag
from contacts.people.selecting import Selection

# Rows that are read and written in one go: tags and consent are asked for so many contacts at once.
CHUNK = 2_000
RESERVED = {*LABELS, *(f"consent_{channel}" for channel in ADDRESSES)}
_PLAIN = ("id", "email", "phone", "external_id", "first_name", "last_name", "timezone", "language")


def headers(columns: Sequence[Column]) -> list[str]:
    """A column for each; consent has one per channel."""
    names: list[str] = []
    for column in columns:
        names += [f"consent_{channel}" for channel in ADDRESSES] if column.key == "consent" else [_header(column)]
    return names


def _header(column: Column) -> str:
    """The name that importing takes it for; an attribute called like a field says that it is one."""
    return column.key if column.attribute in RESERVED else column.attribute or column.key


def lines(selection: Selection, columns: Sequence[Column], now: datetime) -> Iterator[str]:
    """The file, piece by piece, by ascending id. One cursor of the server reads all of it in one transaction, which
    sees the contacts as they are when it begins. Raises what the selection raises before the first piece."""
    with transaction.atomic():
        found = selection.contacts(now).order_by("pk").values_list(*_PLAIN, "attributes", "created_at", "updated_at")
        rows = found.iterator(chunk_size=CHUNK)
        first = list(islice(rows, CHUNK))
        yield "\ufeff" + csv_writing.line(headers(columns))
        while first:
            yield _piece(first, columns)
            first = list(islice(rows, CHUNK))


def _piece(rows: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> str:
    keys = {column.key for column in columns}
    ids = [row[0] for row in rows]
    tags = _tags(ids) if "tags" in keys else {}
    said = _consent(ids) if "consent" in keys else {}
    out = []
    for row in rows:
        known = dict(zip(_PLAIN, row, strict=False))
        attributes, created_at, updated_at = row[len(_PLAIN) :]
        cells: list[str] = []
        for column in columns:
            if column.attribute:
                cells.append(_cell(attributes.get(column.attribute)))
            elif column.key == "tags":
                cells.append(", ".join(tags.get(row[0], ())))
            elif column.key == "consent":
                cells += [said.get((row[0], channel), ConsentState.UNKNOWN.value) for channel in ADDRESSES]
            elif column.key == "name":
                cells.append(f"{known['first_name']} {known['last_name']}".strip())
            elif column.key == "created_at":
                cells.append(created_at.isoformat(timespec="seconds"))
            elif column.key == "updated_at":
                cells.append(updated_at.isoformat(timespec="seconds"))
            else:
                cells.append(str(known[column.key] or ""))
        out.append(csv_writing.line(cells))
    return "".join(out)


def _tags(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    marks = ContactTag.objects.filter(contact_id__in=ids).order_by("tag__name")
    for pk, name in marks.values_list("contact_id", "tag__name"):
        found[pk].append(name)
    return found


def _consent(ids: Sequence[int]) -> dict[tuple[int, str], str]:
    rows = Consent.objects.filter(contact_id__in=ids).values_list("contact_id", "channel", "state")
    return {(pk, channel): state for pk, channel, state in rows}


def _cell(value: Any) -> str:
    """As files are read in again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def columns_in_use() -> list[tuple[str, str]]:
    """Attributes as (key, label): all that are defined, then those that the newest contacts have besides."""
    defined = definitions()
    return [(each.name, each.label) for each in defined] + [(each.name, each.name) for each in undefined(defined)]
