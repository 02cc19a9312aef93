"""Several people fill and empty the same fixed list at the same time, and segments are deleted meanwhile."""

import pytest

from contacts.models import Contact, Event, Membership, SegmentDay
from contacts.segments import deleting, placing, saving
from tests import make
from tests.contacts.at_once import at_once, meanwhile
from tests.contacts.membering import members
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guests():
    return saving.create_list("Guests", NOW)


def test_whoever_is_put_in_twice_at_once_has_entered_once(guests):
    ids = make.contacts(300)
    at_once(*(lambda part=part: placing.add(guests, part, NOW) for part in (ids[:200], ids[100:][::-1], ids)))
    assert members(guests) == set(ids)
    assert Event.objects.filter(name="segment.entered").count() == 300
    day = SegmentDay.objects.get()
    assert (day.size, day.entered, day.left) == (300, 300, 0)


def test_those_who_are_put_in_and_taken_out_at_once_are_counted_as_they_end(guests):
    ids = make.contacts(200)
    placing.add(guests, ids[:100], NOW)
    at_once(
        lambda: placing.remove(guests, ids[:100][::-1], NOW),
        lambda: placing.add(guests, ids, NOW),
        lambda: placing.remove(guests, ids[50:150], NOW),
    )
    day = SegmentDay.objects.get()
    assert day.size == len(members(guests)) == day.entered - day.left


def test_a_list_that_is_deleted_takes_nobody_in(guests):
    ids = make.contacts(3)
    meanwhile(lambda: placing.add(guests, ids, NOW), lambda: deleting.delete(guests))
    assert not Membership.objects.exists()
    assert not SegmentDay.objects.exists()


def test_a_contact_who_is_deleted_meanwhile_is_not_left_in_the_list(guests):
    (ann,) = make.contacts(1)
    meanwhile(lambda: placing.add(guests, [ann], NOW), Contact.objects.filter(pk=ann).delete)
    assert not Membership.objects.exists()
