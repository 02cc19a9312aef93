"""Keeps notices as they come in: one insert per call, whatever is in it, and nothing that waits for another one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from campaigns.models import Provider
from campaigns.notices.reading import OLD, Read

# Longer than anything older would be read: what comes twice is known by its key.
KEPT = OLD + timedelta(days=2)
FORGOTTEN_AT_ONCE = 5000

_KEEP = """
INSERT INTO campaigns_notice (provider_id, key, what, message_id, provider_message_id, recipient, reason, url, device,
    at, received_at, due_at)
SELECT %s, n.*, %s, %s FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::timestamptz[]) AS n
ON CONFLICT (provider_id, key) DO NOTHING
"""


def keep(provider: Provider, notices: Sequence[Read], now: datetime) -> int:
    """One statement. Returns how many are news."""
    if not notices:
        return 0
    columns = zip(
        *(
            (n.key, n.what, n.message_id, n.provider_message_id, n.recipient, n.reason, n.url, n.device, n.at)
            for n in notices
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [provider.pk, now, now, *(list(column) for column in columns)])
        return cursor.rowcount


def forget(now: datetime) -> bool:
    """What was applied long ago. Returns whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM campaigns_notice WHERE id IN (
                SELECT id FROM campaigns_notice WHERE id <= (
                    SELECT max(id) FROM (SELECT id, received_at FROM campaigns_notice ORDER BY id LIMIT %s) first
                    WHERE received_at < %s
                ) AND due_at IS NULL AND received_at < %s ORDER BY id LIMIT %s
            )
            """,
            [FORGOTTEN_AT_ONCE, now - KEPT, now - KEPT, FORGOTTEN_AT_ONCE],
        )
        return cursor.rowcount == FORGOTTEN_AT_ONCE


def last_received(provider: Provider) -> datetime | None:
    """When the provider last told something new."""
    return provider.notice_set.order_by("-received_at").values_list("received_at", flat=True).first()
