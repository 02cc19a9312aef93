"""What an objective asks for, from when on and until when, and which ones are refused."""

from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns import conversion_stats
from campaigns.models import Conversion, Objective
from campaigns.objectives import set_objective
from contacts.models import Segment
from tests import make
from tests.campaigns.converted import ORDERS, kept, message, order, until_read, wants
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def test_the_filter_asks_about_the_event_and_the_contact():
    vip = {"rule": "attribute", "field": "vip", "op": "equals", "value": True}
    big = {"rule": "property", "field": "value", "op": "at_least", "value": 50}
    in_segment = {"rule": "segment", "id": Segment.objects.create(name="VIPs", rule=vip).pk}
    wants("scenario:1", **ORDERS, filter={"all": [big, in_segment]})
    wants("scenario:2", **ORDERS, filter={"not": big})
    ada = make.contact("ada@example.com", attributes={"vip": True}).pk
    ben = make.contact("ben@example.com").pk
    for contact in (ada, ben):
        for number in (1, 2):
            message(contact, f"scenario:{number}:n1", NOW)
        for value in (49, 50):
            order(contact, NOW + HOUR, value=value)
    until_read()
    found = Conversion.objects.values_list("objective__owner", "contact_id", "value")
    assert sorted(found) == [("scenario:1", ada, 50), ("scenario:2", ada, 49), ("scenario:2", ben, 49)]


def test_a_filter_that_cannot_be_asked_any_more_keeps_the_others_from_nothing(ada, caplog):
    segment = Segment.objects.create(name="VIPs")
    wants("scenario:1", **ORDERS, filter={"rule": "segment", "id": segment.pk})
    wants("scenario:2", **ORDERS)
    segment.delete()
    message(ada, "scenario:1:n1", NOW)
    message(ada, "scenario:2:n1", NOW)
    order(ada, NOW + HOUR)
    until_read()
    assert [owner for owner, _, _ in kept()] == ["scenario:2"]
    assert "no longer exists" in caplog.text


def test_what_happened_before_the_objective_was_set_is_passed_over(ada):
    wants("scenario:2", kind="opened")
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR)
    until_read()
    wants("scenario:1", **ORDERS)
    until_read()
    assert kept() == []
    order(ada, NOW + 2 * HOUR)
    until_read()
    assert len(kept()) == 1


def test_an_objective_that_was_taken_back_counts_no_more_and_keeps_what_it_counted(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=10)
    until_read()
    assert set_objective("scenario:1", None) == {}
    order(ada, NOW + 2 * HOUR, value=10)
    until_read()
    wants("scenario:1", **ORDERS)
    order(ada, NOW + 3 * HOUR, value=10)
    until_read()
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": Decimal(20)}}


def test_objectives_that_nobody_could_mean_are_refused_field_by_field():
    assert set_objective("scenario:x", {"kind": "opened"}).keys() == {"owner"}
    assert set_objective("scenario:1", []).keys() == {"detail"}
    for parts, fields in [
        ({"kind": "bought"}, {"kind"}),
        ({"kind": ["opened"]}, {"kind"}),
        ({"kind": "opened", "colour": 1}, {"detail"}),
        ({"kind": "opened", "within_days": 0}, {"within_days"}),
        ({"kind": "opened", "within_days": True}, {"within_days"}),
        ({"kind": "event", "event": " "}, {"event"}),
        ({"kind": "event", "event": "a\0b"}, {"event"}),
        ({"kind": "event", "event": "paid", "filter": {"rule": "nonsense"}}, {"filter"}),
        ({"kind": "event", "event": "paid", "touch": "seen"}, {"touch"}),
        ({"kind": "event", "event": "paid", "value_property": 5}, {"value_property"}),
        ({"kind": "event", "event": "paid", "currency_property": "currency"}, {"value_property"}),
        ({"kind": "segment"}, {"segment"}),
        ({"kind": "segment", "segment": 99999}, {"segment"}),
        ({"kind": "segment", "segment": True}, {"segment"}),
    ]:
        assert set_objective("scenario:1", parts).keys() == fields, parts
    assert not Objective.objects.exists()
