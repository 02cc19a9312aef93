"""Whatever was sent and whatever happened: attribution in SQL says what a plain loop in Python says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import conversion_stats, converting
from campaigns.models import Conversion, DayCount, Message, Revenue
from campaigns.objectives import set_objective
from contacts import timeline
from contacts.models import Event
from tests import make
from tests.campaigns.converted import message, until_read
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
OWNERS = ["scenario:1", "scenario:12", "campaign:3", "campaign:3:n2", "campaign:30"]
ORIGINS = ["scenario:1:n1", "scenario:1:n2", "scenario:12:n1", "campaign:3", "campaign:3:n1", "campaign:3:n2",
           "campaign:30:a"]  # fmt: skip
PEOPLE = 2


@dataclass(frozen=True)
class Sent:
    contact: int
    origin: str
    hour: int
    opened: int | None
    clicked: int | None
    lost: str  # "bounced", "failed", or nobody knows, and then it was never counted as sent: "unknown"


@dataclass(frozen=True)
class Happened:
    contact: int
    name: str
    hour: int
    value: int
    currency: str
    message: int  # for openings and clicks: the place of the message among those of the example


@dataclass
class Credited:
    """What the loop says: who has which event, which messages are converted, and what was earned."""

    events: set[tuple[str, int, int]] = field(default_factory=set)
    converted: dict[int, datetime] = field(default_factory=dict)
    revenue: dict[tuple[str, str], Decimal] = field(default_factory=dict)


_hours = st.integers(0, 60)
_later = st.one_of(st.none(), st.integers(0, 30))
_lost = st.sampled_from(["", "", "bounced", "failed", "unknown"])
_sent = st.builds(Sent, st.integers(0, PEOPLE - 1), st.sampled_from(ORIGINS), _hours, _later, _later, _lost)
_happened = st.builds(
    Happened,
    st.integers(0, PEOPLE - 1),
    st.sampled_from(["paid", "paid", "signed", "email.opened", "email.clicked"]),
    _hours,
    st.integers(-5, 50),
    st.sampled_from(["EUR", "USD"]),
    st.integers(0, 9),
)
_objective = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["opened", "clicked"])}, optional={"within_days": st.integers(1, 2)}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("event"), "event": st.sampled_from(["paid", "paid", "signed"]),
         "value_property": st.just("value"), "currency_property": st.just("currency")},
        optional={
            "within_days": st.integers(1, 2),
            "touch": st.sampled_from(["sent", "opened", "clicked"]),
            "filter": st.just({"rule": "property", "field": "value", "op": "at_least", "value": 10}),
        },
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(dict.fromkeys(OWNERS, _objective)),
    st.lists(_sent, max_size=10),
    st.lists(_happened, max_size=10),
    st.integers(1, 4),
)
def test_the_database_attributes_as_a_plain_loop_does(objectives, sent, happened, batch):
    _forget_everything()
    people = make.contacts(PEOPLE)
    for owner, objective in objectives.items():
        assert set_objective(owner, objective) == {}
    messages = [_message(people, one, place) for place, one in enumerate(sent)]
    events = [_event(people, one, messages) for one in happened]
    read = converting.EVENTS
    try:
        converting.EVENTS = batch  # as if thousands of events lay between any two
        until_read()
    finally:
        converting.EVENTS = read
    expected = _credited(objectives, messages, events, batch)
    rows = Conversion.objects.select_related("objective")
    assert {(row.objective.owner, row.event_id, row.message_id) for row in rows} == expected.events
    assert {row.message_id: row.at for row in rows if row.first} == expected.converted
    _counts_agree(expected, messages)


def _forget_everything() -> None:
    """In the order of what leans on what; the tables are emptied once after all examples, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            """TRUNCATE campaigns_conversion, campaigns_objective, campaigns_revenue, campaigns_daycount,
            campaigns_origincount, campaigns_message, contacts_event, contacts_eventcursor, contacts_contact CASCADE"""
        )


def _message(people: list[int], one: Sent, place: int) -> Message:
    sent = NOW + one.hour * HOUR
    moments = {
        "opened_at": None if one.opened is None else sent + one.opened * HOUR,
        "clicked_at": None if one.clicked is None else sent + one.clicked * HOUR,
        "bounced_at": sent if one.lost == "bounced" else None,
        "failed_at": sent if one.lost == "failed" else None,
    }
    if one.lost == "unknown":
        moments |= {"state": "unknown", "sent_at": None}
    made = message(people[one.contact], one.origin, sent, visit=place, **moments)
    made.origin.key  # noqa: B018 - read once, for the loop
    return made


def _event(people: list[int], one: Happened, messages: list[Message]) -> Event:
    properties: dict[str, Any] = {"value": one.value, "currency": one.currency}
    if one.message < len(messages):
        properties["message"] = messages[one.message].pk
    at = NOW + one.hour * HOUR
    timeline.record([timeline.NewEvent(people[one.contact], one.name, properties, at)], NOW)
    return Event.objects.order_by("-pk").first()


# The same, one by one


def _credited(objectives: dict[str, Any], messages: list[Message], events: list[Event], batch: int) -> Credited:
    found = Credited()
    wanted = {name for one in objectives.values() for name in _names(one)}
    read = [event for event in events if event.name in wanted]
    for start in range(0, len(read), batch):
        for event in sorted(read[start : start + batch], key=lambda event: (event.at, event.pk)):
            _credit(objectives, messages, event, found)
    return found


def _credit(objectives: dict[str, Any], messages: list[Message], event: Event, found: Credited) -> None:
    best: list[tuple[datetime, int, Message, str]] = []
    for one in messages:
        owner = max(
            (o for o in OWNERS if objectives[o] and (one.origin.key + ":").startswith(o + ":")), key=len, default=""
        )
        touched = owner and one.contact_id == event.contact_id and _touch(objectives[owner], one, event)
        if touched:
            best.append((touched, one.pk, one, owner))
    for _, _, one, owner in sorted(best, key=lambda b: b[:2])[-1:]:
        found.events.add((owner, event.pk, one.pk))
        found.converted.setdefault(one.pk, event.at)
        if objectives[owner]["kind"] == "event":
            key = one.origin.key, event.properties["currency"]
            found.revenue[key] = found.revenue.get(key, Decimal(0)) + event.properties["value"]


def _names(objective: dict[str, Any]) -> set[str]:
    kinds = {"opened": {"email.opened"}, "clicked": {"email.clicked", "sms.clicked"}}
    return kinds.get(objective["kind"], {objective.get("event")}) if objective else set()


def _touch(objective: dict[str, Any], one: Message, event: Event) -> datetime | None:
    """When the message touched the contact, if the event may belong to it."""
    if event.name not in _names(objective):
        return None
    days = timedelta(days=objective.get("within_days", 10_000))
    if objective["kind"] in ("opened", "clicked"):
        did = getattr(one, f"{objective['kind']}_at")
        own = event.properties.get("message") == one.pk and did
        return event.at if own and (one.sent_at is None or event.at <= one.sent_at + days) else None
    if objective.get("filter") and event.properties["value"] < 10:
        return None
    seen = min(filter(None, [one.opened_at, one.clicked_at]), default=None)
    arrived = one.sent_at if not one.bounced_at and not one.failed_at else None
    at = {"sent": arrived or seen, "opened": one.opened_at or one.clicked_at, "clicked": one.clicked_at}
    touched = at[objective.get("touch", "sent")]
    return touched if touched and touched < event.at <= touched + days else None


def _counts_agree(expected: Credited, messages: list[Message]) -> None:
    """The numbers that pages show, against the loop: per origin, per day, and what each day brought."""
    keys = {one.pk: one.origin.key for one in messages}
    counted = conversion_stats.of(ORIGINS[4:] + ORIGINS[:3])
    for origin, numbers in counted.items():
        assert numbers["converted"] == sum(keys[pk] == origin for pk in expected.converted)
        earned = {currency: sum for (key, currency), sum in expected.revenue.items() if key == origin and sum}
        assert numbers["revenue"] == earned
    assert sum(DayCount.objects.values_list("converted", flat=True)) == len(expected.converted)
    days = {}
    for row in Conversion.objects.filter(value__isnull=False):
        days[row.at.date()] = days.get(row.at.date(), 0) + row.value
    summed = {}
    for day, amount in Revenue.objects.values_list("day", "amount"):
        summed[day] = summed.get(day, 0) + amount
    assert {d: n for d, n in summed.items() if n} == {d: n for d, n in days.items() if n}
