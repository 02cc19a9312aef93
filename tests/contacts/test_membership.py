"""Contacts come into segments and go out of them, and each crossing of a border is told once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import saving, tagging, timeline
from contacts.models import Contact, Event, Membership, Segment, SegmentRefresh
from contacts.segments import deleting, following, previewing, refreshing
from contacts.segments import saving as segment_saving
from contacts.timeline import NewEvent
from tests import make
from tests.contacts.membering import members, segment, settle, told, until_readable
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

VIP = {"rule": "tag", "name": "vip"}
ORDERED = {"rule": "event", "name": "order.placed"}


@pytest.fixture
def small_slices(monkeypatch):
    for name in ("SMALLEST", "FIRST", "LARGEST"):
        monkeypatch.setattr(refreshing, name, 2)


def within(days: int) -> dict[str, Any]:
    return {**ORDERED, "within": {"amount": days, "unit": "days"}}


def test_who_matches_already_is_a_member_and_nobody_is_told():
    ann, ben = make.contact("ann@example.com"), make.contact("ben@example.com")
    tagging.add([ann.pk], ["vip"], NOW)
    assert members(segment("VIP", VIP)) == {ann.pk}
    assert told(ann) == told(ben) == []


def test_a_crossing_is_told_once():
    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    tagging.add([ann.pk], ["vip"], NOW)
    settle()
    assert members(vip) == {ann.pk}
    saving.update(ann, {"first_name": "Ann"}, NOW)
    tagging.add([ann.pk], ["new"], NOW)
    settle()
    assert told(ann) == ["entered VIP"]
    tagging.remove([ann.pk], ["vip"], NOW)
    settle()
    assert told(ann) == ["entered VIP", "left VIP"]
    assert members(vip) == set()


def test_the_event_names_the_segment_by_id_and_by_name():
    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    tagging.add([ann.pk], ["vip"], NOW)
    settle(NOW + timedelta(minutes=1))
    event = Event.objects.get(name="segment.entered")
    assert event.properties == {"segment": vip.pk, "name": "VIP"}
    assert event.at == NOW + timedelta(minutes=1)


def test_new_contacts_come_into_the_segments_that_they_match():
    strangers = segment("Strangers", {"not": VIP})
    french = segment("French", {"rule": "attribute", "field": "language", "op": "equals", "value": "fr"})
    ann = saving.create({"email": "ann@example.com", "language": "fr"}, NOW)
    settle()
    assert members(strangers) == members(french) == {ann.pk}
    assert told(ann) == ["entered Strangers", "entered French"]


def test_a_segment_in_a_segment_moves_with_it():
    vip = segment("VIP", VIP)
    both = segment("Both", {"all": [{"rule": "segment", "id": vip.pk}, ORDERED]})
    ann = make.contact("ann@example.com")
    timeline.record_for([ann.pk], "order.placed", {}, NOW)
    settle()
    tagging.add([ann.pk], ["vip"], NOW)
    settle()
    assert members(both) == {ann.pk}
    assert told(ann) == ["entered VIP", "entered Both"]


def test_an_edit_changes_the_members_and_tells_nobody():
    ann, ben = make.contact("ann@example.com"), make.contact("ben@example.com")
    tagging.add([ann.pk], ["vip"], NOW)
    tagging.add([ben.pk], ["new"], NOW)
    edited = segment("Edited", VIP)
    around = segment("Around", {"rule": "segment", "id": edited.pk})
    edited.rule = {"rule": "tag", "name": "new"}
    segment_saving.save(edited)
    settle()
    assert members(edited) == members(around) == {ben.pk}
    assert told(ann) == told(ben) == []
    tagging.add([ann.pk], ["new"], NOW)
    settle()
    assert told(ann) == ["entered Edited", "entered Around"]


def test_a_new_name_changes_nothing_but_the_name():
    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    before = SegmentRefresh.objects.get()
    vip.name = "Best"
    segment_saving.save(vip)
    tagging.add([ann.pk], ["vip"], NOW)
    settle()
    assert told(ann) == ["entered Best"]
    assert SegmentRefresh.objects.get().refreshed_at == before.refreshed_at


@pytest.mark.parametrize("name", ["segment.entered", "segment.left"])
def test_segments_about_segments_come_to_rest(name):
    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    of_vip = [{"field": "segment", "op": "equals", "value": vip.pk}]
    told_of = segment("Told of", {"rule": "event", "name": name, "where": of_vip})
    restless = segment("Restless", {"not": {"rule": "event", "name": "segment.entered"}})
    tagging.add([ann.pk], ["vip"], NOW)
    settle()
    tagging.remove([ann.pk], ["vip"], NOW)
    settle()
    assert members(told_of) == {ann.pk}
    assert members(restless) == set()
    assert sorted(told(ann)) == ["entered Told of", "entered VIP", "left Restless", "left VIP"]


def test_only_segments_that_an_event_may_move_are_asked():
    ann = make.contact("ann@example.com")
    segment("VIP", VIP)
    segment("Ordered", ORDERED)
    tagging.add([ann.pk], ["new"], NOW)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        following.follow(NOW)
    asked = [query["sql"] for query in captured if "contacts_contacttag" in query["sql"]]
    assert len(asked) == 1
    assert "order.placed" not in asked[0]


def test_an_event_moves_only_its_own_contact_however_many_names_a_batch_has():
    ids = make.contacts(80)
    late = segment("Late", {"rule": "event", "name": "zzz"})
    odd = segment("Odd", {"any": [{"rule": "event", "name": f"event.{n}"} for n in range(1, 70, 2)]})
    timeline.record([NewEvent(pk, f"event.{n}") for n, pk in enumerate(ids[:70])], NOW)
    timeline.record([NewEvent(ids[79], "zzz")], NOW)
    settle()
    assert members(odd) == set(ids[1:70:2])
    assert members(late) == {ids[79]}


def test_the_number_of_statements_does_not_depend_on_the_number_of_contacts_and_segments():
    def statements(contacts: int) -> int:
        ids = make.contacts(contacts, f"{contacts}.example.com")
        tagging.add(ids, ["vip"], NOW)
        until_readable()
        with CaptureQueriesContext(connection) as captured:
            assert following.follow(NOW)
        assert Membership.objects.filter(contact_id__in=ids).count() == contacts * Segment.objects.count()
        return len(captured)

    segment("VIP", VIP)
    few = statements(3)
    for number in range(50):
        Segment.objects.create(name=f"VIP {number}", rule=VIP)
    settle()
    assert statements(400) == few


def test_deleting_leaves_no_orphans():
    ids = make.contacts(3)
    everybody, others = segment("Everybody", {"all": []}), segment("Others", {"all": []})
    saving.delete(ids[:1])
    assert Membership.objects.count() == 4
    deleting.delete(everybody)
    assert set(Membership.objects.values_list("segment_id", "contact_id")) == {(others.pk, pk) for pk in ids[1:]}
    assert SegmentRefresh.objects.count() == 1


def test_members_who_are_no_contacts_any_more_are_forgotten():
    ids = make.contacts(2)
    everybody = segment("Everybody", {"all": []})
    Membership.objects.create(segment_id=everybody.pk, contact_id=10**9)
    settle(NOW + refreshing.SETTLED)
    assert members(everybody) == set(ids)
    assert not Event.objects.exists()


def test_a_contact_deleted_meanwhile_is_waited_for_and_left_out():
    ids = make.contacts(2)
    vip = segment("VIP", VIP)
    tagging.add(ids, ["vip"], NOW)
    Contact.objects.filter(pk=ids[0]).delete()
    settle()
    assert members(vip) == {ids[1]}


def test_a_rule_that_cannot_be_asked_keeps_its_members_until_it_is_mended():
    ids = make.contacts(2)
    broken = segment("Broken", {"all": []})
    Segment.objects.filter(pk=broken.pk).update(rule={"rule": "nonsense"})
    settle()
    timeline.record([NewEvent(pk, "contact.updated") for pk in ids], NOW)
    settle()
    settle(NOW + refreshing.SETTLED)
    assert members(broken) == set(ids)
    Segment.objects.filter(pk=broken.pk).update(rule=VIP)
    settle(NOW + refreshing.SETTLED)
    assert members(broken) == set()
    assert not Event.objects.filter(name__startswith="segment.").exists()


def test_a_rule_that_breaks_the_database_does_not_hinder_the_others(monkeypatch, caplog):
    from contacts.segments.rules.event import kind
    from contacts.segments.where import Where

    ann = make.contact("ann@example.com")
    vip = segment("VIP", VIP)
    broken = segment("Broken", {"any": [ORDERED, VIP]})
    monkeypatch.setattr(
        kind, "sql", lambda config, now, scope: Where("1 / (contacts_contact.id - contacts_contact.id) = 1")
    )
    tagging.add([ann.pk], ["vip"], NOW)
    settle()
    assert members(vip) == {ann.pk}
    assert members(broken) == set()
    assert "cannot be worked out" in caplog.text
    monkeypatch.undo()
    settle(NOW + refreshing.SETTLED)
    assert members(broken) == {ann.pk}


def test_pages_count_members_where_they_are_exact_and_ask_the_rule_elsewhere():
    def shown(segment: Segment) -> tuple[int, list[str], bool]:
        with CaptureQueriesContext(connection) as captured:
            found = previewing.of_segment(segment, NOW)
        by_rule = any("contacts_contacttag" in query["sql"] for query in captured)
        return found.count, [contact.email for contact in found.sample], by_rule

    ann = make.contact("ann@example.com")
    vip = Segment.objects.create(name="VIP", rule=VIP)
    tagging.add([ann.pk], ["vip"], NOW)
    assert shown(vip) == (1, ["ann@example.com"], True), "nobody has filled it"
    settle()
    assert shown(vip) == (1, ["ann@example.com"], False)
    tagging.remove([ann.pk], ["vip"], NOW)
    assert shown(vip) == (0, [], True), "nobody has read what happened"
    settle()
    assert shown(vip) == (0, [], False)
    vip.rule = {"not": VIP}
    assert shown(vip)[0] == 1
    recent = segment("Recent", {"all": [VIP, within(1)]})
    assert shown(recent) == (0, [], True), "time passes"
