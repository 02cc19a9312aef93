"""Records what came of the messages that a worker had in hand: the ledger, the timeline and the counts, in one go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from campaigns.claiming import Claimed
from campaigns.counting import Of, count
from campaigns.models import Conversion, MessageState
from contacts import timeline
from contacts.timeline import NewEvent

# A webhook may be faster than we are: what it said of a message in hand stands in its times and decides the state.
_RECORD = """
WITH mine AS (
    SELECT id, state, provider_id, country, language FROM campaigns_message
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
    skipped_at = CASE WHEN o.state = 'skipped' THEN %(now)s ELSE m.skipped_at END,
    country = o.country, language = o.language,
    bounced_at = CASE WHEN o.state = 'bounced' THEN %(now)s ELSE m.bounced_at END
FROM mine, unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(providers)s::bigint[],
                  %(provider_messages)s::text[], %(parts)s::int[], %(attempts)s::int[], %(dues)s::timestamptz[],
                  %(countries)s::text[], %(languages)s::text[])
     AS o (id, state, reason, provider, provider_message, parts, attempts, due, country, language)
WHERE m.id = mine.id AND o.id = mine.id
RETURNING m.id, mine.state, mine.provider_id, mine.country, mine.language,
    m.delivered_at, m.failed_at, m.complained_at, m.unsubscribed_at,
    m.opened_at, m.opened_on, m.clicked_at, m.clicked_on
"""


# Two letters of a country and a language, as in ("FR", "fr"); empty where unknown.
Home = tuple[str, str]


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
    owner: UUID, outcomes: Sequence[Outcome], now: datetime, homes: Mapping[int, Home] = MappingProxyType({})
) -> int:
    """Write the outcomes of messages that are still this owner's: a handful of statements whatever their number.

    `homes`: where the contacts are at home, as far as that is known. Returns how many were written.
    """
    if not outcomes:
        return 0
    with transaction.atomic():
        was = _write(owner, outcomes, homes, now)
        written = [outcome for outcome in outcomes if outcome.message.id in was]
        timeline.record(list(_events(written)), now)
        differences = list[tuple[Of, str, int]]()
        converted = _converted([id for id, before in was.items() if before.opened or before.clicked])
        for outcome in written:
            before, known = was[outcome.message.id], _of(outcome, homes)
            differences += [(known, metric, 1) for metric in _metrics(outcome)]
            if before.state == MessageState.UNKNOWN:
                differences.append((before.of(outcome.message), "unknown", -1))
            _carry_over(before, before.of(outcome.message), known, converted.get(outcome.message.id))
        count(differences, now)
    return len(written)


class _Before(NamedTuple):
    """A message as it was when its outcome was written, with what a webhook may have said of it already."""

    state: str
    provider: int | None
    country: str
    language: str
    delivered: datetime | None
    failed: datetime | None
    complained: datetime | None
    unsubscribed: datetime | None
    opened: datetime | None
    opened_on: str
    clicked: datetime | None
    clicked_on: str

    def of(self, message: Claimed) -> Of:
        return Of(message.origin_id, message.content_id, self.provider, self.country, self.language)


def _converted(ids: Sequence[int]) -> dict[int, datetime]:
    """When messages were converted that were opened or clicked while they were in hand: hardly ever any."""
    found = Conversion.objects.filter(message__in=ids, first=True) if ids else Conversion.objects.none()
    return dict(found.values_list("message_id", "at"))


def _carry_over(before: _Before, old: Of, new: Of, converted: datetime | None) -> None:
    """What was counted while the message was in hand, before it was known through whom it goes, counts there now."""
    if old == new:
        return
    if converted:
        count([(old, "converted", -1), (new, "converted", 1)], converted)
    devices = {"opened": before.opened_on, "clicked": before.clicked_on}
    for metric in ("delivered", "failed", "complained", "unsubscribed", "opened", "clicked"):
        if moment := getattr(before, metric):
            device = devices.get(metric, "")
            count([(old._replace(device=device), metric, -1), (new._replace(device=device), metric, 1)], moment)


def _of(outcome: Outcome, homes: Mapping[int, Home]) -> Of:
    message = outcome.message
    return Of(message.origin_id, message.content_id, outcome.provider_id, *homes.get(message.contact_id, ("", "")))


def _write(owner: UUID, outcomes: Sequence[Outcome], homes: Mapping[int, Home], now: datetime) -> dict[int, _Before]:
    at_home = [homes.get(o.message.contact_id, ("", "")) for o in outcomes]
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
        "countries": [country for country, _ in at_home],
        "languages": [language for _, language in at_home],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        return {row[0]: _Before(*row[1:]) for row in cursor.fetchall()}


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
