"""Time alone, and what leaves no event, carry contacts across the borders of segments, and that is found and told."""

from datetime import timedelta
from typing import Any

import pytest

from contacts import timeline
from contacts.models import Contact, Segment
from contacts.segments import refreshing
from tests import make
from tests.contacts.membering import members, segment, settle, told
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

ORDERED = {"rule": "event", "name": "order.placed"}


def within(days: int) -> dict[str, Any]:
    return {**ORDERED, "within": {"amount": days, "unit": "days"}}


def test_time_alone_carries_contacts_out():
    ann = make.contact("ann@example.com")
    recent = segment("Recent", within(7))
    timeline.record_for([ann.pk], "order.placed", {}, NOW)
    settle()
    assert members(recent) == {ann.pk}
    settle(NOW + timedelta(days=7, minutes=1))
    assert members(recent) == set()
    assert told(ann) == ["entered Recent", "left Recent"]


def _growing_old(count: int) -> tuple[list[int], Segment]:
    """Contacts who are in a segment until three hours from now, and somebody outside."""
    ids = make.contacts(count)
    at = NOW - timedelta(days=7) + timedelta(hours=3)
    timeline.record([timeline.NewEvent(pk, "order.placed", {}, at=at) for pk in ids], NOW)
    english = {"rule": "attribute", "field": "language", "op": "equals", "value": "en"}
    make.contact("outside@example.com")
    return ids, segment("Recent", {"any": [within(7), english]})


def test_between_passes_only_those_whom_time_has_moved_are_looked_at():
    ids, recent = _growing_old(3)
    Contact.objects.update(language="en")
    Contact.objects.filter(pk__in=ids[:2]).update(language="")
    settle(NOW + timedelta(hours=2))
    assert members(recent) == set(ids)
    settle(NOW + timedelta(hours=3))
    assert members(recent) == set(ids), "the moment itself still counts"
    settle(NOW + timedelta(hours=3) + refreshing.DRIFTING)
    assert members(recent) == {ids[2]}
    assert told(ids[0]) == ["left Recent"]
    settle(NOW + refreshing.SETTLED)
    assert members(recent) == {ids[2], Contact.objects.get(email="outside@example.com").pk}


def test_where_time_has_moved_many_everybody_is_looked_at(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refreshing, "FEW", 2)
    ids, recent = _growing_old(3)
    Contact.objects.exclude(pk__in=ids).update(language="en")
    settle(NOW + timedelta(hours=4))
    assert members(recent) == {Contact.objects.get(email="outside@example.com").pk}


def test_what_left_no_event_is_found_by_schedule():
    ann = make.contact("ann@example.com")
    english = segment("English", {"rule": "attribute", "field": "language", "op": "equals", "value": "en"})
    Contact.objects.update(language="en")
    settle(NOW + refreshing.DRIFTING)
    assert members(english) == set(), "no time passes in such a rule"
    settle(NOW + refreshing.SETTLED)
    assert members(english) == {ann.pk}
    assert told(ann) == ["entered English"]
