"""Lets contacts leave a channel or one of its topics and come back, by the link in a message or by an answer to it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from campaigns.counting import count, locked
from campaigns.models import Message
from contacts import consent, timeline, topic_consent
from contacts.consent import NO_PROOF, Proof
from contacts.models import Consent, ConsentState, Contact, Topic, TopicConsent
from contacts.timeline import NewEvent

PAGE, ONE_CLICK = "unsubscribe page", "one-click unsubscribe"


def topic_of(message: Message) -> Topic | None:
    """What the message is about; its content should have been selected."""
    return Topic.objects.filter(key=message.content.topic).first() if message.content.topic else None


def is_unsubscribed(message: Message) -> bool:
    """Whether the message's contact has left its channel, or was erased: nobody writes to them then either."""
    left = Q(consents__channel=message.channel, consents__state=ConsentState.UNSUBSCRIBED)
    return Contact.with_erased.filter(left | Q(erased_at__isnull=False), pk=message.contact_id).exists()


def left_at(message: Message) -> datetime | None:
    """Since when the message's contact wants nothing on its channel."""
    said = Consent.objects.filter(contact_id=message.contact_id, channel=message.channel)
    return said.filter(state=ConsentState.UNSUBSCRIBED).values_list("at", flat=True).first()


def has_left(message: Message, topic: Topic) -> bool:
    """Whether the message's contact has left its topic."""
    return left_topic_at(message, topic) is not None


def left_topic_at(message: Message, topic: Topic) -> datetime | None:
    """Since when they want nothing about the topic there."""
    said = TopicConsent.objects.filter(contact_id=message.contact_id, topic=topic, channel=message.channel)
    return said.filter(state=ConsentState.UNSUBSCRIBED).values_list("at", flat=True).first()


def unsubscribe(message: Message, source: str, now: datetime, proof: Proof = NO_PROOF) -> bool:
    """The contact of a message wants no more on its channel."""
    return leave(message.contact_id, message.channel, message, source, now, proof)


def leave(
    contact_id: int, channel: str, message: Message | None, source: str, now: datetime, proof: Proof = NO_PROOF
) -> bool:
    """No more messages on the channel. Asking again changes nothing; returns whether anything changed.

    `message` is what made them leave, with its origin selected, if that is known.
    """
    with transaction.atomic():
        # Two mails of one contact, clicked at once, are one after the other here.
        if not Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).exists():
            return False
        if not consent.set_state([contact_id], channel, ConsentState.UNSUBSCRIBED, source, now, proof):
            return False
        properties: dict[str, Any] = {"source": source}
        if message:
            properties |= _made_leave(message, now)
        timeline.record([NewEvent(contact_id, f"{channel}.unsubscribed", properties)], now)
    return True


def leave_topic(message: Message, topic: Topic, source: str, now: datetime, proof: Proof = NO_PROOF) -> bool:
    """No more messages about the topic on the message's channel. Returns whether anything changed."""
    with transaction.atomic():
        if not Contact.objects.select_for_update(no_key=True).filter(pk=message.contact_id).exists():
            return False
        if has_left(message, topic):
            return False
        about = _made_leave(message, now)
        state = ConsentState.UNSUBSCRIBED
        return bool(topic_consent.say([message.contact_id], topic, message.channel, state, source, now, proof, about))


def _made_leave(message: Message, now: datetime) -> dict[str, Any]:
    """Count it, once for each message; what the event says of the message."""
    if Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now):
        count([(locked(message), "unsubscribed", 1)], now)
    return {"message": message.pk, "origin": message.origin.key}


def resubscribe(message: Message, now: datetime, topic: Topic | None = None, proof: Proof = NO_PROOF) -> bool:
    """The contact changed their mind: about the topic, if they have left it, and about the channel, if they have left
    that. Returns whether anything changed."""
    changed = False
    with transaction.atomic():
        if topic is None or is_unsubscribed(message):
            changed = come_back(message.contact_id, message.channel, PAGE, now, proof)
        if topic and has_left(message, topic):
            state = ConsentState.SUBSCRIBED
            topic_consent.say([message.contact_id], topic, message.channel, state, PAGE, now, proof)
            changed = True
    return changed


def come_back(contact_id: int, channel: str, source: str, now: datetime, proof: Proof = NO_PROOF) -> bool:
    with transaction.atomic():
        if not Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).exists():
            return False
        changed = consent.set_state([contact_id], channel, ConsentState.SUBSCRIBED, source, now, proof)
        timeline.record_for(changed, "contact.updated", {"changed": [f"consent.{channel}"], "source": source}, now)
    return bool(changed)
