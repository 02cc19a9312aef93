"""Lets claimed messages go, puts them off or leaves them out, as the courtesy rules say.

Where there are caps, senders come here one after the other: what each lets go is written down before the next one
looks, so that however many send at once nobody gets more than is allowed. That takes a few milliseconds per batch.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from campaigns import channels
from campaigns.channels import Refused
from campaigns.courtesy import judging
from campaigns.courtesy.judging import Asked, Rules, Sent
from campaigns.courtesy.rules import rules_of
from campaigns.delivery.claiming import Claimed
from campaigns.delivery.outcomes import Outcome
from campaigns.models import Content, Courtesy, MessageState, RecentMessage
from campaigns.models.origin import ASKED_BY
from contacts.addressees import Addressee
from contacts.models import Installation

_ALONE = "SELECT pg_advisory_xact_lock(7100, 2)"

# What was sent while nobody counted. Those in a worker's hands, or lost by one, may have been; events tell of the rest.
_REMEMBER = """
INSERT INTO campaigns_recentmessage (message_id, contact_id, channel, at)
SELECT m.id, m.contact_id, m.channel, sent.at
FROM contacts_event sent JOIN campaigns_message m ON m.id = (sent.properties ->> 'message')::bigint
WHERE sent.name IN ('email.sent', 'sms.sent') AND sent.at > %(since)s AND m.sent_at IS NOT NULL
    AND m.content_id <> ALL(%(exempt)s)
UNION
SELECT m.id, m.contact_id, m.channel, coalesce(m.unknown_at, %(now)s)
FROM campaigns_message m
WHERE ((m.state = 'sending' AND m.leased_until IS NOT NULL) OR (m.state = 'unknown' AND m.unknown_at > %(since)s))
    AND m.id <> ALL(%(asking)s) AND m.content_id <> ALL(%(exempt)s)
ON CONFLICT (message_id) DO NOTHING
"""
_RECENT = """
SELECT contact_id, at, channel FROM campaigns_recentmessage
WHERE contact_id = ANY(%s) AND at > %s AND message_id <> ALL(%s)
"""
_ADMIT = """
INSERT INTO campaigns_recentmessage (message_id, contact_id, channel, at)
SELECT id, contact, channel, %s FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS let_go (id, contact, channel)
ON CONFLICT (message_id) DO UPDATE SET at = EXCLUDED.at
"""


@dataclass
class Asking:
    """Messages that nothing else speaks against, those of a higher priority first."""

    messages: list[Claimed]
    contents: Mapping[int, Content]
    zones: Mapping[int, str]

    def of(self, message: Claimed) -> Asked:
        content = self.contents[message.content_id]
        late = timedelta(hours=content.late_hours) if content.late_hours else None
        return Asked(message.channel, message.planned_at, content.topic, self.zones[message.contact_id], late)


def held_back(
    messages: Sequence[Claimed],
    contents: Mapping[int, Content],
    contacts: Mapping[int, Addressee],
    refused: Mapping[int, str],
    now: datetime,
) -> dict[int, Outcome]:
    """What does not go now, by the message's id. `refused`: messages that are not sent anyway.

    Who is asked for consent has just done something for it: that mail neither waits nor counts.

    One query where there are no rules, a fixed number with them."""
    kept = Courtesy.current()
    if kept.is_silent and not any(content.late_hours for content in contents.values()):
        return {}
    asking = _asking(messages, contents, contacts, refused)
    if not asking.messages:
        return {}
    if kept.rules.get("caps"):
        return _counted(asking, now)
    return _decided(asking, rules_of(kept.rules), {}, now)[0]


def _asking(
    messages: Sequence[Claimed],
    contents: Mapping[int, Content],
    contacts: Mapping[int, Addressee],
    refused: Mapping[int, str],
) -> Asking:
    usual = Installation.current().zone_name
    asking: list[Claimed] = []
    for message in messages:
        contact = contacts.get(message.contact_id)
        if contact is None or message.content_id not in contents or message.id in refused:
            continue
        if message.origin == ASKED_BY:
            continue
        try:
            channels.of(message.channel).address(contact)
        except Refused:
            continue
        asking.append(message)
    asking.sort(key=lambda message: (-message.priority, message.planned_at, message.id))
    zones = {message.contact_id: contacts[message.contact_id].timezone or usual for message in asking}
    return Asking(asking, contents, zones)


def _counted(asking: Asking, now: datetime) -> dict[int, Outcome]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALONE)
        kept = Courtesy.current()  # as it is now that it is our turn
        rules = rules_of(kept.rules)
        ids = [message.id for message in asking.messages]
        if rules.caps and not kept.remembers:
            _remember(rules, ids, now)
        held, goes = _decided(asking, rules, _recent(asking, ids, rules, now), now)
        counted = [one for one in goes if not judging.is_exempt(asking.contents[one.content_id].topic, rules)]
        if counted and rules.caps:
            columns = ([one.id for one in counted], [one.contact_id for one in counted], [o.channel for o in counted])
            cursor.execute(_ADMIT, [now, *columns])
    return held


def _recent(asking: Asking, ids: list[int], rules: Rules, now: datetime) -> dict[int, list[Sent]]:
    found: dict[int, list[Sent]] = defaultdict(list)
    if rules.caps:
        longest = max(cap.span for cap in rules.caps)
        with connection.cursor() as cursor:
            cursor.execute(_RECENT, [list(asking.zones), now - longest, ids])
            for contact, at, channel in cursor.fetchall():
                found[contact].append((at, channel))
    return found


def _decided(
    asking: Asking, rules: Rules, recent: dict[int, list[Sent]], now: datetime
) -> tuple[dict[int, Outcome], list[Claimed]]:
    held: dict[int, Outcome] = {}
    goes: list[Claimed] = []
    for message in asking.messages:
        asked, sent = asking.of(message), recent.setdefault(message.contact_id, [])
        decision = judging.decide(asked, sent, rules, now)
        if not decision.reason:
            goes.append(message)
            if not judging.is_exempt(asked.topic, rules):
                sent.append((now, message.channel))
        elif decision.at is None:
            held[message.id] = Outcome(message, MessageState.SKIPPED, decision.reason, attempts=message.attempts)
        else:
            held[message.id] = Outcome(
                message, MessageState.QUEUED, decision.reason, attempts=message.attempts, due_at=decision.at
            )
    return held, goes


def remember(now: datetime) -> None:
    """See to it that what was sent before there were caps counts, where nobody has yet."""
    if Courtesy.current().remembers:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ALONE)
        kept = Courtesy.current()
        if kept.rules.get("caps") and not kept.remembers:
            _remember(rules_of(kept.rules), [], now)


def _remember(rules: Rules, asking: list[int], now: datetime) -> None:
    topics = Content.objects.exclude(topic="").values_list("pk", "topic") if rules.exempt else ()
    exempt = [pk for pk, topic in topics if judging.is_exempt(topic, rules)]
    values: dict[str, Any] = {"since": now - judging.WEEK, "now": now, "asking": asking, "exempt": exempt}
    RecentMessage.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, values)
    Courtesy.objects.filter(pk=1).update(remembers=True)
