"""Keeps what contacts say about topics, and tells their timelines."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from contacts import timeline, topics
from contacts.consent import ADDRESSES, NO_PROOF, Proof
from contacts.models import ConsentState, Topic, TopicConsent
from contacts.models.consent import SAYABLE, Channel

Answers = Mapping[str, Mapping[str, str]]  # topic's key → channel → state

EVENTS = {ConsentState.SUBSCRIBED.value: "topic.subscribed", ConsentState.UNSUBSCRIBED.value: "topic.unsubscribed"}

_KEEP = """
INSERT INTO contacts_topicconsent AS had (contact_id, topic_id, channel, state, at, source, by, proof)
SELECT id, %s, %s, %s, %s, %s, %s, %s::jsonb FROM (
    SELECT id FROM contacts_contact WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
) AS there
ON CONFLICT (contact_id, topic_id, channel) DO UPDATE
SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source, by = EXCLUDED.by, proof = EXCLUDED.proof
WHERE had.state <> EXCLUDED.state AND NOT (EXCLUDED.state = 'pending' AND had.state = 'subscribed')
RETURNING contact_id
"""


def say(
    contact_ids: Sequence[int],
    topic: Topic,
    channel: str,
    state: str,
    source: str,
    now: datetime,
    proof: Proof = NO_PROOF,
    about: Mapping[str, Any] | None = None,
) -> list[int]:
    """Keep one answer for many contacts, and record `topic.subscribed`, `topic.unsubscribed` or, where they are asked
    or forgotten, `contact.updated`; returns the ids of those whose state changed. Two statements.

    `about` are further properties of the event."""
    if not contact_ids:
        return []
    with transaction.atomic():
        with connection.cursor() as cursor:
            values = [topic.pk, Channel(channel).value, ConsentState(state).value, now, source[:200], *proof.columns]
            cursor.execute(_KEEP, [*values, list(contact_ids)])
            changed = [row[0] for row in cursor.fetchall()]
        properties: dict[str, Any] = {**({"source": source} if source else {}), **(about or {})}
        name = EVENTS.get(state)
        if name:
            # The name as well: the topic may be gone when the event is read.
            properties = {"topic": topic.key, "topic_name": topic.name, "channel": str(channel), **properties}
        else:
            name, properties = "contact.updated", {"changed": [f"topics.{topic.key}.{channel}"], **properties}
        timeline.record_for(sorted(changed), name, properties, now)
    return changed


def of(contact_ids: Collection[int]) -> dict[int, dict[str, dict[str, str]]]:
    """What each contact said, by topic's key and channel; what was never said is left out."""
    found: dict[int, dict[str, dict[str, str]]] = {pk: {} for pk in contact_ids}
    rows = TopicConsent.objects.filter(contact_id__in=list(contact_ids)).order_by("topic__position", "topic_id")
    for contact_id, key, channel, state in rows.values_list("contact_id", "topic__key", "channel", "state"):
        found[contact_id].setdefault(key, {})[channel] = state
    return found


def clean(value: Any) -> dict[str, dict[str, str]]:
    """Answers as the API gives them, {"news": {"email": "subscribed"}}. Raises ValidationError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValidationError("Topics are an object, such as {“news”: {“email”: “subscribed”}}.")
    for key, answers in value.items():
        if sentence := topics.problem(str(key)):
            raise ValidationError(sentence)
        if not isinstance(answers, Mapping):
            raise ValidationError("For each topic give an object of channels, such as {“email”: “subscribed”}.")
        for channel, state in answers.items():
            if channel not in ADDRESSES:
                raise ValidationError(f"“{str(channel)[:40]}” is not a channel: {' or '.join(ADDRESSES)}.")
            if not isinstance(state, str) or state not in SAYABLE:
                raise ValidationError(f"Consent to a topic is one of {', '.join(SAYABLE)}.")
    return {key: dict(answers) for key, answers in value.items()}


def keep(given: Sequence[tuple[int, Answers]], source: str, now: datetime, proof: Proof = NO_PROOF) -> None:
    """Keep what contacts said, two statements for each answer that differs, however many gave it."""
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for contact_id, answers in given:
        for key, by_channel in answers.items():
            for channel, state in by_channel.items():
                alike[key, channel, state].append(contact_id)
    if not alike:
        return
    there = topics.known()
    with transaction.atomic():
        for (key, channel, state), ids in sorted(alike.items()):
            say(ids, there[key], channel, state, source, now, proof)
