"""Merges rows into the contacts, thousands at a time: one COPY and one statement, whatever they change."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.cleaning import IDENTIFIERS, Fields
from contacts.columns import literal
from contacts.consent import NO_PROOF, Proof
from contacts.contact_zones import zone_from_phone
from contacts.imports import newcomers
from contacts.imports.newcomers import copied
from contacts.lanes import READERS, nudge
from contacts.merge_sql import CREATE, MERGE
from contacts.profiles import ALL, TEXTS, May
from contacts.tagging import known_ids, tag_ids

Column = Sequence[Any]


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
    lines: newcomers.Lines

    @classmethod
    def of(
        cls, size: int, columns: dict[str, Column], fields: Callable[[int], Fields], apart: Iterable[int]
    ) -> "Batch":
        """With what the columns tell: the zones, and the rows that share an identifier, which are set apart too."""
        if "phone" in columns:
            columns = {**columns, "zone": [phone and zone_from_phone(phone) for phone in columns["phone"]]}
        return cls(size, columns, fields, frozenset(apart).union(_repeated(columns)), newcomers.Lines(columns, size))

    @property
    def identifiers(self) -> set[str]:
        """Those of all rows, told apart by kind."""
        found: set[str] = set()
        for name in IDENTIFIERS:
            values = filter(None, self.columns.get(name) or ())
            found.update(map(str.lower, values) if name == "email" else map(name.__add__, values))
        return found

    def get_ready(self) -> None:
        """Do beforehand, in any thread, what needs no database."""
        self.lines.order  # noqa: B018 - computed when first asked for


@dataclass(slots=True)
class Merged:
    """How many contacts were made and changed, the id for each place, the places that changed nothing, and those that
    were left out."""

    created: int
    updated: int
    ids: dict[int, int] = field(default_factory=dict)
    same: list[int] = field(default_factory=list)
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


class Known(Exception):
    """Some row is about somebody whom the database knows, or carries a tag that it does not know."""


def merge(
    batch: Batch,
    now: datetime,
    origin: Mapping[str, Any],
    may: May = ALL,
    proof: Proof = NO_PROOF,
    only_new: bool = False,
) -> Merged:
    """Create and change contacts, their tags, consent and timelines, in the running transaction.

    Each row must be about one contact that no other row is about, by identifiers that agree with each other. All other
    rows are left alone and returned as doubtful. They share no identifier and no contact with the rest, so it does not
    matter that they come later. Raises IntegrityError where somebody else was quicker with an identifier, and Known, if
    `only_new` is asked for, before anything is written. `origin` is what events say about where they come from.
    """
    if not batch.size:
        return Merged(0, 0)
    columns = batch.columns
    tags: dict[Any, list[int]] = {}
    if "tags" in columns:
        sets = dict.fromkeys(columns["tags"])  # in their order: the first to name a tag says how it is spelled
        named = {name: None for names in sets if names for name in names}
        known = known_ids(named) if only_new else tag_ids(named)
        if len(known) < len(named):
            raise Known
        tags = {names: list({known[name] for name in names or ()}) for names in sets}
    new = newcomers.among(columns, batch.size, batch.apart)
    if only_new and len(new) < batch.size:
        raise Known
    merged = Merged(len(new), 0)
    if new:
        merged.ids = newcomers.create(columns, batch.lines, new, tags, origin, now, may, proof)
    if len(merged.ids) + len(batch.apart) == batch.size:
        merged.doubtful = sorted(batch.apart)
    else:
        there = [place for place in range(batch.size) if place not in merged.ids] if new else range(batch.size)
        _merge_known(merged, batch, there, tags, origin, now, may, proof)
    if merged.created or merged.updated:
        nudge(*READERS)
    return merged


def _merge_known(
    merged: Merged,
    batch: Batch,
    places: Sequence[int],
    tags: dict[Any, list[int]],
    origin: Mapping[str, Any],
    now: datetime,
    may: May,
    proof: Proof,
) -> None:
    """Merge the rows at these places by one statement, which finds out whom they are about."""
    # The email first, so that sorted lines are sorted by it.
    columns: dict[str, Column] = {name: batch.columns[name] for name in TEXTS if name in batch.columns}
    columns.update(batch.columns)
    if len(places) < batch.size:
        columns = {name: [column[place] for place in places] for name, column in columns.items()}
    if "tags" in columns:
        literals = {names: literal(ids) if ids else None for names, ids in tags.items()}
        columns["tags"] = [literals[names] for names in columns["tags"]]
    columns["place"] = list(map(str, places))
    if batch.apart:
        columns["apart"] = ["t" if place in batch.apart else "f" for place in places]
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
        # Django wraps the errors of `execute` only.
        with (
            connection.wrap_database_errors,
            cursor.copy(f"COPY contacts_given ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            # Neighbours in an index are looked up together, and sorting what is sorted costs next to nothing.
            lines = sorted(map("\t".join, zip(*map(copied, columns.values()), strict=True)))
            copy.write("\n".join(lines) + "\n")
        cursor.execute(
            MERGE,
            {
                "now": now,
                "origin": origin.get("source", "")[:200],
                "source": json.dumps(dict(origin)),
                "resubscribe": may.resubscribe,
                "widen": may.subscribe,
                "by": proof.columns[0],
                "proof": proof.columns[1],
                "tags": sorted({tag for ids in tags.values() for tag in ids}),
            },
        )
        created, updated, doubtful, ids, same = cursor.fetchone()
    merged.created += created
    merged.updated += updated
    numbers = list(map(int, (ids or "").split()))
    merged.ids.update(zip(numbers[::2], numbers[1::2], strict=True))
    merged.doubtful = sorted(map(int, (doubtful or "").split()))
    merged.same = list(map(int, (same or "").split()))


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
