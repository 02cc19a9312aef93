"""Drives the segments lane by hand, and says who is in a segment and what was told of it."""

import time
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.models import Contact, Event, Membership, Segment
from contacts.segments import following, refreshing
from contacts.timeline import HORIZON
from tests.make import NOW


def settle(now: datetime = NOW) -> None:
    """Work until nothing is due and everything that happened has been looked at."""
    while following.follow(now) or refreshing.refresh(now) or following.is_behind():
        until_readable()


def until_readable() -> None:
    """Wait for transactions elsewhere on the server, which keep the newest events from being read."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(f"SELECT COALESCE(max(xact), 0) < {HORIZON} FROM contacts_event")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.005)


def segment(name: str, rule: Any) -> Segment:
    """A segment that has been filled."""
    made = Segment.objects.create(name=name, rule=rule)
    settle()
    return made


def members(segment: Segment) -> set[int]:
    return set(Membership.objects.filter(segment_id=segment.pk).values_list("contact_id", flat=True))


def told(contact: Contact | int) -> list[str]:
    """What the contact's timeline says of segments, such as `entered VIP`, oldest first."""
    pk = contact if isinstance(contact, int) else contact.pk
    events = Event.objects.filter(contact_id=pk, name__startswith="segment.").order_by("pk")
    return [f"{event.name.removeprefix('segment.')} {event.properties['name']}" for event in events]
