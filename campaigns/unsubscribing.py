"""Lets contacts leave a channel and come back, by the link in a message or by an answer to it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from campaigns.counting import count, locked
from campaigns.models import Message
from contacts import consent, timeline
from contacts.models import ConsentState, Contact
from contacts.timeline import NewEvent

PAGE, ONE_CLICK = "unsubscribe page", "one-click unsubscribe"


def is_unsubscribed(message: Message) -> bool:
    """Whether the message's contact has left its channel, or was erased: nobody writes to them then either."""
    left = Q(consents__channel=message.channel, consents__state=ConsentState.UNSUBSCRIBED)
    return Contact.with_erased.filter(left | Q(erased_at__isnull=False), pk=message.contact_id).exists()


def unsubscribe(message: Message, source: str, now: datetime) -> bool:
    """The contact of a message wants no more on its channel."""
    return leave(message.contact_id, message.channel, message, source, now)


def leave(contact_id: int, channel: str, message: Message | None, source: str, now: datetime) -> bool:
    """No more messages on the channel. Asking again changes nothing; returns whether anything changed.

    `message` is what made them leave, with its origin selected, if that is known.
    """
    with transaction.atomic():
        # Two mails of one contact, clicked at once, are one after the other here.
        if not Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).exists():
            return False
        if not consent.set_state([contact_id], channel, ConsentState.UNSUBSCRIBED, source, now):
            return False
        properties: dict[str, object] = {"source": source}
        if message:
            properties |= {"message": message.pk, "origin": message.origin.key}
            if Message.objects.filter(pk=message.pk, unsubscribed_at=None).update(unsubscribed_at=now):
                count([(locked(message), "unsubscribed", 1)], now)
        timeline.record([NewEvent(contact_id, f"{channel}.unsubscribed", properties)], now)
    return True


def resubscribe(message: Message, now: datetime) -> bool:
    """The contact changed their mind. Returns whether anything changed."""
    return come_back(message.contact_id, message.channel, PAGE, now)


def come_back(contact_id: int, channel: str, source: str, now: datetime) -> bool:
    with transaction.atomic():
        if not Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).exists():
            return False
        changed = consent.set_state([contact_id], channel, ConsentState.SUBSCRIBED, source, now)
        timeline.record_for(changed, "contact.updated", {"changed": [f"consent.{channel}"], "source": source}, now)
    return bool(changed)
