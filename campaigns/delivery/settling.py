"""Settles what workers that are gone had in hand: back into the queue, or unknown where its hand-over had begun."""

import random
from datetime import datetime, timedelta

from django.db import connection, transaction

from campaigns import budget
from campaigns.counting import Of, count
from campaigns.delivery import outcomes
from campaigns.delivery.claiming import Claimed
from campaigns.delivery.outcomes import Outcome
from campaigns.models import Lease, Message, MessageState

ABANDONED = "The worker stopped while handing it over."
RETURNED = "The worker stopped before handing it over."
# What makes workers stop is not tried for ever. It comes back spread over more minutes each time, so that it ends up in
# batches with hardly anything else.
MOST_RETURNS = 12
HOPELESS = "Workers stopped again and again while they made it ready."
APART = timedelta(minutes=1)
SLICE = 10  # claims taken back in one go: each may be of hundreds of messages

# What was claimed and not begun goes back to the queue, and is not looked at here.
_UNKNOWN = """
WITH lost AS (
    SELECT id FROM campaigns_message m WHERE state = 'sending' AND leased_until < %s
    AND NOT EXISTS (SELECT FROM campaigns_lease l WHERE l.owner = m.owner AND NOT l.begun)
    ORDER BY leased_until LIMIT 1000 FOR UPDATE OF m SKIP LOCKED
)
UPDATE campaigns_message m SET leased_until = NULL,
    state = CASE WHEN failed_at IS NOT NULL THEN 'failed' WHEN delivered_at IS NOT NULL THEN 'delivered'
            ELSE 'unknown' END,
    reason = CASE WHEN failed_at IS NULL AND delivered_at IS NULL THEN %s ELSE reason END,
    sent_at = CASE WHEN failed_at IS NULL AND delivered_at IS NULL THEN sent_at ELSE %s END,
    unknown_at = CASE WHEN failed_at IS NULL AND delivered_at IS NULL THEN %s::timestamptz END
FROM lost WHERE m.id = lost.id
RETURNING m.state, m.origin_id, m.content_id, m.provider_id, m.country, m.language, '', m.domain
"""
_FORGET = """
DELETE FROM campaigns_lease WHERE owner IN (
    SELECT owner FROM campaigns_lease WHERE until < %s AND begun FOR UPDATE SKIP LOCKED
)
"""


def settle(now: datetime) -> int:
    """Whatever is in the hands of a worker whose lease is over: returns how many messages that were.

    What was not handed over goes back into the queue. Everything else becomes unknown: it may have been handed over, so
    nobody sends it again. A webhook may have told what became of it already. Its owner stays written, so that a worker
    which was only slow may still record what really happened.
    """
    back = 0
    if Lease.objects.filter(until__lt=now).exists():
        for _ in range(SLICE):
            n = _take_back(now)
            if n is None:
                break
            back += n
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [now])
    return back + _give_up(now)


def _take_back(now: datetime) -> int | None:
    """The messages of one claim that was never begun; None where there is none. Whoever deletes its lease has them:
    nobody can begin it any more."""
    with transaction.atomic():
        lapsed = Lease.objects.filter(until__lt=now, begun=False).order_by("until")
        owner = lapsed.select_for_update(skip_locked=True).values_list("owner", flat=True).first()
        if owner is None:
            return None
        Lease.objects.filter(owner=owner).delete()
        held = Message.objects.filter(state=MessageState.SENDING, leased_until__lt=now, owner=owner)
        done = [_returned(message, now) for message in held.select_related("origin")]
        outcomes.record(owner, done, now)
        budget.give_back(owner)
    return len(done)


def _returned(message: Message, now: datetime) -> Outcome:
    taken = Claimed(
        message.pk,
        message.contact_id,
        message.channel,
        message.origin_id,
        message.origin.key,
        message.content_id,
        message.event_id,
        message.attempts,
        message.planned_at or message.due_at,
    )
    if message.delivered_at or message.failed_at:  # a webhook told what became of it when it was sent before
        return Outcome(taken, MessageState.UNKNOWN, attempts=message.attempts)
    if message.attempts >= MOST_RETURNS:
        return Outcome(taken, MessageState.FAILED, HOPELESS, attempts=message.attempts)
    due = now + random.random() * message.attempts * APART  # noqa: S311 - chance, not secrecy
    return Outcome(taken, MessageState.QUEUED, RETURNED, attempts=message.attempts + 1, due_at=due)


def _give_up(now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UNKNOWN, [now, ABANDONED, now, now])
        rows = cursor.fetchall()
        unknown, sent = MessageState.UNKNOWN.value, MessageState.SENT.value
        count([(Of(*keys), unknown if state == unknown else sent, 1) for state, *keys in rows], now)
        if rows:
            budget.settle_lost(now)
    return len(rows)
