"""Tells which addresses have bounced softly so often in a row that they are given up."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from campaigns.notices.changing import Change

REASON = "soft bounces"

# The newest messages of the contact of which it is known whether they arrived; none of them did. One that bounced
# after it was delivered has not arrived either.
_GIVEN_UP = """
SELECT asked.contact_id FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS asked (contact_id, times, days)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE bounced_at IS NOT NULL) AS bounced FROM (
        SELECT bounced_at FROM campaigns_message m
        WHERE m.contact_id = asked.contact_id AND m.channel = 'email'
            AND m.sent_at > %s - make_interval(days => asked.days)
            AND coalesce(m.bounced_at, m.delivered_at) IS NOT NULL
        ORDER BY m.id DESC LIMIT asked.times
    ) newest
) told WHERE told.bounced >= asked.times
"""


def given_up(changes: Sequence[Change]) -> list[str]:
    """The addresses, by the rule of the provider that tells of the bounce. One query, or none."""
    asked: dict[int, Change] = {c.message.contact_id: c for c in changes if c.settings.get("soft_bounces", 3)}
    if not asked:
        return []
    values: list[Any] = [
        list(asked),
        [change.settings.get("soft_bounces", 3) for change in asked.values()],
        [change.settings.get("soft_bounce_days", 30) for change in asked.values()],
        next(iter(asked.values())).now,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_UP, values)
        return [asked[contact_id].address for (contact_id,) in cursor.fetchall()]
