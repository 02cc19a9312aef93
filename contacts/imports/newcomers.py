"""Creates contacts whom nobody knows yet, thousands at a time, by a COPY for each table: the quickest way in."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any

from django.db import connection

from contacts.cleaning import IDENTIFIERS
from contacts.consent import Proof
from contacts.profiles import UNKNOWN, May

Column = Sequence[Any]
# Fewer rows than that are not worth a look of their own at who is known.
FEWEST = 200
SAMPLE = 100
# So many lines are handed to the database at once: a copy of all of them would cost as much memory as the rows do.
WRITTEN = 500
_COLUMNS = (*("email", "phone", "external_id"), *("first_name", "last_name", "timezone", "language"), "attributes")
_COPY = f"COPY contacts_contact (id, {', '.join(_COLUMNS)}, created_at, updated_at) FROM STDIN"
# Where all but the contact is the same, this costs the database less than reading lines.
_SAY = """
INSERT INTO contacts_consent (contact_id, channel, state, at, source, by, proof)
SELECT contact_id, channel, state, %s, %s, %s, %s::jsonb FROM ({}) AS said (contact_id, channel, state)
"""
# Tags are held until the end of the transaction; one that is gone by now marks nobody.
_MARK = """
WITH given AS MATERIALIZED (
    SELECT unnest(%(contact)s::text::bigint[]) AS contact_id, unnest(%(tag)s::text::bigint[]) AS tag_id
), labels AS MATERIALIZED (
    SELECT id, jsonb_build_object('tag', name) || %(source)s::jsonb AS properties
    FROM contacts_tag WHERE id = ANY(%(tags)s::bigint[]) ORDER BY id FOR KEY SHARE
), marked AS (
    INSERT INTO contacts_contacttag (contact_id, tag_id, at)
    SELECT contact_id, tag_id, %(now)s FROM given JOIN labels ON labels.id = tag_id
)
INSERT INTO contacts_event (contact_id, name, properties, at, xact)
SELECT contact_id, 'tag.added', properties, %(now)s, (SELECT pg_current_xact_id()::text::bigint)
FROM given JOIN labels ON labels.id = tag_id
"""
_TELL = """
INSERT INTO contacts_event (contact_id, name, properties, at, xact)
SELECT unnest(%s::text::bigint[]), 'contact.created', %s::jsonb, %s, (SELECT pg_current_xact_id()::text::bigint)
"""
_IDS = "SELECT string_agg(nextval('contacts_contact_id_seq')::text, ' ') FROM generate_series(1, %s)"
# What the text format of COPY has another meaning for.
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def among(columns: Mapping[str, Column], size: int, apart: Collection[int]) -> list[int]:
    """The places of rows that have no identifier in common with any contact or any other row.

    None of them where that would be few: whoever knows most of a file already had better be merged at once.
    """
    if size < FEWEST:
        return []
    keys = {name: columns[name] for name in IDENTIFIERS if name in columns}
    if "email" in keys:
        # What PostgreSQL makes of other capitals is for PostgreSQL to say.
        keys["email"] = [value and (value.lower() if value.isascii() else "") for value in keys["email"]]
    sample = range(0, size, size // SAMPLE)
    if len(_strangers(keys, sample, ())) < len(sample) / 2:
        return []
    return _strangers(keys, range(size), apart)


def _strangers(keys: Mapping[str, Column], places: Sequence[int], apart: Collection[int]) -> list[int]:
    whole = len(places) == len(next(iter(keys.values())))
    asked = {name: values if whole else [values[place] for place in places] for name, values in keys.items()}
    parts = {
        "email": "SELECT lower(email) FROM contacts_contact WHERE lower(email) = ANY(%s::text[])",
        "phone": "SELECT phone FROM contacts_contact WHERE phone = ANY(%s::text[])",
        "external_id": "SELECT external_id FROM contacts_contact WHERE external_id = ANY(%s::text[])",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(f'ARRAY({parts[name]})' for name in asked)}",
            [_texts(list(filter(None, values))) for values in asked.values()],
        )
        known = cursor.fetchone()
    out = set(apart)
    for values, found in zip(asked.values(), known, strict=True):
        if found or "" in values:
            there = {*found, ""}
            out.update(place for place, value in zip(places, values, strict=True) if value in there)
    return [place for place in places if place not in out] if out else list(places)


class Lines:
    """The rows of a batch as COPY reads contacts, without ids and moments, and the order in which they are written.

    Made when they are first asked for, which may be in a thread: no database is needed.
    """

    def __init__(self, columns: Mapping[str, Column], size: int) -> None:
        self._columns, self._size = columns, size

    @cached_property
    def texts(self) -> list[str]:
        given = dict(self._columns)
        zones, own = given.pop("zone", None), given.get("timezone")
        if zones is not None:
            given["timezone"] = [one or zone for one, zone in zip(own, zones, strict=True)] if own else zones
        parts: list[Iterable[str]] = []
        for name in _COLUMNS:
            nothing = r"\N" if name in IDENTIFIERS else "{}" if name == "attributes" else ""
            column = given.get(name)
            parts.append([nothing] * self._size if column is None else copied(column, nothing))
        return list(map("\t".join, zip(*parts, strict=True)))

    @cached_property
    def order(self) -> list[int]:
        """By email: neighbours in an index are written together, and two who write at once never wait in a ring."""
        return sorted(range(self._size), key=self.texts.__getitem__)


def create(
    columns: Mapping[str, Column],
    lines: Lines,
    places: Sequence[int],
    tags: Mapping[Any, Sequence[int]],
    origin: Mapping[str, Any],
    now: datetime,
    may: May,
    proof: Proof,
) -> dict[int, int]:
    """Write the rows at these places, with tags, consent and timelines; their ids by place.

    `tags` has the ids for each value of the column of tags, `origin` is what events say about where they come from.
    Raises IntegrityError where somebody else was quicker with an identifier.
    """
    order = lines.order
    if len(places) < len(order):
        chosen = set(places)
        order = [place for place in order if place in chosen]
    properties = json.dumps(dict(origin))
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [len(order)])
        ids = cursor.fetchone()[0].split()
        ending = f"\t{now.isoformat()}\t{now.isoformat()}\n"
        # Django wraps the errors of `execute` only.
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            for start in range(0, len(order), WRITTEN):
                texts = map(lines.texts.__getitem__, order[start : start + WRITTEN])
                rows = zip(ids[start : start + WRITTEN], texts, strict=True)
                copy.write(ending.join(map("\t".join, rows)) + ending)
        said = [
            (_array(those), channel, state)
            for channel in ("email", "sms")
            for state, those in _grouped(columns.get(f"consent_{channel}"), order, ids)
            if may.turn(UNKNOWN, state) and state != UNKNOWN
        ]
        if said:
            answers = " UNION ALL ".join(["SELECT unnest(%s::text::bigint[]), %s, %s"] * len(said))
            origin_and_proof = [origin.get("source", "")[:200], *proof.columns]
            cursor.execute(_SAY.format(answers), [now, *origin_and_proof, *chain.from_iterable(said)])
        cursor.execute(_TELL, [_array(ids), properties, now])
        marked: dict[int, list[str]] = defaultdict(list)
        for value, those in _grouped(columns.get("tags"), order, ids):
            for tag in tags[value]:
                marked[tag] += those
        if marked:
            numbers = ",".join(",".join([str(tag)] * len(those)) for tag, those in marked.items())
            whom = ",".join(map(",".join, marked.values()))
            asked: dict[str, Any] = {"tags": sorted(marked), "tag": f"{{{numbers}}}", "contact": f"{{{whom}}}"}
            cursor.execute(_MARK, asked | {"now": now, "source": properties})
    return dict(zip(order, map(int, ids), strict=True))


def _grouped(column: Column | None, order: Sequence[int], ids: Sequence[str]) -> Iterable[tuple[Any, list[str]]]:
    """Who has each value, in the order of their ids."""
    groups: dict[Any, list[str]] = defaultdict(list)
    if column is not None:
        for place, number in zip(order, ids, strict=True):
            groups[column[place]].append(number)
        groups.pop(None, None)
    return groups.items()


def _array(ids: Sequence[str]) -> str:
    return f"{{{','.join(ids)}}}"


def _texts(values: Sequence[str]) -> str:
    """An array literal, which psycopg makes element by element; this is ten times faster."""
    if not values:
        return "{}"
    text = "\0".join(values)
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + text.replace("\0", '","') + '"}'


def copied(column: Column, nothing: str = r"\N") -> Iterable[str]:
    """A column's values as COPY reads them; None becomes `nothing`."""
    texts = [nothing if value is None else value for value in column] if None in column else column
    blob = "".join(filter(None, column))
    if "\t" in blob or "\n" in blob or "\r" in blob:
        return [nothing if value is None else value.translate(_ESCAPES) for value in column]
    if "\\" in blob:
        return [nothing if value is None else value.replace("\\", r"\\") for value in column]
    return texts
