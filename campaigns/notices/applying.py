"""Applies kept notices to the ledger in batches: states, timeline, counts, suppression and consent.

A batch takes a fixed handful of statements.

What is said of a message is a set: in whatever order and however often it comes, the message ends the same. So each
thing is written the first time it is heard, and the state is that of the gravest. A message that comes back after it
was said to be delivered was not, and counts as bounced only; it stays among what was sent, which is what a provider has
taken.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from campaigns import budget
from campaigns.counting import Of, count_by_day, of
from campaigns.delivery.outcomes import HARD_BOUNCE
from campaigns.models import Message, MessageState, Notice, What
from campaigns.notices import bursts, clicking, judging, softly
from campaigns.notices.changing import Change, write
from contacts import consent, timeline
from contacts.days import day_of
from contacts.models import ConsentState, Contact, Installation
from contacts.models.consent import Channel
from contacts.timeline import NewEvent

BATCH = 1000
# A service may be faster than the worker that has the message in hand, and knows it under a number we do not have yet.
LATER, PATIENCE = timedelta(seconds=5), timedelta(minutes=10)
HARD, COMPLAINT, SOURCE = HARD_BOUNCE, "complaint", "email service"
_LEAVES = (What.COMPLAINED, What.UNSUBSCRIBED)

_CLAIM = """
SELECT id FROM campaigns_notice WHERE due_at <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
# By our own number where our token came back; else by the service's, which some give to all recipients of one call.
_FIND = """
SELECT n.id, coalesce(mine.id, theirs.id), coalesce(mine.contact_id, theirs.contact_id)
FROM campaigns_notice n
LEFT JOIN campaigns_message mine ON mine.id = n.message_id AND coalesce(mine.provider_id, n.provider_id) = n.provider_id
LEFT JOIN LATERAL (
    SELECT min(id) AS id, min(contact_id) AS contact_id FROM campaigns_message
    WHERE provider_message_id = n.provider_message_id AND provider_id = n.provider_id HAVING count(*) = 1
) theirs ON n.message_id IS NULL AND n.provider_message_id <> ''
WHERE n.id = ANY(%s)
"""
_DONE = """
UPDATE campaigns_notice n SET due_at = CASE WHEN id = ANY(%s) AND received_at > %s THEN %s::timestamptz END
WHERE id = ANY(%s)
"""


def apply(now: datetime) -> bool:
    """One slice: one batch. Returns whether more may be waiting."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [now, BATCH])
            ids = [row[0] for row in cursor.fetchall()]
        if ids:
            waiting = _apply(ids, now)
            with connection.cursor() as cursor:
                cursor.execute(_DONE, [waiting, now - PATIENCE, now + LATER, ids])
    return len(ids) == BATCH


def _apply(ids: Sequence[int], now: datetime) -> list[int]:
    """Returns those that have to wait: their message is in a worker's hands, or not known yet."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [list(ids)])
        found = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    notices = list(Notice.objects.filter(pk__in=ids).select_related("provider").order_by("pk"))
    contacts = {found[n.pk][1] for n in notices if n.what in _LEAVES and found[n.pk][0]}
    if contacts:
        # First, as whoever unsubscribes by a link does, so that nobody waits in a circle.
        list(Contact.objects.select_for_update(no_key=True).filter(pk__in=contacts).order_by("pk").values_list("pk"))
    wanted = {message for message, _contact in found.values() if message}
    rows = Message.objects.select_for_update(of=("self",)).select_related("origin", "contact")
    messages = {row.pk: row for row in rows.filter(pk__in=wanted).order_by("pk")}
    changes: dict[int, Change] = {}
    installation = Installation.current()
    waiting = []
    in_bursts = bursts.machine_made(notices, {pk: message for pk, (message, _contact) in found.items() if message})
    for notice in notices:
        message = messages.get(found[notice.pk][0] or 0)
        if message is None or message.state in (MessageState.SENDING, MessageState.QUEUED):
            waiting.append(notice.pk)
        else:
            changes.setdefault(message.pk, Change(message, installation, now)).hear(notice, notice.pk in in_bursts)
    news = [change for change in changes.values() if change.is_news]
    write(news)
    _leave(news, now)
    events = [event for change in changes.values() for event in change.events]
    by_machines, visits = judging.keep(list(changes.values()), now)
    timeline.record([*events, *clicking.count(list(changes.values()), now), *by_machines], now)
    count_by_day([*_differences(news, now), *visits])
    _suppress(changes.values(), now)
    budget.refund([(c.message.channel, c.was_unknown_at) for c in news if c.never_taken and c.was_unknown_at], now)
    return waiting


def _differences(news: Iterable[Change], now: datetime) -> Iterable[tuple[date, Of, str, int]]:
    today = day_of(now)
    for change in news:
        which = of(change.message)
        for metric in change.metrics:
            device = {"opened": change.message.opened_on, "clicked": change.message.clicked_on}.get(metric, "")
            yield today, which._replace(device=device), metric, 1
        if change.was_unknown_at:
            yield day_of(change.was_unknown_at), which, "unknown", -1
        if change.was_delivered_at:
            yield day_of(change.was_delivered_at), which, "delivered", -1


def _leave(news: Sequence[Change], now: datetime) -> None:
    """Who complains wants nothing more either."""
    leaving = {change.message.contact_id: change for change in news if change.leaves}
    facts = {pk: change.proof for pk, change in leaving.items()}
    state, by = ConsentState.UNSUBSCRIBED, consent.Proof(SOURCE)
    changed = consent.set_state(sorted(leaving), Channel.EMAIL, state, SOURCE, now, by, facts)
    timeline.record(
        [NewEvent(pk, "email.unsubscribed", {**leaving[pk].about, "source": SOURCE}) for pk in sorted(changed)],
        now,
    )


def _suppress(changes: Iterable[Change], now: datetime) -> None:
    listed = list(changes)
    for reason, addresses in (
        (HARD, [change.address for change in listed if change.hard]),
        (COMPLAINT, [change.address for change in listed if change.complained]),
        (softly.REASON, softly.given_up([change for change in listed if change.soft])),
    ):
        if addresses:
            consent.suppress(Channel.EMAIL, addresses, reason, now)
