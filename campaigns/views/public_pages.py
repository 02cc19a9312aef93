"""What the pages have in common that contacts reach from their messages."""

from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from campaigns.models import Message
from contacts.consent import Proof
from contacts.models import Installation
from contacts.models.consent import Channel
from contacts.visitors import proof_of

MOST_AN_HOUR = 60  # changes by the links of one contact: a person makes a few


def message_with(message_id: int | None) -> Message | None:
    if message_id is None or message_id >= 2**63:
        return None
    return Message.objects.select_related("origin", "contact", "content").filter(pk=message_id).first()


def not_ours(request: HttpRequest) -> HttpResponse:
    context = {"installation": Installation.current()}
    return render(request, "campaigns/link_not_found_page.html", context, status=404)


def said_in(request: HttpRequest, message: Message) -> Proof:
    """The contact says it, by the link in this message."""
    return proof_of(request, "the contact", message=message.pk)


def too_many(message: Message, now: datetime) -> bool:
    """Counts what is changed by the links of a contact, in an hour."""
    key = f"public-changes:{message.contact_id}:{now:%Y%m%d%H}"
    cache.add(key, 0, 2 * 60 * 60)
    return cache.incr(key) > MOST_AN_HOUR


def slow_down(request: HttpRequest) -> HttpResponse:
    context = {"installation": Installation.current()}
    return render(request, "campaigns/too_many_page.html", context, status=429)


def words(message: Message) -> dict[str, object]:
    """What the pages call the message's channel, and the address that it went to."""
    by_sms = message.channel == Channel.SMS
    return {
        "installation": Installation.current(),
        "language": message.contact.language,
        "messages": "text messages" if by_sms else "emails",
        "address": message.contact.phone if by_sms else message.contact.email,
    }
