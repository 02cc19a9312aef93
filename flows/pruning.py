"""Throws away the steps and events that are older than the installation wants to keep them, slice by slice.

Both tables are walked in the order of ids once a day, so that pruning needs no index of its own, which everybody who
writes would pay for. The counts of nodes and messages are kept apart and stay what they are.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from contacts.models import Installation
from flows.models.sweep import Sweep

EVERY = timedelta(days=1)
SLICE = 2_000  # passes or events that are looked at in one transaction

# Whoever is still inside keeps all steps: loops are counted by them.
_STEPS = """
WITH slice AS (SELECT id, finished_at FROM flows_execution WHERE id > %(after)s ORDER BY id LIMIT %(slice)s),
gone AS (
    DELETE FROM flows_step WHERE execution_id = ANY(
        ARRAY(SELECT id FROM slice WHERE finished_at < %(before)s)
    )
) SELECT max(id), count(*) FROM slice
"""
# What a consumer has not read stays, and what templates may still say: of messages that are to be sent, and of passes
# that go on. OFFSET 0 has it look for those contact by contact, whatever the planner thinks of the tables' sizes.
_EVENTS = """
WITH slice AS (SELECT id, contact_id, xact, at FROM contacts_event WHERE id > %(after)s ORDER BY id LIMIT %(slice)s),
gone AS (
    DELETE FROM contacts_event WHERE id = ANY(ARRAY(
        SELECT id FROM slice WHERE at < %(before)s
        AND (xact, id) <= (SELECT xact, event_id FROM contacts_eventcursor ORDER BY xact, event_id LIMIT 1)
        AND NOT EXISTS (
            SELECT FROM campaigns_message m WHERE m.contact_id = slice.contact_id AND m.event_id = slice.id
            AND m.state IN ('queued', 'sending') OFFSET 0
        ) AND NOT EXISTS (
            SELECT FROM flows_execution e WHERE e.contact_id = slice.contact_id AND e.event_id = slice.id
            AND e.finished_at IS NULL OFFSET 0
        )
    ))
) SELECT max(id), count(*) FROM slice
"""
_HITS = """
WITH slice AS (SELECT id, at FROM campaigns_hit WHERE id > %(after)s ORDER BY id LIMIT %(slice)s),
gone AS (DELETE FROM campaigns_hit WHERE id = ANY(ARRAY(SELECT id FROM slice WHERE at < %(before)s)))
SELECT max(id), count(*) FROM slice
"""


def steps(now: datetime) -> bool:
    """One slice of the walk over passes: the steps of those that ended long ago go. Whether there may be more."""
    return _walk("steps", _STEPS, lambda installation: installation.keep_steps_days, now)


def events(now: datetime) -> bool:
    """One slice of the walk over events. Returns whether there may be more."""
    return _walk("events", _EVENTS, lambda installation: installation.keep_events_days, now)


def hits(now: datetime) -> bool:
    """One slice of the walk over the visits to messages, which are kept as long as events."""
    return _walk("hits", _HITS, lambda installation: installation.keep_events_days, now)


@transaction.atomic
def _walk(name: str, sql: str, days_of: Callable[[Installation], int | None], now: datetime) -> bool:
    days = days_of(Installation.current())
    if days is None:
        return False
    Sweep.objects.get_or_create(name=name)
    sweep = Sweep.objects.select_for_update(skip_locked=True).filter(name=name).first()
    if sweep is None or (sweep.rested_at and sweep.position == 0 and sweep.rested_at > now - EVERY):
        return False
    with connection.cursor() as cursor:
        cursor.execute(sql, {"after": sweep.position, "before": now - timedelta(days=days), "slice": SLICE})
        last, seen = cursor.fetchone()
    sweep.position = last if seen == SLICE else 0
    sweep.rested_at = sweep.rested_at if sweep.position else now
    sweep.save()
    return sweep.position > 0
