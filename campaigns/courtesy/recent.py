"""Keeps what counts towards caps short and true: places given back, old rows thrown away; tells who is at a cap."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from campaigns.courtesy import judging
from campaigns.courtesy.judging import Cap, Rules
from campaigns.models import RecentMessage
from contacts.segments.where import NOBODY, Where

# Longer than the longest window, for clocks are not the same everywhere.
KEPT = judging.WEEK + timedelta(hours=1)
SLICE = 50_000


def give_back(message_ids: Sequence[int]) -> None:
    """These were not sent after all: their contacts may get another message instead."""
    if message_ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM campaigns_recentmessage WHERE message_id = ANY(%s)", [list(message_ids)])


def prune(now: datetime) -> bool:
    """Throw a slice of what no window reaches any more away. Returns whether there may be more."""
    old = RecentMessage.objects.filter(at__lt=now - KEPT).order_by().values("pk")[:SLICE]
    with connection.cursor() as cursor:
        sql, params = old.query.sql_with_params()
        cursor.execute(f"DELETE FROM campaigns_recentmessage WHERE message_id IN ({sql})", params)  # noqa: S608 - ours
        return cursor.rowcount == SLICE


def at_cap(channel: str, rules: Rules, now: datetime) -> Where:
    """The contacts who would be skipped at this moment if they were sent one more on the channel. Read once for any
    number of contacts."""
    caps = [cap for cap in rules.caps if cap.channel in ("", channel)]
    if not caps or not rules.skips_capped:
        return NOBODY
    # One after the other: that is several times as quick as to look at each row for all of them.
    full = [_full(cap, now) for cap in caps]
    either = " UNION ALL ".join(one.sql for one in full)
    return Where(f"contacts_contact.id IN ({either})", tuple(value for one in full for value in one.params))


def _full(cap: Cap, now: datetime) -> Where:
    channel: tuple[str, ...] = (cap.channel,) if cap.channel else ()
    return Where(
        "SELECT contact_id FROM campaigns_recentmessage WHERE at > %s"  # noqa: S608 - our own text
        f"{' AND channel = %s' if channel else ''} GROUP BY contact_id HAVING count(*) >= %s",
        (now - cap.span, *channel, cap.most),
    )
