"""What the pages have in common that contacts reach from their messages."""

from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_bidi

from campaigns import speaking
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


def page(
    request: HttpRequest, name: str, message: Message | None = None, *, status: int = 200, **context: Any
) -> HttpResponse:
    """A public page in the language of the message's contact. Values that can be called are asked inside of it."""
    installation = Installation.current()
    accepted = request.headers.get("Accept-Language", "")
    with speaking.spoken_to(message.contact if message else None, installation, accepted) as language:
        about = words(message) if message else {}
        spoken = {"lang": language, "dir": "rtl" if get_language_bidi() else "ltr", "installation": installation}
        response = render(request, f"campaigns/{name}_page.html", {**spoken, **about, **context}, status=status)
    response["Content-Language"] = language
    patch_vary_headers(response, ["Accept-Language"])
    return response


def not_ours(request: HttpRequest) -> HttpResponse:
    return page(request, "link_not_found", status=404)


def said_in(request: HttpRequest, message: Message) -> Proof:
    """The contact says it, by the link in this message."""
    return proof_of(request, "the contact", message=message.pk)


def too_many(message: Message, now: datetime) -> bool:
    """Counts what is changed by the links of a contact, in an hour."""
    key = f"public-changes:{message.contact_id}:{now:%Y%m%d%H}"
    cache.add(key, 0, 2 * 60 * 60)
    return cache.incr(key) > MOST_AN_HOUR


def slow_down(request: HttpRequest, message: Message) -> HttpResponse:
    return page(request, "too_many", message, status=429)


def words(message: Message) -> dict[str, object]:
    """Whether the message was an SMS, and the address that it went to."""
    by_sms = message.channel == Channel.SMS
    return {"by_sms": by_sms, "address": message.contact.phone if by_sms else message.contact.email}
