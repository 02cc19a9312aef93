"""Writes what happened to contacts, and lets each consumer read it once, in the order of commits."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from contacts.lanes import READERS, nudge

# How far every transaction below has ended: what it wrote is either seen by this snapshot or was rolled back.
HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to a contact. `at` is `now` when left out; `key` makes recording idempotent."""

    contact_id: int
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    key: str | None = None


class LoggedEvent(NamedTuple):
    """An event as consumers read it. `epoch` is when it happened, in seconds since 1970 like `datetime.timestamp()`:
    a moment for each of a hundred thousand events takes longer to make than everything else about them."""

    id: int
    contact_id: int
    name: str
    epoch: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many events were written, had a key that was known already, or belonged to contacts that are gone."""

    recorded: int
    duplicates: int
    gone: int


def record(events: Sequence[NewEvent], now: datetime) -> Recorded:
    """Write events in one statement, in the given order for each contact.

    Contacts are locked against deletion (in the order of their ids), so that no event is left of one who is gone.
    """
    if not events:
        return Recorded(0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH given AS MATERIALIZED (
                SELECT e.* FROM ROWS FROM (
                    json_to_recordset(%s::json)
                        AS (contact_id bigint, name text, properties jsonb, at timestamptz, key text)
                ) WITH ORDINALITY AS e (contact_id, name, properties, at, key, place)
                JOIN contacts_contact c ON c.id = e.contact_id ORDER BY c.id FOR KEY SHARE OF c
            ), written AS (
                INSERT INTO contacts_event (contact_id, name, properties, at, key)
                SELECT contact_id, name, properties, COALESCE(at, %s), key FROM given ORDER BY place
                ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING 1
            )
            SELECT (SELECT count(*) FROM given), (SELECT count(*) FROM written)
            """,
            [json.dumps([_row(event) for event in events], ensure_ascii=False), now],
        )
        given, written = cursor.fetchone()
    if written:
        nudge(*READERS)
    return Recorded(written, given - written, len(events) - given)


def _row(event: NewEvent) -> dict[str, Any]:
    """An event as one JSON object: a single parameter is a good deal cheaper to pass than an array per column."""
    row: dict[str, Any] = {"contact_id": event.contact_id, "name": event.name, "properties": event.properties}
    if event.at is not None:
        row["at"] = event.at.isoformat()
    if event.key is not None:
        row["key"] = event.key
    return row


def record_for(contact_ids: Sequence[int], name: str, properties: Mapping[str, Any], now: datetime) -> dict[int, int]:
    """Write the same event for many contacts; returns the event's id for each contact that exists."""
    if not contact_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_event (contact_id, name, properties, at)
            SELECT id, %s, %s::jsonb, %s FROM (
                SELECT id FROM contacts_contact WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
            ) AS there RETURNING contact_id, id
            """,
            [name, json.dumps(properties), now, list(contact_ids)],
        )
        written = dict(cursor.fetchall())
    if written:
        nudge(*READERS)
    return written


def read(consumer: str, limit: int, names: Collection[str] | None = None) -> list[LoggedEvent]:
    """The next events that `consumer` has not read, at most `limit`; only those in `names`, when that is given.

    Runs inside the caller's transaction and moves the consumer's cursor in it: rolled back, the same events come again.
    Fewer events than `limit` mean that the end of the log was reached. Returns [] while another transaction reads for
    this consumer. Events of transactions that may still be running are left for later, so that one which commits late
    is never passed over.
    """
    position = _locked(consumer)
    if position is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.id, e.contact_id, e.name, extract(epoch FROM e.at)::float8, e.xact, horizon
            FROM (SELECT {HORIZON} AS horizon) AS h LEFT JOIN LATERAL (
                SELECT id, contact_id, name, at, xact FROM contacts_event
                WHERE (xact, id) > (%s, %s) AND xact < horizon {"" if names is None else "AND name = ANY(%s)"}
                ORDER BY xact, id LIMIT %s
            ) AS e ON true
            """,  # noqa: S608
            [*position, *([] if names is None else [list(names)]), limit],
        )
        rows = cursor.fetchall()
        found = [LoggedEvent._make(row[:4]) for row in rows if row[0] is not None]
        end = (rows[-1][4], rows[-1][0]) if len(found) == limit else _last(rows[0][5])
        if end > position:
            cursor.execute(
                "UPDATE contacts_eventcursor SET xact = %s, event_id = %s WHERE consumer = %s", [*end, consumer]
            )
    return found


def skip_to_now(consumer: str) -> None:
    """Put a consumer at the end of the log. Transactions that run just now are still read when they commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {HORIZON}")
        end = _last(cursor.fetchone()[0])
        cursor.execute(
            """
            INSERT INTO contacts_eventcursor (consumer, xact, event_id) VALUES (%s, %s, %s)
            ON CONFLICT (consumer) DO UPDATE SET xact = EXCLUDED.xact, event_id = EXCLUDED.event_id
            """,
            [consumer, *end],
        )


def _locked(consumer: str) -> tuple[int, int] | None:
    """Lock the consumer's cursor, made at the beginning of the log if it is new; None when somebody else holds it."""
    with connection.cursor() as cursor:
        select = "SELECT xact, event_id FROM contacts_eventcursor WHERE consumer = %s FOR UPDATE SKIP LOCKED"
        cursor.execute(select, [consumer])
        position = cursor.fetchone()
        if position is None:
            cursor.execute(
                "INSERT INTO contacts_eventcursor (consumer, xact, event_id) VALUES (%s, 0, 0) ON CONFLICT DO NOTHING",
                [consumer],
            )
            if cursor.rowcount:
                return 0, 0
        return position


def _last(horizon: int) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xact, id FROM contacts_event WHERE xact < %s ORDER BY xact DESC, id DESC LIMIT 1", [horizon]
        )
        return cursor.fetchone() or (0, 0)
