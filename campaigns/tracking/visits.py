"""Keeps what contacts did with messages: the first opening and the first click on each link."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from campaigns.counting import count, locked
from campaigns.models import Link, Message
from campaigns.tracking import signatures
from campaigns.tracking.machines import WHY
from contacts import timeline
from contacts.days import day_of
from contacts.models import Contact, Event
from contacts.models.consent import Channel
from contacts.timeline import NewEvent
from templates_app import rendering

_KEEP_CLICK = """
INSERT INTO campaigns_linkclick (message_id, number, origin_id, content_id, contact_id, at, first)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_COUNT_LINK = """
INSERT INTO campaigns_linkcount (day, origin_id, content_id, number, clicks, people) VALUES (%s, %s, %s, %s, %s, %s)
"""


def opened(message: Message, now: datetime, device: str = "", machine: str = "") -> bool:
    """The contact saw it, on one of `campaigns.tracking.devices`. Returns whether that is news.

    `machine` says why it was none (see `campaigns.tracking.machines.WHY`), where the installation counts those as well.
    """
    with transaction.atomic():
        return _open(message, device, machine, now)


def clicked(message: Message, number: int, url: str, now: datetime, device: str = "", machine: str = "") -> bool:
    """The contact followed its n-th link to `url`; who clicks an email has opened it.

    Each link is an event once, the message counts once. Returns whether the click is news.
    """
    with transaction.atomic():
        if message.channel == Channel.EMAIL:
            _open(message, device, machine, now)
        if Message.objects.filter(pk=message.pk, clicked_at=None).update(clicked_at=now, clicked_on=device):
            count([(locked(message, device), "clicked", 1)], now)
        _count_link(message, number, now)
        event = _event(message, "clicked", f"click:{message.pk}:{number}", machine, url=url, link=number)
        return timeline.record([event], now).recorded > 0


def _count_link(message: Message, number: int, now: datetime) -> None:
    """Once per message and link; and once per contact and link, of however many messages of the same origin."""
    values = (message.pk, number, message.origin_id, message.content_id, message.contact_id, now)
    with connection.cursor() as cursor:
        for first in (True, False):
            cursor.execute(_KEEP_CLICK, [*values, first])
            if cursor.rowcount:
                day = day_of(now)
                counted = (day, message.origin_id, message.content_id, number, 1, int(first))
                cursor.execute(_COUNT_LINK, counted)
                return


def _open(message: Message, device: str, machine: str, now: datetime) -> bool:
    if not Message.objects.filter(pk=message.pk, opened_at=None).update(opened_at=now, opened_on=device):
        return False
    count([(locked(message, device), "opened", 1)], now)
    timeline.record([_event(message, "opened", None, machine)], now)
    return True


def _event(message: Message, verb: str, key: str | None, machine: str, **properties: Any) -> NewEvent:
    """`message.origin` must have been selected."""
    properties = {"message": message.pk, "origin": message.origin.key, **properties}
    if machine:
        properties["why"] = WHY[machine]
    return NewEvent(message.contact_id, f"{message.channel}.{verb}", properties, key=key)


def destination(message: Message, link: Link, signed_url: str = "", signature: str = "") -> str | None:
    """Where a click on a link leads: only to what we wrote into our own message, or nowhere.

    A link whose address was rendered per contact brings that address along, vouched for by a signature; in an SMS,
    where it would not fit, it is rendered again.
    """
    if "{{" not in link.url and "{%" not in link.url:
        url = link.url
    elif signed_url and signatures.is_url_signed(message.pk, link.number, signed_url, signature):
        url = signed_url
    elif message.channel == Channel.SMS:
        url = _rendered(message, link)
    else:
        return None
    return url if url.lower().startswith(("http://", "https://")) else None


def _rendered(message: Message, link: Link) -> str:
    contact = Contact.with_erased.get(pk=message.contact_id)
    event = Event.objects.filter(pk=message.event_id).values_list("properties", flat=True).first()
    try:
        return rendering.compile(link.url, escape=False).render(rendering.context_of(contact, event)).strip()
    except rendering.RenderError:
        return ""
