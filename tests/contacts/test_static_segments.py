"""Fixed lists: contacts are put in and taken out by hand, and everything else treats the list as any other segment."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import segments
from contacts.models import Contact, Segment, SegmentDay
from contacts.segments import compiler, knowing, placing, previewing, saving, sizing
from contacts.segments.where import InvalidRule, Scope
from tests import make
from tests.contacts.membering import members, settle, told
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def guests():
    return saving.create_list("Guests", NOW)


def test_a_new_list_holds_nobody_and_not_everybody(guests):
    make.contact("ann@example.com")
    assert segments.count(guests.rule, NOW) == 0
    assert previewing.of_segment(guests, NOW).count == 0


def test_contacts_are_put_in_and_taken_out_and_it_is_told_once(guests):
    ann, bob, _ = make.contacts(3)
    assert placing.add(guests, [ann, bob, bob], NOW, "by mara") == 2
    assert placing.add(guests, [ann], NOW) == 0
    assert placing.remove(guests, [bob, 10**9], NOW) == 1
    assert placing.remove(guests, [bob], NOW) == 0
    assert members(guests) == {ann}
    assert set(segments.audience(guests.rule, NOW).values_list("pk", flat=True)) == {ann}
    assert (told(ann), told(bob)) == (["entered Guests"], ["entered Guests", "left Guests"])
    event = Contact.objects.get(pk=ann).events.get()
    assert event.properties == {"segment": guests.pk, "name": "Guests", "source": "by mara"}


def test_a_contact_who_is_gone_cannot_be_put_in(guests):
    assert placing.add(guests, [10**9], NOW) == 0
    assert members(guests) == set()


@pytest.mark.parametrize("few", [True, False])
def test_rules_ask_for_lists_like_for_other_segments(guests, few):
    ann, bob = make.contacts(2)
    placing.add(guests, [ann], NOW)
    inside, outside = ({"rule": "segment", "id": guests.pk, "in": wanted} for wanted in (True, False))
    if few:
        assert segments.matching(inside, [ann, bob], NOW) == {ann}
        assert segments.matching(outside, [ann, bob], NOW) == {bob}
    else:
        assert set(segments.audience(inside, NOW).values_list("pk", flat=True)) == {ann}
        assert segments.count(outside, NOW) == 1
    assert segments.sentence(inside) == "Is in the segment “Guests”"


@pytest.mark.django_db(transaction=True)
def test_a_segment_by_rules_follows_the_list_that_it_names(guests):
    ann, bob = make.contacts(2)
    vips = Segment.objects.create(name="VIPs", rule={"not": {"rule": "segment", "id": guests.pk}})
    settle()
    assert members(vips) == {ann, bob}
    placing.add(guests, [ann], NOW)
    settle()
    assert members(vips) == {bob}
    assert told(ann) == ["entered Guests", "left VIPs"]
    placing.remove(guests, [ann], NOW)
    settle()
    assert members(vips) == {ann, bob}


@pytest.mark.django_db(transaction=True)
def test_nothing_works_out_the_members_of_a_list(guests):
    (ann,) = make.contacts(1)
    placing.add(guests, [ann], NOW)
    settle()
    assert members(guests) == {ann}
    assert knowing.is_known(guests)


def test_only_lists_take_contacts_in(guests):
    (ann,) = make.contacts(1)
    everybody = Segment.objects.create(name="Everybody")
    with pytest.raises(placing.NotAList):
        placing.add(everybody, [ann], NOW)
    guests.delete()
    with pytest.raises(placing.NotAList):
        placing.add(guests, [ann], NOW)


def test_a_rule_cannot_ask_for_the_members_of_a_segment_that_has_rules():
    """It could ask for its own, and carry its contacts in and out without end."""
    made = Segment.objects.create(name="Turning")
    made.rule = {"not": {"rule": "placed", "id": made.pk}}
    with pytest.raises(InvalidRule):
        saving.save(made)
    for id in (None, True, "1", 0, 2**63, [1], made.pk):
        assert compiler.problems({"rule": "placed", "id": id}, Scope())


def test_it_takes_the_same_statements_for_one_contact_and_for_thousands(guests):
    ids = make.contacts(2000)
    counts = []
    for part in (ids[:1], ids):
        with CaptureQueriesContext(connection) as asked:
            placing.add(guests, part, NOW)
        counts.append(len(asked))
    assert counts[1] <= counts[0] <= 11


def test_the_size_of_each_day_follows_whoever_comes_and_goes(guests):
    ids = make.contacts(5)
    placing.add(guests, ids[:4], NOW)
    placing.remove(guests, ids[:1], NOW)
    tomorrow = NOW.replace(day=NOW.day + 1)
    placing.add(guests, ids[4:], tomorrow)
    days = SegmentDay.objects.filter(segment=guests).order_by("day").values_list("size", "entered", "left")
    assert list(days) == [(3, 4, 1), (4, 1, 0)]


def test_contacts_who_are_deleted_leave_the_size_when_it_is_counted(guests):
    ids = make.contacts(3)
    placing.add(guests, ids, NOW)
    Contact.objects.filter(pk=ids[0]).delete()
    later = NOW + 2 * sizing.FRESH
    assert sizing.refresh(later)
    assert SegmentDay.objects.get(segment=guests).size == 2
    guests.refresh_from_db()
    assert guests.size == 2


@pytest.mark.django_db(transaction=True)
def test_those_who_are_in_a_new_segment_from_the_beginning_have_not_entered_it():
    make.contacts(3)
    made = Segment.objects.create(name="Everybody")
    settle()
    make.contact("late@example.com")
    day = SegmentDay.objects.get(segment=made)
    assert (day.size, day.entered, day.left) == (3, 0, 0)
