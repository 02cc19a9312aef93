"""Attributes of many contacts change in one statement, and only of those whose do."""

import pytest

from contacts.attributes import attributing
from contacts.models import Contact, Event
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def attributes() -> list[dict]:
    return list(Contact.objects.order_by("pk").values_list("attributes", flat=True))


def told() -> list[tuple]:
    return list(Event.objects.order_by("contact_id").values_list("contact_id", "name", "properties"))


def test_attributes_are_set_and_removed_and_the_others_stay(django_assert_num_queries):
    ann = make.contact("ann@example.com", attributes={"plan": "free", "city": "Paris", "old": 1}).pk
    ben = make.contact("ben@example.com").pk
    with django_assert_num_queries(1):
        assert attributing.change([ben, ann, ann], {"plan": "team", "seats": 3}, ["old"], NOW, "scenario:1:n2") == 2
    assert attributes() == [{"plan": "team", "city": "Paris", "seats": 3}, {"plan": "team", "seats": 3}]
    changed = [["attributes.old", "attributes.plan", "attributes.seats"], ["attributes.plan", "attributes.seats"]]
    assert told() == [
        (contact, "contact.updated", {"changed": names, "source": "scenario:1:n2"})
        for contact, names in zip((ann, ben), changed, strict=True)
    ]


def test_who_has_it_already_is_neither_written_nor_told():
    make.contact("ann@example.com", attributes={"plan": "team", "seats": 3.0})
    ben = make.contact("ben@example.com").pk
    assert attributing.change(list(Contact.objects.values_list("pk", flat=True)), {"seats": 3}, ["gone"], NOW) == 1
    assert told() == [(ben, "contact.updated", {"changed": ["attributes.seats"]})]
    assert Contact.objects.filter(updated_at=NOW).count() == 2


def test_each_may_get_their_own():
    ann, ben = make.contacts(2)
    assert attributing.change([ann, ben, 10**9], [{"n": "Ann"}, {"n": "Ben"}, {"n": "Nobody"}], [], NOW) == 2
    assert attributes() == [{"n": "Ann"}, {"n": "Ben"}]
    assert attributing.change([], {"n": 1}, [], NOW) == 0
