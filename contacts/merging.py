"""Merges rows into the contacts, thousands at a time: one COPY and one statement, whatever they change."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.cleaning import IDENTIFIERS, Fields
from contacts.columns import literal
from contacts.consent import NO_PROOF, Proof
from contacts.contact_zones import zone_from_phone
from contacts.lanes import READERS, nudge
from contacts.merge_sql import CREATE, MERGE
from contacts.profiles import ALL, TEXTS, May
from contacts.tagging import tag_ids

Column = Sequence[Any]
# What the text format of COPY has another meaning for.
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@dataclass(frozen=True, slots=True)
class Batch:
    """Clean rows by column: a value for each row, None where the row says nothing.

    `columns` holds texts, `attributes` as JSON, `tags` as tuples of names, `consent_email` and `consent_sms` as states,
    and the `zone` that the phone lies in.
    `fields` gives a row as fields, asked for the few that cannot be merged; `apart` names rows that must not be.
    """

    size: int
    columns: dict[str, Column]
    fields: Callable[[int], Fields]
    apart: frozenset[int]

    @classmethod
    def of(
        cls, size: int, columns: dict[str, Column], fields: Callable[[int], Fields], apart: Iterable[int]
    ) -> "Batch":
        """With what the columns tell: the zones, and the rows that share an identifier, which are set apart too."""
        if "phone" in columns:
            columns = {**columns, "zone": [phone and zone_from_phone(phone) for phone in columns["phone"]]}
        return cls(size, columns, fields, frozenset(apart).union(_repeated(columns)))


@dataclass(slots=True)
class Merged:
    """How many contacts were made and changed, the id for each place, and the places that were left out."""

    created: int
    updated: int
    ids: dict[int, int] = field(default_factory=dict)
    doubtful: list[int] = field(default_factory=list)


def batch_of(rows: Sequence[Fields]) -> Batch:
    """Clean fields as a batch."""
    names = {name for row in rows for name in row}
    columns: dict[str, Column] = {name: [row.get(name) for row in rows] for name in TEXTS if name in names}
    apart: set[int] = set()
    if "attributes" in names:
        given = [row.get("attributes") for row in rows]
        # Removing attributes is left to those who do it one by one.
        apart = {place for place, values in enumerate(given) if values and None in values.values()}
        columns["attributes"] = [json.dumps(values) if values else None for values in given]
    if "tags" in names:
        columns["tags"] = [tuple(row.get("tags") or ()) for row in rows]
    if "consent" in names:
        consents = [row.get("consent") or {} for row in rows]
        for channel in sorted({channel for consent in consents for channel in consent}):
            columns[f"consent_{channel}"] = [consent.get(channel) for consent in consents]
    return Batch.of(len(rows), columns, rows.__getitem__, apart)


def merge(batch: Batch, now: datetime, source: str, may: May = ALL, proof: Proof = NO_PROOF) -> Merged:
    """Create and change contacts, their tags, consent and timelines, in the running transaction.

    Each row must be about one contact that no other row is about, by identifiers that agree with each other. All other
    rows are left alone and returned as doubtful. They share no identifier and no contact with the rest, so it does not
    matter that they come later. Raises IntegrityError where somebody else was quicker with an identifier.
    """
    if not batch.size:
        return Merged(0, 0)
    # The email first, so that sorted lines are sorted by it.
    columns: dict[str, Column] = {name: batch.columns[name] for name in TEXTS if name in batch.columns}
    columns.update(batch.columns)
    tags: dict[str, int] = {}
    if "tags" in columns:
        sets = dict.fromkeys(columns["tags"])  # in their order: the first to name a tag says how it is spelled
        tags = tag_ids(name for names in sets if names for name in names)
        literals = {names: literal(list({tags[name] for name in names})) if names else None for names in sets}
        columns["tags"] = [literals[names] for names in columns["tags"]]
    columns["place"] = list(map(str, range(batch.size)))
    if batch.apart:
        columns["apart"] = ["t" if place in batch.apart else "f" for place in range(batch.size)]
    origin = {"source": source} if source else {}
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        # Django wraps the errors of `execute` only.
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY contacts_given ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            # Neighbours in an index are looked up together, and sorting what is sorted costs next to nothing.
            lines = sorted(map("\t".join, zip(*map(_escaped, columns.values()), strict=True)))
            copy.write("\n".join(lines) + "\n")
        cursor.execute(
            MERGE,
            {
                "now": now,
                "origin": source[:200],
                "source": json.dumps(origin),
                "resubscribe": may.resubscribe,
                "widen": may.subscribe,
                "by": proof.columns[0],
                "proof": proof.columns[1],
                "tags": list(set(tags.values())),
            },
        )
        created, updated, doubtful, ids = cursor.fetchone()
    if created or updated:
        nudge(*READERS)
    numbers = list(map(int, (ids or "").split()))
    return Merged(
        created,
        updated,
        dict(zip(numbers[::2], numbers[1::2], strict=True)),
        sorted(map(int, (doubtful or "").split())),
    )


def _repeated(columns: dict[str, Column]) -> set[int]:
    """The places of rows with an identifier that several rows have."""
    places: set[int] = set()
    for name in IDENTIFIERS:
        values = columns.get(name)
        if not values:
            continue
        if name == "email":
            values = [value and value.lower() for value in values]
        known = len(values) - values.count(None)
        if len(set(values) - {None}) < known:
            times = Counter(values)
            places.update(place for place, value in enumerate(values) if value and times[value] > 1)
    return places


def _escaped(column: Column) -> Iterable[str]:
    texts = ["\\N" if value is None else value for value in column] if None in column else column
    blob = "".join(filter(None, column))
    if "\t" in blob or "\n" in blob or "\r" in blob:
        return ["\\N" if value is None else value.translate(_ESCAPES) for value in column]
    if "\\" in blob:
        return ["\\N" if value is None else value.replace("\\", r"\\") for value in column]
    return texts
