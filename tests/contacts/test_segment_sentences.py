"""Rules in words: what is denied, dates, values of any length and script, and values that mean more than they seem."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from contacts import segments
from contacts.models import Event, Installation
from contacts.segments import actual, operators, spans
from flows.models import Scenario
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def city(op: str, value: object = None) -> dict:
    return {"rule": "attribute", "field": "city", "op": op, "value": value}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (city("equals", "Paris"), "City is not “Paris”"),
        (city("not_in", ["Paris", "Lyon"]), "City is one of “Paris” or “Lyon”"),
        (city("greater", 5), "City is not greater than 5"),
        (city("starts_with", "Pa"), "City does not start with “Pa”"),
        (city("is_set"), "City is unknown"),
        (city("in_last_days", 3), "City is not in the last 3 days"),
        (city("anniversary_in_days", 3), "City does not have its anniversary in the next 3 days"),
        ({"rule": "tag", "name": "vip", "has": False}, "Has the tag “vip”"),
        ({"rule": "consent", "channel": "email", "is": "unsubscribed"}, "Is not unsubscribed from email"),
        ({"rule": "consent", "channel": "sms", "is": "unknown"}, "Has said something about SMS"),
        ({"rule": "event", "name": "order"}, "Did not “order”"),
        ({"rule": "location", "of": "language", "in": ["fr"]}, "Does not speak fr"),
        ({"rule": "created", "op": "in_last_days", "value": 1}, "Was not created in the last 1 day"),
        ({"rule": "message", "did": "clicked", "channel": "email"}, "Did not click any email"),
        ({"rule": "message", "did_not": "bounced"}, "Bounced on any message"),
        ({"all": [{"any": [{"rule": "tag", "name": "vip"}]}]}, "Does not have the tag “vip”"),
        ({"any": [{"rule": "tag", "name": "a"}, {"rule": "tag", "name": "b"}]},
         "Not (has the tag “a” or has the tag “b”)"),
    ],
)  # fmt: skip
def test_what_is_denied_is_said_as_people_would(rule, said):
    assert segments.sentence({"not": rule}) == said


@pytest.mark.parametrize(
    ("asked", "said", "denied"),
    [
        ("exited", "Left the scenario “Hello” before the end", "Did not leave the scenario “Hello” before the end"),
        ("failed", "Failed in the scenario “Hello”", "Did not fail in the scenario “Hello”"),
        ("never_entered", "Never entered the scenario “Hello”", "Has entered the scenario “Hello”"),
        ("inside", "Is inside the scenario “Hello”", "Is not inside the scenario “Hello”"),
    ],
)
def test_what_became_of_a_scenario_reads_well_both_ways(asked, said, denied):
    rule = {"rule": "scenario", "id": Scenario.objects.create(name="Hello").pk, "is": asked}
    assert segments.sentence(rule) == said
    assert segments.sentence({"not": rule}) == denied


def test_dates_are_said_on_the_reader_s_clock():
    with timezone.override("Asia/Tokyo"):
        assert segments.sentence(city("after", "2026-03-01T22:30:00Z")) == "City is after 2 Mar 2026, 07:30"
        assert segments.sentence(city("after", "2026-03-01T22:30")) == "City is after 1 Mar 2026, 22:30"
        assert segments.sentence(city("before", "2026-03-01")) == "City is before 1 Mar 2026"
        assert actual.compared("born", "1990-03-29") == "born is 29 Mar 1990"


def test_a_long_value_does_not_bury_the_rest_and_arabic_does_not_turn_it_round():
    assert len(segments.sentence(city("contains", "x" * 1000))) < 200
    assert segments.sentence(city("equals", "مرحبا")) == "City is “\u2068مرحبا\u2069”"
    assert segments.sentence(city("equals", "日本")) == "City is “日本”"


def test_no_days_at_all_mean_today_of_days_and_of_moments():
    Installation.objects.create(pk=1, timezone="Asia/Tokyo")
    now = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)  # one o'clock in the night of the tenth, there
    held = {"early": "2026-03-09T15:00:00Z", "late": "2026-03-10T14:59:59Z", "day": "2026-03-10"}
    other = {"early": "2026-03-09T14:59:59Z", "late": "2026-03-10T15:00:00Z", "day": "2026-03-09"}
    one, two = (
        make.contact("a@b.c", attributes=held, created_at=now),
        make.contact("b@b.c", attributes=other, created_at=now - timedelta(hours=2)),
    )
    for op in ("in_last_days", "in_next_days"):
        for field in held:
            rule = {"rule": "attribute", "field": field, "op": op, "value": 0}
            assert segments.matching(rule, [one.pk, two.pk], now) == {one.pk}
    assert segments.sentence(city("in_last_days", 0)) == "City is today"
    assert segments.sentence({"not": city("in_next_days", "0")}) == "City is not today"
    created = {"rule": "created", "op": "in_last_days", "value": 0}
    assert segments.sentence(created) == "Was created today"
    assert segments.matching(created, [one.pk, two.pk], now) == {one.pk}


@pytest.mark.parametrize(
    "pair", [[20, 10], ["20", 10], ["2026-03-02", "2026-03-01"], ["2026-03-02T09:00", "2026-03-01"]]
)
def test_a_span_the_wrong_way_round_is_a_mistake(pair):
    (problem,) = operators.problems("between", pair)
    assert "larger" in problem
    assert operators.problems("between", sorted(pair, key=str)) == [] or pair == ["20", 10]
    assert operators.problems("between", [10, 10]) == []


def test_a_span_of_time_holds_both_its_ends():
    """The same of events, messages and scenarios: what happened just then has happened in it."""
    ann = make.contact("ann@example.com")
    within = {"amount": 1, "unit": "days"}
    at = spans.since(within, NOW)
    Event.objects.create(contact=ann, name="order", properties={}, at=at)
    assert segments.matching({"rule": "event", "name": "order", "within": within}, [ann.pk], NOW) == {ann.pk}
