"""Keeps notices as they come in: one insert per call, whatever is in it, and nothing that waits for another one."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from campaigns.models import Provider
from campaigns.notices.reading import OLD, Read

# Longer than anything older would be read: what comes twice is known by its key.
KEPT = OLD + timedelta(days=2)
FORGOTTEN_AT_ONCE = 5000

_KEEP = """
INSERT INTO campaigns_notice (provider_id, key, what, message_id, provider_message_id, recipient, reason, url, agent,
    device, at, received_at, due_at)
SELECT %s, n.*, %s, %s FROM json_to_recordset(%s::json) AS n (key text, what text, message_id bigint,
    provider_message_id text, recipient text, reason text, url text, agent text, device text, at timestamptz)
WHERE EXISTS (SELECT FROM campaigns_provider WHERE id = %s AND kind = %s AND secrets = %s AND created_at = %s)
ON CONFLICT (provider_id, key) DO NOTHING
"""


def keep(provider: Provider, notices: Sequence[Read], now: datetime) -> int:
    """One statement, which keeps nothing if the account is another one by now. Returns how many are news."""
    if not notices:
        return 0
    # One parameter is a good deal cheaper to pass than an array per column.
    told = json.dumps([vars(notice) | {"at": notice.at.isoformat()} for notice in notices], ensure_ascii=False)
    account = [provider.pk, provider.kind, provider.secrets, provider.created_at]
    return _insert([provider.pk, now, now, told, *account])


def _insert(values: Sequence[Any]) -> int:
    """Whether the connection still works shows by the statement itself: as it may come twice, it is tried again."""
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _inserted(values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _inserted(values)


def _inserted(values: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
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
