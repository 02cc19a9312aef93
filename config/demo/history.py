"""Lets sixty days pass on a virtual clock: people arrive, order, read and click, and the engine does the rest."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction

from campaigns import unsubscribing
from campaigns.delivery import sending
from campaigns.models import Message
from campaigns.tracking import visits
from config.demo import drawings, people
from contacts import saving as contacts
from contacts import timeline
from contacts.attributes import saving as attribute_saving
from contacts.models import Attribute, Contact, Event, EventCursor, Segment
from flows import engine, entering, saving, starting
from flows.models import Scenario
from templates_app import publishing
from templates_app.models import Template

PEOPLE, DAYS = 2_000, 60
SOURCE = "demo"


class NotEmpty(Exception):
    """There are contacts already, and they are not the demo's."""


def is_there() -> bool:
    return Contact.objects.filter(external_id="demo-0").exists()


@transaction.atomic
def make(now: datetime, say: Callable[[str], None]) -> None:
    """Fill an empty installation. Raises NotEmpty, and then nothing has changed."""
    if Contact.objects.exists():
        raise NotEmpty
    start = (now - timedelta(days=DAYS)).replace(hour=8, minute=0, second=0, microsecond=0)
    luck = Random(7)  # noqa: S311 - believable, not secret
    _define(start)
    welcome, orders, _ = _draw(start)
    for day in range(DAYS):
        morning = start + timedelta(days=day)
        arrived = _arrive(day, luck, morning)
        _enter(welcome, arrived, "contact.created", morning)
        noon = morning + timedelta(hours=4)
        _enter(orders, _order(luck, noon), "order.placed", noon)
        _work(noon)
        _read(luck, noon + timedelta(hours=2))
        say(f"Day {day + 1} of {DAYS}")
    _work(now)
    Attribute.objects.update(counted_at=None)  # they were defined before there was anybody
    _log_was_read()


def _define(start: datetime) -> None:
    """The attributes, but those of which somebody has said already what they are."""
    for name, definition in people.ATTRIBUTES.items():
        if not Attribute.objects.filter(name__iexact=name).exists():
            attribute_saving.save(Attribute(), {"name": name, **definition}, start)


def _draw(start: datetime) -> list[Scenario]:
    """Segments, templates and running scenarios."""
    segments = {
        name: Segment.objects.create(name=name, description=description, rule=rule).pk
        for name, (description, rule) in drawings.SEGMENTS.items()
    }
    templates = {name: _published(name, channel, words, start) for name, (channel, words) in drawings.TEMPLATES.items()}
    running = []
    for name, (description, graph, objective) in drawings.scenarios(templates, segments).items():
        scenario = Scenario.objects.create(name=name, description=description)
        Scenario.objects.filter(pk=scenario.pk).update(created_at=start)
        saving.save(scenario, graph, objective, None, None, start)
        starting.start(scenario, start)
        running.append(scenario)
    return running


def _published(name: str, channel: str, words: dict[str, str], start: datetime) -> int:
    existing = Template.objects.filter(name=name, channel=channel).first()
    template = existing or publishing.create(name, channel, words, None)
    if template.published_id is None:
        publishing.publish(publishing.draft_of(template, None), None, start)
    return template.pk


def _arrive(day: int, luck: Random, now: datetime) -> list[int]:
    first, last = day * PEOPLE // DAYS, (day + 1) * PEOPLE // DAYS
    rows = [people.person(number, luck, now.date()) for number in range(first, last)]
    return [pk for pk in contacts.upsert(rows, now, SOURCE).ids if pk is not None]


def _order(luck: Random, now: datetime) -> list[int]:
    """Some of those who are there order something; returns whom."""
    known = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    buyers = luck.sample(known, len(known) // 80)
    timeline.record(
        [
            timeline.NewEvent(
                buyer,
                "order.placed",
                {
                    "order": f"W-{now:%m%d}-{buyer}",
                    "total": luck.choice([12.5, 19.9, 28, 45, 79]),
                    "currency": "EUR",
                    "items": luck.randint(1, 4),
                },
                now,
            )
            for buyer in buyers
        ],
        now,
    )
    return buyers


def _enter(scenario: Scenario, who: Sequence[int], name: str, at: datetime) -> None:
    found = Event.objects.filter(contact__in=who, name=name, at=at).values_list("contact_id", "id")
    events: dict[int, int | None] = dict(found)
    entering.enter(scenario, list(events), list(events.values()), at)


def _work(now: datetime) -> None:
    while entering.plan(now) or entering.admit(now) or engine.advance(now):
        pass
    while sending.work(now):
        pass


def _read(luck: Random, now: datetime) -> None:
    """People look at what came today, as people do."""
    today = Message.objects.filter(
        state="sent", sent_at__gte=now - timedelta(hours=12), sent_at__lte=now, opened_at=None
    )
    for message in today.select_related("origin"):
        mood = luck.random()
        if message.channel == "email" and mood < 0.42:
            visits.opened(message, now)
        if mood < 0.13 and (link := message.content.links.order_by("number").first()):
            visits.clicked(message, link.number, link.url, now)
        if mood > 0.994:
            unsubscribing.unsubscribe(message, unsubscribing.PAGE, now)


def _log_was_read() -> None:
    """Whom these events concern has entered above: consumers go on behind them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        xact = cursor.fetchone()[0]
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    EventCursor.objects.update_or_create(consumer="scenarios", defaults={"xact": xact, "event_id": newest})
