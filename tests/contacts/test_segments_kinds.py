"""What each kind of rule refuses, says in words, and suggests; and where contacts are at home."""

from datetime import UTC, datetime, timedelta

import phonenumbers
import pytest
from django.urls import reverse
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from campaigns.models import Campaign
from contacts import segments
from contacts.models import Contact, Event, Segment
from contacts.number_homes import calling_codes
from contacts.places import country_of_number
from contacts.segments import compiler
from contacts.segments.registry import registry
from contacts.segments.tree import MAX_DEPTH
from flows import graph as graphs
from tests import make
from tests.make import NOW

VIP = {"rule": "tag", "name": "vip"}
FIRST = {"rule": "event", "name": "order", "when": {"of": "first", "op": "after", "value": "2026-01-01"}}


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "created"},
        {"rule": "created", "op": "is_set"},
        {"rule": "created", "op": "contains", "value": "x"},
        {"rule": "created", "op": "in_last_days", "value": "soon"},
        {"rule": "created", "op": [], "value": {}},
        {"rule": "location"},
        {"rule": "location", "of": "town", "in": ["FR"]},
        {"rule": "location", "of": [], "in": {}},
        {"rule": "location", "of": "country", "in": []},
        {"rule": "location", "of": "country", "in": "FR"},
        {"rule": "location", "of": "country", "in": ["France"]},
        {"rule": "location", "of": "country", "in": [5]},
        {"rule": "location", "of": "country", "in": ["FR"] * 400},
        {"rule": "location", "of": "language", "in": ["'; --"]},
        {"rule": "location", "of": "country", "in": ["FR"], "is": "no"},
        {**FIRST, "when": {"of": "third", "op": "after", "value": "2026-01-01"}},
        {**FIRST, "when": {"of": ["first"], "op": "after", "value": "2026-01-01"}},
        {**FIRST, "when": {"of": "first"}},
        {**FIRST, "when": {"of": "first", "op": "is_set"}},
        {**FIRST, "when": {"of": "last", "op": "greater", "value": 5}},
        {**FIRST, "when": {**FIRST["when"], "x": 1}},
        {**FIRST, "when": "first"},
        {**FIRST, "count": {"op": ">=", "n": 2}},
        {**FIRST, "within": {"amount": 2, "unit": "days"}},
        {"rule": "message", "did": "opened", "count": {"op": ">=", "n": -1}},
        {"rule": "scenario", "id": 1, "is": "inside", "within": {"amount": 2, "unit": "days"}},
        {"rule": "scenario", "id": 1, "is": "lost"},
        {"rule": "attribute", "field": "a", "op": "anniversary_in_days", "value": -1},
    ],
    ids=str,
)
def test_nonsense_is_refused_with_sentences(db, rule):
    found = segments.problems(rule)
    assert found
    assert all(text.endswith(".") for text in found)
    assert segments.sentence(rule)
    with pytest.raises(segments.InvalidRule):
        segments.where(rule, NOW)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"rule": "created", "op": "in_last_days", "value": 1}, "Was created in the last 1 day"),
        ({"rule": "created", "op": "between", "value": ["2026-01-01", "2026-01-31"]},
         "Was created between 1 Jan 2026 and 31 Jan 2026"),
        ({"rule": "location", "of": "country", "in": ["FR", "be"]}, "Lives in France or Belgium"),
        ({"rule": "location", "of": "language", "in": ["pt"], "is": False}, "Does not speak pt"),
        (FIRST, "Did “order” for the first time after 1 Jan 2026"),
        ({**FIRST, "did": False, "when": {"of": "last", "op": "days_ago", "value": 30}},
         "Did not “order” for the last time more than 30 days ago"),
        ({**FIRST, "when": {"of": "each", "op": "before", "value": "2026-01-01"}, "count": {"op": ">", "n": 2}},
         "Did “order” more than 2 times before 1 Jan 2026"),
        ({"rule": "message", "did": "opened", "count": {"op": ">=", "n": 3}}, "Opened any message at least 3 times"),
        ({"rule": "message", "did": "complained"}, "Complained about any message"),
        ({"rule": "attribute", "field": "born", "op": "anniversary_today"}, "Born has its anniversary today"),
        ({"rule": "attribute", "field": "born", "op": "anniversary_in_days", "value": 7},
         "Born has its anniversary in the next 7 days"),
        ({"rule": "attribute", "field": "paid", "op": "days_ago", "value": 30}, "Paid is more than 30 days ago"),
    ],
)  # fmt: skip
def test_rules_read_as_sentences(db, rule, sentence):
    assert segments.problems(rule) == []
    assert segments.sentence(rule) == sentence


def test_a_campaign_is_called_by_its_name(db):
    campaign = Campaign.objects.create(name="Winter", channel="email", created_at=NOW)
    rule = {"rule": "message", "did": "clicked", "campaign": campaign.pk}
    assert segments.sentence(rule) == "Clicked any message of the campaign “Winter”"


@pytest.mark.parametrize(("year", "day", "holds"), [(2027, 28, True), (2028, 28, False), (2028, 29, True)])
def test_who_was_born_on_a_leap_day_celebrates_a_day_early_in_other_years(db, year, day, holds):
    leapling = make.contact(attributes={"born": "2004-02-29"})
    rule = {"rule": "attribute", "field": "born", "op": "anniversary_today"}
    now = datetime(year, 2, day, 12, tzinfo=UTC)
    assert (leapling.pk in segments.matching(rule, [leapling.pk], now)) is holds


def test_what_time_moves_is_looked_at_again_and_what_it_does_not_is_left(db):
    def drifts(rule: dict) -> bool:
        return registry()[rule["rule"]].drifts(rule)

    assert not drifts({"rule": "created", "op": "after", "value": "2026-01-01"})
    assert drifts({"rule": "created", "op": "in_last_days", "value": 3})
    assert drifts({"rule": "attribute", "field": "born", "op": "anniversary_today"})
    assert not drifts(FIRST)
    assert drifts({**FIRST, "when": {"of": "last", "op": "days_ago", "value": 3}})
    assert not drifts({"rule": "location", "of": "country", "in": ["FR"]})


def test_the_first_and_the_last_time_are_those_of_the_events_meant(db):
    ann = make.contact()
    for days, amount in ((90, 5), (60, 80), (5, 5)):
        Event.objects.create(contact=ann, name="order", properties={"amount": amount}, at=NOW - timedelta(days=days))
    when = {"op": "days_ago", "value": 30}
    big = [{"field": "amount", "op": ">", "value": 50}]
    for of, where, holds in (("first", [], True), ("last", [], False), ("last", big, True)):
        rule = {"rule": "event", "name": "order", "when": {"of": of, **when}, "where": where}
        assert segments.count(rule, NOW) == (1 if holds else 0)
        assert bool(segments.matching(rule, [ann.pk], NOW)) is holds


def test_every_country_is_found_by_its_numbers(db):
    """Of every country, an example of every kind of number: as the library tells it, here and in SQL."""
    numbers = {
        phonenumbers.format_number(number, PhoneNumberFormat.E164): phonenumbers.region_code_for_number(number)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in PhoneNumberType.values()
        if kind != PhoneNumberType.UAN  # which nobody has at home
        if (number := phonenumbers.example_number_for_type(region, kind))
    }
    rows = Contact.objects.bulk_create(Contact(phone=phone, created_at=NOW, updated_at=NOW) for phone in numbers)
    ids = {row.pk: numbers[row.phone] for row in rows}
    assert {phone: country_of_number(phone) for phone in numbers} == numbers
    shared = [region for regions in calling_codes().values() if len(regions) > 1 for region in regions]
    for country in [*shared, "FR", "JP"]:
        rule = {"rule": "location", "of": "country", "in": [country]}
        assert segments.matching(rule, list(ids), NOW) == {id for id, home in ids.items() if home == country}, country


def test_names_are_suggested_with_their_ids_and_countries_with_their_names(admin_client):
    for name in ("Spring", "Winter", "Winter"):
        Campaign.objects.create(name=name, channel="email", created_at=NOW)
    segment = Segment.objects.create(name="Winners")

    def options(**asked: str) -> list:
        return admin_client.get(reverse("rule_suggestions"), asked).json()["options"]

    twins = Campaign.objects.filter(name="Winter").order_by("-pk")
    assert options(of="campaigns", q="wint") == [{"id": one.pk, "text": f"Winter ({one.pk})"} for one in twins]
    assert options(of="segments", q="win") == [{"id": segment.pk, "text": "Winners"}]
    assert options(of="scenarios", q="x") == []
    assert {"value": "FR", "label": "France"} in options(of="countries", q="fran")


def test_a_whole_tree_is_drawn_again_when_something_is_undone(admin_client):
    shown = admin_client.post(reverse("rule_group"), {"tree": '{"any": [{"rule": "tag", "name": "<b>"}]}'}).text
    assert shown.count("data-group") == 1
    assert "&lt;b&gt;" in shown
    assert "data-group" in admin_client.post(reverse("rule_group"), {"tree": "[" * 9000}).text


def test_a_tree_as_deep_as_allowed_is_drawn_said_saved_explained_and_kept_in_a_graph(admin_client):
    deep: dict = VIP
    for n in range(MAX_DEPTH - 1):
        deep = {"not": {"any": [deep]}} if n % 3 == 0 else {"all": [deep, VIP]}
        if compiler.tree.depth(deep) >= MAX_DEPTH - 1:
            break
    segment = Segment.objects.create(name="Deep", rule=deep)
    assert segments.problems(deep) == []
    ann = make.contact("ann@example.com")
    page = admin_client.get(reverse("segment_edit", args=[segment.pk]))
    assert page.text.count("data-group") > 60
    assert "Ann" in admin_client.get(reverse("segment_why", args=[segment.pk]), {"q": "ann"}).text.title()
    assert segments.count(deep, NOW) + segments.count({"not": deep}, NOW) == 1
    assert ann.pk
    condition = {"id": "n2", "type": "condition", "x": 0, "y": 0, "config": {"rule": deep}}
    assert graphs.unstorable({"nodes": [condition], "edges": []}) == []


def test_segments_that_stack_up_too_deep_are_refused(db):
    below = Segment.objects.create(name="0", rule=VIP)
    for level in range(1, 8):
        rule: dict = {"rule": "segment", "id": below.pk}
        for _ in range(40):
            rule = {"all": [rule, VIP]}
        below = Segment.objects.create(name=str(level), rule=rule)
    problem = segments.problems({"rule": "segment", "id": below.pk})[0]
    assert "nested more than" in problem
