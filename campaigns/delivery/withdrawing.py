"""Takes back what is queued and in nobody's hands yet: skipped with a reason, or put off; and counts it first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Min

from campaigns.models import Message, MessageState
from campaigns.outbox import under
from contacts.days import day_of

# What a worker is claiming at this moment is its own.
_SKIP = """
WITH gone AS (
    SELECT id FROM campaigns_message WHERE state = 'queued' AND origin_id = ANY(%(origins)s) AND {which}
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), skipped AS (
    UPDATE campaigns_message m SET state = 'skipped', reason = %(reason)s, skipped_at = %(now)s
    FROM gone WHERE m.id = gone.id RETURNING m.origin_id, m.content_id, m.provider_id, m.country, m.language
), counted AS (
    INSERT INTO campaigns_origincount (origin_id, metric, day, n)
    SELECT origin_id, metric, CASE WHEN starts_with(metric, 'skipped:') THEN %(day)s::date END, count(*)
    FROM skipped CROSS JOIN unnest(%(metrics)s::text[]) metric GROUP BY 1, 2
), by_day AS (
    INSERT INTO campaigns_daycount (day, origin_id, content_id, provider_id, country, language, device, skipped)
    SELECT %(day)s, origin_id, content_id, provider_id, country, language, '', count(*) FROM skipped
    GROUP BY 2, 3, 4, 5, 6
)
SELECT count(*) FROM skipped
"""
# Whichever has had its turn is due no earlier than `since`, and so is not found again. The index is asked origin by
# origin: for all of them at once, everything would be read and sorted each time.
_SPREAD = """
UPDATE campaigns_message m SET planned_at = NULL,
    due_at = %(since)s + %(over)s * least(%(done)s + turn.n, %(total)s) / %(total)s FROM (
    SELECT id, row_number() OVER (ORDER BY due_at, id) - 1 AS n FROM (
        SELECT found.* FROM unnest(%(origins)s::bigint[]) origin CROSS JOIN LATERAL (
            SELECT id, due_at FROM campaigns_message
            WHERE state = 'queued' AND origin_id = origin AND due_at < %(since)s AND origin_pass > %(passes_after)s
            ORDER BY due_at LIMIT %(limit)s
        ) found ORDER BY due_at LIMIT %(limit)s
    ) earliest
) turn WHERE m.id = turn.id AND m.state = 'queued'
"""


def skip(
    prefix: str,
    reason: str,
    now: datetime,
    *,
    due_before: datetime | None = None,
    passes_upto: int | None = None,
    of_pass: int | None = None,
    limit: int | None = None,
) -> int:
    """Skip messages that are queued under an origin: all, or those due before a moment, of passes up to one, or of
    one pass; at most `limit` of them. One statement; returns how many."""
    asked = {
        "due_at < %(due)s": due_before,
        "origin_pass <= %(upto)s": passes_upto,
        "origin_pass = %(pass)s": of_pass,
    }
    which = " AND ".join(sql for sql, value in asked.items() if value is not None) or "true"
    values = {"due": due_before, "upto": passes_upto, "pass": of_pass, "limit": limit, "reason": reason}
    values |= {"now": now, "day": day_of(now)}
    return _run(_SKIP.format(which=which), prefix, values | {"metrics": ["skipped", f"skipped:{reason}"[:40]]})


def spread(
    prefix: str, over: timedelta, since: datetime, done: int, total: int, limit: int, passes_after: int | None = None
) -> int:
    """Put off at most `limit` of what was due before `since`: one after the other, evenly, in the order in which they
    were due, `done` of `total` having had their turn before. One statement; returns how many."""
    values = {"over": over, "since": since, "done": done, "total": total or 1, "limit": limit}
    return _run(_SPREAD, prefix, values | {"passes_after": passes_after or -1})


def _run(statement: str, prefix: str, values: dict) -> int:
    origins = list(under(prefix).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(statement, {"origins": origins, **values})
        return cursor.fetchone()[0] if cursor.description else cursor.rowcount


def outstanding(prefix: str, passes_upto: int) -> bool:
    """Whether anything of passes up to one is still queued, or in a worker's hands and may come back."""
    asked = Message.objects.filter(origin__in=list(under(prefix)), origin_pass__lte=passes_upto)
    return any(asked.filter(state=state).exists() for state in (MessageState.QUEUED, MessageState.SENDING))


@dataclass(frozen=True)
class Queued:
    """How many messages are queued, and since when the oldest of them is due."""

    messages: int
    oldest: datetime | None


def queued(prefix: str, due_before: datetime | None = None, passes_after: int | None = None) -> Queued:
    """All, or those that are due before a moment; with `passes_after`, of the passes after that one."""
    found = Message.objects.filter(state=MessageState.QUEUED, origin__in=list(under(prefix)))
    if due_before:
        found = found.filter(due_at__lt=due_before)
    if passes_after:
        found = found.filter(origin_pass__gt=passes_after)
    return Queued(*found.aggregate(messages=Count("pk"), oldest=Min("due_at")).values())
