"""Builders for campaigns, and the clock that carries them on."""

from datetime import datetime
from typing import Any

from campaigns.delivery import sending
from campaigns.mailings import commands, deciding, queueing, saving
from campaigns.models import Campaign, Message
from tests.make import NOW

WORDS = {"subject": "Sale, {{ contact.first_name }}", "body": '<p>Hi</p> <a href="{{ unsubscribe_url }}">Leave</a>'}
OTHER = {**WORDS, "subject": "Only today"}
TEST = {"share_percent": 20, "wait_hours": 4, "measure": "opened"}


def campaign(**fields: Any) -> Campaign:
    """A draft of an email to everybody, ready to go."""
    given = {"name": "Spring sale", "channel": "email", "variants": [WORDS], "schedule": {"when": "now"}}
    return saving.create({**given, **fields}, None, NOW)


def tested(**fields: Any) -> Campaign:
    """The same with two subjects to choose from."""
    return campaign(**{"variants": [WORDS, OTHER], "test": TEST, **fields})


def queue_all(now: datetime = NOW) -> None:
    """What the lane “advance” does for campaigns until nothing is left for it at this moment."""
    while any([commands.begin_scheduled(now), queueing.queue(now), deciding.decide(now), queueing.withdraw(now)]):
        pass
    queueing.finish(now)


def hand_over(now: datetime = NOW) -> None:
    while sending.work(now):
        pass


def until_still(now: datetime = NOW) -> None:
    queue_all(now)
    hand_over(now)
    queue_all(now)


def messages(of: Campaign, variant: str = "") -> list[Message]:
    key = f"{of.origin}:{variant}"
    rows = Message.objects.select_related("origin", "contact", "content").order_by("pk")
    return list(rows.filter(origin__key__startswith=key) if not variant else rows.filter(origin__key=key))


def states(of: Campaign) -> dict[str, int]:
    """How many of its messages are in which state, recounted from the ledger."""
    found: dict[str, int] = {}
    for message in messages(of):
        found[message.state] = found.get(message.state, 0) + 1
    return found
