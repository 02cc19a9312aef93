"""Nobody is missed and nothing is told twice when workers die, share the work, or are overtaken."""

import pytest
from django.db import transaction

from contacts import tagging, timeline
from contacts.models import Segment
from contacts.segments import following, refreshing, watching
from tests import make
from tests.contacts.membering import members, segment, settle, told, until_readable
from tests.contacts.other_connection import other_connection
from tests.contacts.test_membership import ORDERED, VIP, small_slices
from tests.make import NOW

__all__ = ["small_slices"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_rolled_back_comes_again_and_is_told_once():
    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    tagging.add([ann.pk], ["vip"], NOW)
    until_readable()
    with pytest.raises(InterruptedError), transaction.atomic():
        assert following.follow(NOW)
        raise InterruptedError
    assert members(vip) == set()
    settle()
    settle()
    assert members(vip) == {ann.pk}
    assert told(ann) == ["entered VIP"]


def test_a_slice_that_is_rolled_back_comes_again(small_slices):
    ids = make.contacts(7)
    everybody = Segment.objects.create(name="Everybody", rule={"all": []})
    assert refreshing.refresh(NOW)
    assert members(everybody) == set(ids[:2])
    with pytest.raises(InterruptedError), transaction.atomic():
        assert refreshing.refresh(NOW)
        raise InterruptedError
    settle()
    assert members(everybody) == set(ids)


def test_two_workers_share_the_log_and_the_segments():
    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    tagging.add([ann.pk], ["vip"], NOW)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT FROM contacts_eventcursor FOR UPDATE")
        assert not following.follow(NOW)
        other.execute("ROLLBACK")
        other.execute("BEGIN")
        other.execute("SELECT FROM contacts_segmentrefresh FOR UPDATE")
        assert not refreshing.refresh(NOW + refreshing.SETTLED)
    settle()
    assert members(vip) == {ann.pk}


def test_who_changes_while_a_new_segment_is_filled_is_known_in_the_end(small_slices):
    ids = make.contacts(6)
    vip = Segment.objects.create(name="VIP", rule=VIP)
    refreshing.refresh(NOW)
    tagging.add([ids[0], ids[5]], ["vip"], NOW)
    until_readable()
    assert following.follow(NOW)
    assert members(vip) == {ids[0]}, "the last one is still to be looked at"
    settle()
    assert members(vip) == {ids[0], ids[5]}
    assert told(ids[0]) == ["entered VIP"]
    assert told(ids[5]) == []


def test_a_segment_saved_while_the_log_is_read_misses_nothing(monkeypatch):
    ann = make.contact("ann@example.com")
    segment("Ordered", ORDERED)
    read = timeline.read

    def filled_meanwhile(*args):
        monkeypatch.undo()
        with other_connection() as other:
            other.execute(
                "INSERT INTO contacts_segment (name, description, rule, created_at, updated_at)"
                """ VALUES ('VIP', '', '{"rule": "tag", "name": "vip"}', now(), now())"""
            )
            (vip,) = (watched for watched in watching.segments().values() if watched.name == "VIP")
            other.execute(
                "INSERT INTO contacts_segmentrefresh (segment_id, follows, slice, due_at, refreshed_at)"
                " VALUES (%s, %s, 1000, %s, %s)",
                [vip.id, vip.follows, NOW + refreshing.SETTLED, NOW],
            )
        return read(*args)

    monkeypatch.setattr(timeline, "read", filled_meanwhile)
    tagging.add([ann.pk], ["vip"], NOW)
    settle()
    assert told(ann) == ["entered VIP"]
