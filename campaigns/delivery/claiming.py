"""Takes messages in hand: a committed claim with an owner and a lease, so that no two workers send the same one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import connection

from campaigns.models import Lease

LEASE = timedelta(seconds=120)

# The queue's index is walked origin by origin, each time jumping to the next one, so that what is held or not yet due
# costs one look per origin, however much of it there is. Those of a higher priority come first; among equals the random
# order lets every origin have its turn.
_PATTERN = """
WITH RECURSIVE waiting AS (
    (SELECT origin_id, channel FROM campaigns_message WHERE state = 'queued' ORDER BY origin_id, due_at LIMIT 1)
    UNION ALL
    SELECT next.origin_id, next.channel FROM waiting, LATERAL (
        SELECT origin_id, channel FROM campaigns_message
        WHERE state = 'queued' AND origin_id > waiting.origin_id ORDER BY origin_id, due_at LIMIT 1
    ) next
), open AS (
    SELECT o.id, o.key, o.priority, o.late_from,
        greatest(%(limit)s / count(*) OVER (PARTITION BY o.priority), 1) AS share{through}
    FROM waiting JOIN campaigns_origin o ON o.id = waiting.origin_id{limits}
    WHERE {unspent}NOT o.held AND waiting.channel = ANY(%(channels)s) AND EXISTS (
        SELECT FROM campaigns_message WHERE state = 'queued' AND origin_id = o.id AND due_at <= %(now)s
    )
    ORDER BY o.priority DESC, random() LIMIT %(limit)s
), due AS (
    SELECT found.id, open.key, open.priority, open.late_from{quotas} FROM open CROSS JOIN LATERAL (
        SELECT id FROM campaigns_message
        WHERE state = 'queued' AND origin_id = open.id AND due_at <= %(now)s AND channel = ANY(%(channels)s)
        ORDER BY due_at LIMIT {share} FOR UPDATE SKIP LOCKED
    ) found LIMIT %(limit)s
){picked}, leased AS (
    INSERT INTO campaigns_lease (owner, until) SELECT %(owner)s, %(until)s WHERE EXISTS (SELECT FROM {taken})
)
UPDATE campaigns_message m SET state = 'sending', owner = %(owner)s, leased_until = %(until)s
FROM {taken} AS taken WHERE m.id = taken.id
RETURNING m.id, m.contact_id, m.channel, m.origin_id, taken.key, m.content_id, m.event_id, m.attempts,
    greatest(coalesce(m.planned_at, m.due_at), taken.late_from), taken.priority
"""
_CLAIM = _PATTERN.format(
    through="", limits="", unspent="", quotas="", share="open.share", picked="", taken="due"
)  # fmt: skip
# The probe of a provider that was left alone: one due message that goes through it, also of what was paused because of
# it, whose origins are `holds`.
_PROBE = """
WITH one AS (
    SELECT m.id, o.key, o.late_from, o.priority FROM campaigns_message m
    JOIN campaigns_origin o ON o.id = m.origin_id JOIN campaigns_content c ON c.id = m.content_id
    WHERE m.state = 'queued' AND m.due_at <= %(now)s AND m.channel = %(channel)s
    AND (NOT o.held OR split_part(o.key, ':', 1) || ':' || split_part(o.key, ':', 2) = ANY(%(holds)s))
    AND %(provider)s = coalesce(
        CASE WHEN c.provider_id = ANY(%(enabled)s) THEN c.provider_id END,
        (SELECT t.provider_id FROM campaigns_topicroute t
         WHERE t.channel = m.channel AND lower(t.topic) = lower(c.topic) AND t.provider_id = ANY(%(enabled)s) LIMIT 1),
        %(usual)s
    ) LIMIT 1 FOR UPDATE OF m SKIP LOCKED
), leased AS (
    INSERT INTO campaigns_lease (owner, until) SELECT %(owner)s, %(until)s FROM one
)
UPDATE campaigns_message m SET state = 'sending', owner = %(owner)s, leased_until = %(until)s
FROM one WHERE m.id = one.id
RETURNING m.id, m.contact_id, m.channel, m.origin_id, one.key, m.content_id, m.event_id, m.attempts,
    greatest(coalesce(m.planned_at, m.due_at), one.late_from), one.priority
"""
# The first message of an origin tells through which provider it goes. What a provider with a limit would not take now
# is not claimed: neither of one origin, nor of several together.
_LIMITED = _PATTERN.format(
    through=", quota.provider, quota.n AS quota",
    limits="""
    LEFT JOIN LATERAL (
        SELECT CASE WHEN c.provider_id = ANY(%(enabled)s) THEN c.provider_id END AS named, lower(c.topic) AS topic
        FROM campaigns_message m JOIN campaigns_content c ON c.id = m.content_id
        WHERE m.state = 'queued' AND m.origin_id = o.id AND m.due_at <= %(now)s ORDER BY m.due_at LIMIT 1
    ) first ON true
    LEFT JOIN unnest(%(channels)s::text[], %(usual)s::bigint[]) AS usual (channel, provider)
        ON usual.channel = waiting.channel
    LEFT JOIN unnest(%(topic_channels)s::text[], %(topics)s::text[], %(topic_providers)s::bigint[])
        AS about (channel, topic, provider) ON about.channel = waiting.channel AND about.topic = first.topic
    LEFT JOIN unnest(%(limited)s::bigint[], %(quotas)s::bigint[]) AS quota (provider, n)
        ON quota.provider = coalesce(first.named, about.provider, usual.provider)""",
    unspent="coalesce(quota.n, 1) > 0 AND ",
    quotas=", open.provider, open.quota",
    share="least(open.share, open.quota)",
    picked=""", picked AS (
    SELECT id, key, priority, late_from FROM (
        SELECT id, key, priority, late_from, quota, row_number() OVER (PARTITION BY provider) AS n FROM due
    ) each WHERE quota IS NULL OR n <= quota
)""",
    taken="picked",
)


class Claimed(NamedTuple):
    """A message that this worker has in hand."""

    id: int
    contact_id: int
    channel: str
    origin_id: int
    origin: str
    content_id: int
    event_id: int | None
    attempts: int
    # When it was due at first, or when an operator last said what becomes of what is overdue.
    planned_at: datetime
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    owner: UUID
    messages: list[Claimed]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many messages may be taken that go through the providers of `quotas`; all others take any number.

    A message goes through the provider that it names where that is `enabled`, else through that of its topic (by
    channel and topic in small letters), else through its channel's `usual` one. One that nothing may go through has a
    quota of 0, one for which another stands in that of the other.
    """

    usual: Mapping[str, int]
    enabled: Collection[int]
    quotas: Mapping[int, int]
    topics: Mapping[tuple[str, str], int] = field(default_factory=dict)


def claim(now: datetime, limit: int, channels: Collection[str], limits: Limits | None = None) -> Claim:
    """Take up to `limit` due messages of these channels; committed when this returns. Origins of a higher priority have
    theirs first, those of the same one share fairly.

    Where few origins have much to send, fewer than `limit` may come back although more is due.
    """
    owner = uuid4()
    values: dict[str, Any] = {
        "now": now,
        "limit": limit,
        "channels": list(channels),
        "owner": owner,
        "until": now + LEASE,
    }
    if limits:
        values |= {
            "usual": [limits.usual[channel] for channel in channels],
            "enabled": list(limits.enabled),
            "limited": list(limits.quotas),
            "quotas": list(limits.quotas.values()),
            "topic_channels": [channel for channel, _topic in limits.topics],
            "topics": [topic for _channel, topic in limits.topics],
            "topic_providers": list(limits.topics.values()),
        }
    with connection.cursor() as cursor:
        cursor.execute(_LIMITED if limits else _CLAIM, values)
        return Claim(owner, sorted(starmap(Claimed, cursor.fetchall()), key=lambda taken: -taken.priority))


def claim_one(now: datetime, through: int, usual: int, channel: str, enabled: list[int], holds: list[str]) -> Claim:
    """Take one due message that goes through this provider, or none; committed when this returns.

    `usual` is what the channel's messages go through that name no provider, and have no topic with one."""
    owner = uuid4()
    values: dict[str, Any] = {
        "now": now,
        "provider": through,
        "usual": usual,
        "channel": channel,
        "enabled": enabled,
        "holds": holds,
    }
    values |= {"owner": owner, "until": now + LEASE}
    with connection.cursor() as cursor:
        cursor.execute(_PROBE, values)
        return Claim(owner, list(starmap(Claimed, cursor.fetchall())))


def begin(owner: UUID) -> bool:
    """Mark that messages of this claim are handed over from now on; committed when this returns. False where they were
    taken back because their time was over: then nothing of it may be handed over."""
    return Lease.objects.filter(owner=owner).update(begun=True) == 1
