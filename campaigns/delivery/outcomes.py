"""Records what came of the messages that a worker had in hand: the ledger, the timeline and the counts, in one go."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from campaigns import budget, revenue
from campaigns.counting import Of, count_by_day
from campaigns.courtesy.recent import give_back
from campaigns.delivery.claiming import Claimed
from campaigns.models import Conversion, Lease, MessageState
from contacts import consent, timeline
from contacts.days import day_of
from contacts.models import Contact
from contacts.models.consent import Channel
from contacts.timeline import NewEvent

HARD_BOUNCE = "hard bounce"

# A webhook may be faster than we are: what it said of a message in hand stands in its times and decides the state.
_RECORD = """
WITH mine AS (
    SELECT id, state, provider_id, country, language, domain, unknown_at, delivered_at, failed_at, complained_at,
        unsubscribed_at, opened_at, opened_on, clicked_at, clicked_on, contact_id
    FROM campaigns_message
    WHERE id = ANY(%(ids)s) AND owner = %(owner)s AND state IN ('sending', 'unknown') ORDER BY id FOR UPDATE
)
UPDATE campaigns_message m SET
    state = CASE WHEN o.state IN ('sent', 'unknown') AND m.failed_at IS NOT NULL THEN 'failed'
                 WHEN o.state IN ('sent', 'unknown') AND m.delivered_at IS NOT NULL THEN 'delivered'
                 ELSE o.state END,
    reason = CASE WHEN o.state IN ('sent', 'unknown') AND m.failed_at IS NOT NULL THEN m.reason
                  ELSE coalesce(o.reason, '') END,
    provider_id = o.provider, provider_message_id = coalesce(o.provider_message, m.provider_message_id),
    parts = coalesce(o.parts, 1), attempts = coalesce(o.attempts, 0), due_at = coalesce(o.due, m.due_at),
    planned_at = CASE WHEN o.due IS NULL THEN m.planned_at ELSE coalesce(m.planned_at, m.due_at) END,
    owner = NULL, leased_until = NULL,
    sent_at = CASE WHEN o.state = 'sent' THEN %(now)s
                   WHEN o.state = 'unknown' AND coalesce(m.failed_at, m.delivered_at) IS NOT NULL THEN %(now)s
                   ELSE m.sent_at END,
    failed_at = CASE WHEN o.state = 'failed' THEN coalesce(m.failed_at, %(now)s) ELSE m.failed_at END,
    skipped_at = CASE WHEN o.state = 'skipped' THEN %(now)s ELSE m.skipped_at END,
    unknown_at = CASE WHEN o.state = 'unknown' AND m.failed_at IS NULL AND m.delivered_at IS NULL THEN %(now)s END,
    country = coalesce(o.country, ''), language = coalesce(o.language, ''), domain = coalesce(o.domain, ''),
    bounced_at = CASE WHEN o.state = 'bounced' THEN %(now)s ELSE m.bounced_at END
FROM mine, json_to_recordset(%(outcomes)s::json) AS o (
    id bigint, state text, reason text, provider bigint, provider_message text, parts int, attempts int,
    due timestamptz, country text, language text, domain text
)
WHERE m.id = mine.id AND o.id = mine.id
RETURNING mine.*
"""


class Home(NamedTuple):
    """Two letters of a country, a language, and the domain of the email address; empty where unknown."""

    country: str = ""
    language: str = ""
    domain: str = ""


NOWHERE = Home()


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


def record(
    owner: UUID,
    outcomes: Sequence[Outcome],
    now: datetime,
    homes: Mapping[int, Home] = MappingProxyType({}),
    paid: Mapping[int, budget.Cost] = MappingProxyType({}),
) -> int:
    """Write the outcomes of messages that are still this owner's: a handful of statements whatever their number.

    `homes`: where the contacts are at home, as far as that is known; `paid`: what was reserved for messages, by their
    ids. Returns how many were written.
    """
    if not outcomes:
        return 0
    with transaction.atomic():
        # First, as whoever takes messages back does: else the two might wait for each other.
        Lease.objects.filter(owner=owner).delete()
        was = _write(owner, outcomes, homes, now)
        written = [_known(o, was[o.message.id]) for o in outcomes if o.message.id in was]
        timeline.record(list(_events(written, was)), now)
        _suppress(written, now)
        today = day_of(now)
        new = Counter((_of(o, homes), metric) for o in written for metric in _metrics(o, was[o.message.id]))
        differences = [(today, known, metric, n) for (known, metric), n in new.items()]
        told = [o for o in written if was[o.message.id] is not FRESH]
        converted = _converted([id for id, one in was.items() if one.opened or one.clicked or one.provider])
        for outcome in told:
            before, known = was[outcome.message.id], _of(outcome, homes)
            old = before.of(outcome.message)
            if before.state == MessageState.UNKNOWN:
                differences.append((day_of(before.unknown or now), old, "unknown", -1))
            differences += _carried_over(before, old, known, converted.get(outcome.message.id))
        count_by_day(differences)
        give_back([one.message.id for one in written if one.state not in (MessageState.SENT, MessageState.UNKNOWN)])
        revenue.carry_over(
            (outcome.message.id, was[outcome.message.id].of(outcome.message), _of(outcome, homes))
            for outcome in told
            if outcome.message.id in converted
        )
        if paid:
            budget.settle(owner, paid, {outcome.message.id: outcome.state for outcome in written}, now)
    return len(written)


class _Before(NamedTuple):
    """A message as it was when its outcome was written, with what a webhook may have said of it already."""

    state: str
    provider: int | None
    country: str
    language: str
    domain: str
    unknown: datetime | None
    delivered: datetime | None
    failed: datetime | None
    complained: datetime | None
    unsubscribed: datetime | None
    opened: datetime | None
    opened_on: str
    clicked: datetime | None
    clicked_on: str
    contact: int  # another one than was claimed, where two were merged meanwhile; 0 in FRESH: the one who was

    def of(self, message: Claimed) -> Of:
        home = self.country, self.language
        return Of(message.origin_id, message.content_id, self.provider, *home, domain=self.domain)


# As nearly all are: nobody has said anything of it while it was in hand.
FRESH = _Before(MessageState.SENDING.value, None, "", "", "", None, None, None, None, None, None, "", None, "", 0)


def _known(outcome: Outcome, before: _Before) -> Outcome:
    """What a webhook has said of a message proves that it was sent."""
    told = before.delivered or before.failed
    return replace(outcome, state=MessageState.SENT) if told and outcome.state == MessageState.UNKNOWN else outcome


def _converted(ids: Sequence[int]) -> dict[int, datetime]:
    """When messages were converted that were opened or clicked while they were in hand, or had been sent before: hardly
    ever any."""
    found = Conversion.objects.filter(message__in=ids, first=True) if ids else Conversion.objects.none()
    return dict(found.values_list("message_id", "at"))


def _carried_over(before: _Before, old: Of, new: Of, converted: datetime | None) -> Iterator[tuple[date, Of, str, int]]:
    """What was counted while the message was in hand, before it was known through whom it goes, counts there now."""
    if old == new:
        return
    devices = {"opened": before.opened_on, "clicked": before.clicked_on}
    for metric in ("delivered", "failed", "complained", "unsubscribed", "opened", "clicked"):
        if moment := getattr(before, metric):
            day, device = day_of(moment), devices.get(metric, "")
            yield day, old._replace(device=device), metric, -1
            yield day, new._replace(device=device), metric, 1
    if converted:
        yield day_of(converted), old, "converted", -1
        yield day_of(converted), new, "converted", 1


def _home(outcome: Outcome, homes: Mapping[int, Home]) -> Home:
    home = homes.get(outcome.message.contact_id, NOWHERE)
    return home if outcome.message.channel == Channel.EMAIL else home._replace(domain="")


def _of(outcome: Outcome, homes: Mapping[int, Home]) -> Of:
    message, home = outcome.message, _home(outcome, homes)
    return Of(
        message.origin_id, message.content_id, outcome.provider_id, home.country, home.language, domain=home.domain
    )


def _write(owner: UUID, outcomes: Sequence[Outcome], homes: Mapping[int, Home], now: datetime) -> dict[int, _Before]:
    rows = json.dumps([_row(outcome, _home(outcome, homes)) for outcome in outcomes], ensure_ascii=False)
    values: dict[str, Any] = {
        "owner": owner,
        "now": now,
        "ids": [outcome.message.id for outcome in outcomes],
        "outcomes": rows,
    }
    fresh = {outcome.message.id: (*FRESH[:-1], outcome.message.contact_id) for outcome in outcomes}
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        rows = cursor.fetchall()
    return {row[0]: FRESH if row[1:] == fresh[row[0]] else _Before._make(row[1:]) for row in rows}


def _row(outcome: Outcome, home: Home) -> dict[str, Any]:
    """An outcome as one JSON object without what is empty: one parameter costs less than an array per column."""
    row: dict[str, Any] = {"id": outcome.message.id, "state": outcome.state, "provider": outcome.provider_id}
    if outcome.reason:
        row["reason"] = outcome.reason.replace("\0", "")[:2000]
    if outcome.provider_message_id:
        row["provider_message"] = outcome.provider_message_id.replace("\0", "")[:255] or None
    if outcome.parts != 1:
        row["parts"] = outcome.parts
    if outcome.attempts:
        row["attempts"] = outcome.attempts
    if outcome.due_at:
        row["due"] = outcome.due_at.isoformat()
    if home != NOWHERE:
        row["country"], row["language"], row["domain"] = home
    return row


def _suppress(outcomes: Sequence[Outcome], now: datetime) -> None:
    """Where the provider says at once that there is no such address, nothing is sent to it again."""
    by_email = [outcome for outcome in outcomes if outcome.message.channel == Channel.EMAIL]
    gone = [outcome.message.contact_id for outcome in by_email if outcome.state == MessageState.BOUNCED]
    if gone:
        emails = Contact.objects.filter(pk__in=gone).exclude(email=None).values_list("email", flat=True)
        consent.suppress(Channel.EMAIL, [email for email in emails if email], HARD_BOUNCE, now)


def _events(outcomes: Sequence[Outcome], was: Mapping[int, _Before]) -> Iterator[NewEvent]:
    for outcome in outcomes:
        if outcome.state in (MessageState.SENT, MessageState.FAILED, MessageState.BOUNCED):
            message = outcome.message
            if outcome.state == MessageState.FAILED and was[message.id].failed:
                continue  # the webhook has said so
            properties = {"message": message.id, "origin": message.origin, **outcome.properties}
            if outcome.state != MessageState.SENT:
                properties["reason"] = outcome.reason[:500]
            yield NewEvent(
                was[message.id].contact or message.contact_id, f"{message.channel}.{outcome.state}", properties
            )


def _metrics(outcome: Outcome, before: _Before) -> Iterator[str]:
    if outcome.state != MessageState.QUEUED and not (outcome.state == MessageState.FAILED and before.failed):
        yield str(outcome.state)
    if outcome.state == MessageState.SKIPPED:
        yield f"skipped:{outcome.reason}"
