"""Arranges the topics that messages can be about, and says which there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from contacts.models import Topic
from contacts.remembering import remembered

Choices = list[tuple[str, Any]]


def known() -> dict[str, Topic]:
    """All topics by key, in their order; archived ones are among them, for what names them is still sent."""
    return remembered("topics", lambda: {topic.key: topic for topic in Topic.objects.all()})


def choices() -> Choices:
    """For a choice in a form: (key, name), the archived ones in a group of their own."""
    shown = [(topic.key, topic.name) for topic in known().values() if not topic.archived_at]
    archived = [(topic.key, topic.name) for topic in known().values() if topic.archived_at]
    return [*shown, *([("Archived", archived)] if archived else [])]


def problem(key: str) -> str:
    """Why a message cannot be about this, as a sentence; "" where it can."""
    there = known()
    if not key or key in there:
        return ""
    names = ", ".join([key for key, topic in there.items() if not topic.archived_at][:10])
    rest = f"There are: {names}." if names else "There is none yet."
    return f"There is no topic “{key[:60]}”. {rest} Topics are made under Settings, Topics."


def name(key: str) -> str:
    """What contacts call it; the key where there is no such topic."""
    found = known().get(key)
    return found.name if found else key


@transaction.atomic
def create(**fields: Any) -> Topic:
    """A new one, at the end."""
    last = Topic.objects.aggregate(last=Max("position"))["last"]
    return Topic.objects.create(position=(last or 0) + 1, **fields)


def archive(topic: Topic, now: datetime) -> bool:
    """Offer it to nobody any more, neither to writers nor to contacts; what names it is sent as before."""
    return bool(Topic.objects.filter(pk=topic.pk, archived_at=None).update(archived_at=now))


def restore(topic: Topic) -> bool:
    return bool(Topic.objects.filter(pk=topic.pk, archived_at__isnull=False).update(archived_at=None))


@transaction.atomic
def move(topic: Topic, by: int) -> None:
    """One place up (-1) or down (1), among those that are not archived: that is how contacts see them."""
    order: Sequence[Topic] = list(Topic.objects.select_for_update().filter(archived_at=None))
    places = {each.pk: place for place, each in enumerate(order)}
    place = places.get(topic.pk)
    if place is None or not 0 <= place + by < len(order):
        return
    places[topic.pk], places[order[place + by].pk] = place + by, place
    for each in order:
        if each.position != places[each.pk] + 1:
            Topic.objects.filter(pk=each.pk).update(position=places[each.pk] + 1)
