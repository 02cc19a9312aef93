"""Counts clicks on links of which an email service tells, as those that we see ourselves."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from campaigns.notices.changing import Change
from contacts.days import day_of
from contacts.timeline import NewEvent

# A contact's first click on a link of an origin, and then the first one in each message (see tracking.visits).
_KEEP = """
INSERT INTO campaigns_linkclick (message_id, number, origin_id, content_id, contact_id, at, first)
SELECT c.*, %s, %s FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[]) AS c
    (message, number, origin, content, contact) ORDER BY message, number
ON CONFLICT DO NOTHING RETURNING message_id, number
"""
_COUNT = """
INSERT INTO campaigns_linkcount (day, origin_id, content_id, number, clicks, people)
SELECT %s, origin, content, number, count(*), count(*) FILTER (WHERE first)
FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::boolean[]) AS c (origin, content, number, first) GROUP BY 2, 3, 4
"""


def count(changes: Sequence[Change], now: datetime) -> list[NewEvent]:
    """Three statements, or none. Returns the events to be recorded."""
    clicks = {(change.message.pk, number): change for change in changes for number in change.links}
    if not clicks:
        return []
    rows = [(pk, number, *_keys(change)) for (pk, number), change in clicks.items()]
    counted: list[tuple[int, int, int, bool]] = []
    with connection.cursor() as cursor:
        for first in (True, False):
            cursor.execute(_KEEP, [now, first, *(list(column) for column in zip(*rows, strict=True))])
            for pk, number in cursor.fetchall():
                message = clicks[pk, number].message
                counted.append((message.origin_id, message.content_id, number, first))
        if counted:
            cursor.execute(_COUNT, [day_of(now), *(list(column) for column in zip(*counted, strict=True))])
    return [
        NewEvent(
            change.message.contact_id,
            "email.clicked",
            {**change.about, "url": change.links[number], "link": number},
            key=f"click:{pk}:{number}",
        )
        for (pk, number), change in clicks.items()
    ]


def _keys(change: Change) -> tuple[int, int, int]:
    return change.message.origin_id, change.message.content_id, change.message.contact_id
