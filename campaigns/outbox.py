"""Where whoever wants something sent puts it; the sender takes it from here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from campaigns.counting import Of, count
from campaigns.models import Content, MessageState, Origin
from contacts.columns import Columns
from contacts.lanes import nudge

# The origin is found by its key in the same statement, so that nothing about it needs to be remembered between calls.
_INSERT = """
WITH wanted AS (
    INSERT INTO campaigns_message
        (contact_id, channel, origin_id, origin_pass, visit, content_id, event_id, queued_at, due_at, state, reason,
         skipped_at)
    SELECT row.contact_id, %s, origin.id, row.pass, row.visit, %s, row.event_id, %s, row.due_at, %s, %s, %s
    FROM campaigns_origin origin, (SELECT {columns}) AS row (contact_id, pass, visit, event_id, due_at)
    WHERE origin.key = %s
    {conflict}
    RETURNING origin_id
)
INSERT INTO campaigns_origincount (origin_id, metric, n)
SELECT origin_id, 'queued', count(*) FROM wanted GROUP BY 1
RETURNING n
"""


def enqueue(
    origin_key: str,
    content: Content,
    contact_ids: Sequence[int],
    passes: Sequence[int],
    visits: Sequence[int],
    event_ids: Sequence[int | None],
    now: datetime,
    due_at: datetime | Sequence[datetime] | None = None,
    skipped: str = "",
) -> int:
    """Queue one message of `content` per place of the four parallel lists; returns how many are new.

    One statement whatever their number. What was asked for before (same origin, pass and visit) is left as it is.
    `due_at` is one moment for all, or a list with one for each; without it, now.
    With a reason in `skipped` they are only written down, as messages that were not sent because of it.
    """
    if not contact_ids:
        return 0
    due_at = now if due_at is None else due_at
    columns = Columns()
    rows = [
        columns.many("bigint", contact_ids),
        columns.any("bigint", passes),
        columns.any("int", visits),
        columns.any("bigint", event_ids),
        columns.any("timestamptz", due_at),
    ]
    state = MessageState.SKIPPED if skipped else MessageState.QUEUED
    values = [
        content.channel,
        content.pk,
        now,
        state,
        skipped,
        now if skipped else None,
        *columns.values,
        origin_key,
    ]
    try:
        # Nearly always all of them are new, and then not having to look for others saves two fifths of the time.
        with transaction.atomic():
            new = _insert(rows, values, "")
    except IntegrityError:
        new = _insert(rows, values, "ON CONFLICT DO NOTHING")
    if not new:
        # Either the origin is not there yet, or everything was asked for before, and then asking again is harmless.
        Origin.objects.get_or_create(key=origin_key)
        new = _insert(rows, values, "ON CONFLICT DO NOTHING")
    if new and skipped:
        origin = Origin.objects.values_list("pk", flat=True).get(key=origin_key)
        count([(Of(origin, content.pk), "skipped", new), (Of(origin, content.pk), f"skipped:{skipped}", new)], now)
    elif new and (due_at if isinstance(due_at, datetime) else min(due_at)) <= now:
        nudge("send")
    return new


def _insert(rows: list[str], values: list[Any], conflict: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(columns=", ".join(rows), conflict=conflict), values)
        row = cursor.fetchone()
    return row[0] if row else 0


def prepare(origin_keys: Sequence[str]) -> None:
    """Have these origins there before anybody asks for messages: two workers that both make one wait for each other."""
    Origin.objects.bulk_create([Origin(key=key) for key in origin_keys], ignore_conflicts=True)


def hold(origin_prefix: str) -> None:
    """Hand nothing more of these origins to a provider until they are released; what is queued stays queued."""
    under(origin_prefix).update(held=True)


def release(origin_prefix: str) -> None:
    if under(origin_prefix).update(held=False):
        nudge("send")


def under(prefix: str) -> QuerySet[Origin]:
    """The origin of this key and those that continue it: "scenario:12" covers "scenario:12:n7", not "scenario:120"."""
    return Origin.objects.filter(Q(key=prefix) | Q(key__startswith=f"{prefix}:"))
