"""Knows whether the address that a message went to is still its contact's: the old mailbox may be somebody else's."""

from django.db.models import Q

from campaigns.models import Message
from contacts.consent import ADDRESSES
from contacts.models import Event, Merge
from contacts.models.consent import Channel


def has_moved(message: Message) -> bool:
    """Whether the contact got another address on the message's channel since, or may have: by a change, or by a merge
    with somebody who had another one. Two queries by index. The message's contact should have been selected."""
    field, since = ADDRESSES[message.channel], message.sent_at or message.queued_at
    address = (getattr(message.contact, field) or "").lower()
    if message.channel == Channel.EMAIL and message.domain not in ("", address.rpartition("@")[2][:255]):
        return True
    changed = Event.objects.filter(contact_id=message.contact_id, name="contact.updated", at__gt=since)
    if changed.filter(properties__changed__contains=[field]).exists():
        return True
    other = ~Q(**{f"before__gone__{field}__iexact": address}) & Q(**{f"before__gone__{field}__gt": ""})
    return Merge.objects.filter(other, kept_id=message.contact_id, at__gt=since).exists()
