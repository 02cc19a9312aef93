"""Takes back what was counted of clicks that turn out to be machine-made: counts, events and conversions."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from campaigns.counting import count_by_day, locked
from campaigns.models import Hit, Message
from campaigns.tracking import visits
from campaigns.tracking.machines import BURST, WHY
from contacts.days import day_of
from contacts.models.consent import Channel

_MARK = """
UPDATE campaigns_hit SET machine = %s, counted = false
WHERE message_id = %s AND at > %s AND machine = '' AND (number IS NOT NULL OR agent = %s) RETURNING number, at
"""
_FORGET_CLICKS = """
DELETE FROM campaigns_linkclick WHERE message_id = %s AND number = ANY(%s::int[]) AND at = ANY(%s::timestamptz[])
RETURNING number, first, at
"""
# Of several messages of the same origin, another one now has the contact's first click on the link.
_NEXT_FIRST = """
UPDATE campaigns_linkclick SET first = true WHERE id = (
    SELECT id FROM campaigns_linkclick
    WHERE contact_id = %s AND origin_id = %s AND content_id = %s AND number = %s AND NOT first ORDER BY at LIMIT 1
) RETURNING at
"""
_COUNT_LINK = """
INSERT INTO campaigns_linkcount (day, origin_id, content_id, number, clicks, people) VALUES (%s, %s, %s, %s, %s, %s)
"""
_RENAME = """
UPDATE contacts_event SET name = %s, key = NULL, properties = properties || jsonb_build_object('why', %s::text)
WHERE contact_id = %s AND name = %s AND at = ANY(%s::timestamptz[]) AND properties -> 'message' = to_jsonb(%s::bigint)
RETURNING id
"""
# What opening or clicking by itself achieved; what a person did afterwards stays, whoever it is credited to.
_FORGET_CONVERSIONS = (
    "DELETE FROM campaigns_conversion WHERE event_id = ANY(%s::bigint[]) RETURNING message_id, at, first"
)
_NEXT_CONVERSION = """
UPDATE campaigns_conversion SET first = true WHERE id = (
    SELECT id FROM campaigns_conversion WHERE message_id = %s AND NOT first ORDER BY at, event_id LIMIT 1
) RETURNING at
"""


def take_back(message: Message, agent: str, since: datetime) -> None:
    """The clicks on a message after `since` were a machine's, and so were the opens by the same agent.

    The message must be locked, and its origin selected. Exact: each count loses what it got, on the day it got it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [BURST, message.pk, since, agent])
        marked = cursor.fetchall()
    if not marked:
        return
    moments = {at for _, at in marked}
    _links(message, {number for number, _ in marked if number is not None}, moments)
    message.refresh_from_db(fields=["opened_at", "opened_on", "clicked_at", "clicked_on"])
    renamed: list[int] = []
    for verb in ("opened", "clicked"):
        at, device = getattr(message, f"{verb}_at"), getattr(message, f"{verb}_on")
        if at in moments:
            Message.objects.filter(pk=message.pk).update(**{f"{verb}_at": None, f"{verb}_on": ""})
            setattr(message, f"{verb}_at", None)
            count_by_day([(day_of(at), locked(message, device), verb, -1)])
            renamed += _rename(message, verb, [at]) if verb == "opened" else []
    renamed += _rename(message, "clicked", moments)
    _conversions(message, renamed)
    _still_opened(message)


def _links(message: Message, numbers: Collection[int], moments: Collection[datetime]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_CLICKS, [message.pk, list(numbers), list(moments)])
        for number, first, at in cursor.fetchall():
            which = [message.origin_id, message.content_id, number]
            cursor.execute(_COUNT_LINK, [day_of(at), *which, -1, -int(first)])
            if first:
                cursor.execute(_NEXT_FIRST, [message.contact_id, *which])
                if found := cursor.fetchone():
                    cursor.execute(_COUNT_LINK, [day_of(found[0]), *which, 0, 1])


def _rename(message: Message, verb: str, moments: Collection[datetime]) -> list[int]:
    """The ids of the events, which from now on tell of a machine."""
    was, name = f"{message.channel}.{verb}", f"{message.channel}.machine_{verb}"
    values: list[Any] = [name, WHY[BURST], message.contact_id, was, list(moments), message.pk]
    with connection.cursor() as cursor:
        cursor.execute(_RENAME, values)
        return [row[0] for row in cursor.fetchall()]


def _conversions(message: Message, events: list[int]) -> None:
    if not events:
        return
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_CONVERSIONS, [events])
        for pk, at, first in cursor.fetchall():
            if first and pk == message.pk:
                count_by_day([(day_of(at), locked(message), "converted", -1)])
                cursor.execute(_NEXT_CONVERSION, [pk])
                if found := cursor.fetchone():
                    count_by_day([(day_of(found[0]), locked(message), "converted", 1)])


def _still_opened(message: Message) -> None:
    """A person may have opened it besides."""
    if message.channel == Channel.EMAIL and message.opened_at is None:
        hit = Hit.objects.filter(message=message, machine="").order_by("at").first()
        if hit:
            visits.opened(message, hit.at, hit.device)
