"""Records what came of the messages that a worker had in hand: the ledger, the timeline and the counts, in one go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from campaigns.claiming import Claimed
from campaigns.counting import count
from campaigns.models import MessageState
from contacts import timeline
from contacts.timeline import NewEvent

# A webhook may be faster than we are: what it said of a message in hand stands in its times and decides the state.
_RECORD = """
WITH mine AS (
    SELECT id, state FROM campaigns_message
    WHERE id = ANY(%(ids)s) AND owner = %(owner)s AND state IN ('sending', 'unknown') ORDER BY id FOR UPDATE
)
UPDATE campaigns_message m SET
    state = CASE WHEN o.state IN ('sent', 'unknown') AND m.failed_at IS NOT NULL THEN 'failed'
                 WHEN o.state IN ('sent', 'unknown') AND m.delivered_at IS NOT NULL THEN 'delivered'
                 ELSE o.state END,
    reason = CASE WHEN o.state IN ('sent', 'unknown') AND m.failed_at IS NOT NULL THEN m.reason ELSE o.reason END,
    provider_id = o.provider, provider_message_id = coalesce(o.provider_message, m.provider_message_id),
    parts = o.parts, attempts = o.attempts, due_at = coalesce(o.due, m.due_at), owner = NULL, leased_until = NULL,
    sent_at = CASE WHEN o.state = 'sent' THEN %(now)s ELSE m.sent_at END,
    failed_at = CASE WHEN o.state = 'failed' THEN %(now)s ELSE m.failed_at END,
    bounced_at = CASE WHEN o.state = 'bounced' THEN %(now)s ELSE m.bounced_at END
FROM mine, unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(providers)s::bigint[],
                  %(provider_messages)s::text[], %(parts)s::int[], %(attempts)s::int[], %(dues)s::timestamptz[])
     AS o (id, state, reason, provider, provider_message, parts, attempts, due)
WHERE m.id = mine.id AND o.id = mine.id
RETURNING m.id, mine.state
"""


@dataclass(slots=True)
class Outcome:
    """What came of one claimed message; `due_at` is set where it goes back to the queue."""

    message: Claimed
    state: str
    reason: str = ""
    provider_id: int | None = None
    provider_message_id: str = ""
    parts: int = 1
    attempts: int = 0
    due_at: datetime | None = None
    properties: dict[str, Any] = field(default_factory=dict)  # of the event, besides message and origin


def record(owner: UUID, outcomes: Sequence[Outcome], now: datetime) -> int:
    """Write the outcomes of messages that are still this owner's: three statements whatever their number.

    Returns how many were written.
    """
    if not outcomes:
        return 0
    with transaction.atomic():
        was = _write(owner, outcomes, now)
        written = [outcome for outcome in outcomes if outcome.message.id in was]
        timeline.record(list(_events(written)), now)
        count(
            [
                *((o.message.origin_id, metric, 1) for o in written for metric in _metrics(o)),
                *((o.message.origin_id, "unknown", -1) for o in written if was[o.message.id] == MessageState.UNKNOWN),
            ]
        )
    return len(written)


def _write(owner: UUID, outcomes: Sequence[Outcome], now: datetime) -> dict[int, str]:
    values: dict[str, Any] = {
        "owner": owner,
        "now": now,
        "ids": [o.message.id for o in outcomes],
        "states": [o.state for o in outcomes],
        "reasons": [o.reason.replace("\0", "")[:2000] for o in outcomes],
        "providers": [o.provider_id for o in outcomes],
        "provider_messages": [o.provider_message_id.replace("\0", "")[:255] or None for o in outcomes],
        "parts": [o.parts for o in outcomes],
        "attempts": [o.attempts for o in outcomes],
        "dues": [o.due_at for o in outcomes],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        return dict(cursor.fetchall())


def _events(outcomes: Sequence[Outcome]) -> Iterator[NewEvent]:
    for outcome in outcomes:
        if outcome.state in (MessageState.SENT, MessageState.FAILED, MessageState.BOUNCED):
            message = outcome.message
            properties = {"message": message.id, "origin": message.origin, **outcome.properties}
            if outcome.state != MessageState.SENT:
                properties["reason"] = outcome.reason[:500]
            yield NewEvent(message.contact_id, f"{message.channel}.{outcome.state}", properties)


def _metrics(outcome: Outcome) -> Iterator[str]:
    if outcome.state != MessageState.QUEUED:
        yield str(outcome.state)
    if outcome.state == MessageState.SKIPPED:
        yield f"skipped:{outcome.reason}"
