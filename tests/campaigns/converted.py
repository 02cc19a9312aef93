"""Drives conversions by hand, as the clock would, and makes messages that touched somebody at known moments."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from campaigns import converting
from campaigns.models import Conversion, Message, Objective
from campaigns.objectives import set_objective
from contacts import timeline
from tests.campaigns import letters
from tests.make import NOW

ORDERS = {"kind": "event", "event": "order.placed", "value_property": "value", "currency_property": "currency"}


def wants(owner: str, **parts: Any) -> None:
    assert set_objective(owner, parts) == {}


def until_read(now: datetime = NOW) -> None:
    """Convert until the end of the log, which a transaction of another test may keep from us for a moment."""
    while converting.convert(now) or _unread():
        time.sleep(0.005)


def _unread() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM contacts_event e
            WHERE (e.xact, e.id) > (SELECT xact, event_id FROM contacts_eventcursor WHERE consumer = %s))""",
            [converting.CONSUMER],
        )
        return cursor.fetchone()[0] and Objective.objects.exclude(kind="").exists()


def message(
    contact: int, origin: str, sent: datetime, visit: int = 1, channel: str = "email", **moments: Any
) -> Message:
    """One that was sent; `opened_at`, `clicked_at` and so on as given."""
    (made,) = letters.queue([contact], letters.content(channel), origin, visit, now=sent)
    fields = {"state": "sent", "sent_at": sent, **moments}
    Message.objects.filter(pk=made.pk).update(**fields)
    made.refresh_from_db()
    return made


def order(contact: int, at: datetime, event: str = "order.placed", /, **properties: Any) -> None:
    timeline.record([timeline.NewEvent(contact, event, properties, at)], NOW)


def kept() -> list[tuple[str, int, bool]]:
    """(owner, message, first) of every conversion, in the order in which they were kept."""
    return list(Conversion.objects.order_by("pk").values_list("objective__owner", "message_id", "first"))


def credited(messages: Sequence[Message]) -> list[int]:
    """How many conversions each of the messages has."""
    return [Conversion.objects.filter(message=one).count() for one in messages]
