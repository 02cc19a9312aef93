"""The pages of fixed lists, of sizes over time, of who came and went, and of overlaps."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from contacts.days import day_of
from contacts.models import Contact, Placement, Segment, SegmentDay
from contacts.segments import charting, filling, history, overlapping, pasting, placing, saving
from tests import make
from tests.contacts.membering import members, told
from tests.make import NOW
from tests.people import person, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(db):
    return signed_in(person("marketer"))


@pytest.fixture
def guests():
    return saving.create_list("Guests", NOW)


def at(name, *args):
    return reverse(name, args=args)


def test_a_list_is_made_filled_and_emptied_on_its_pages(mara):
    ann, bob = make.contact("ann@example.com"), make.contact("bob@example.com", first_name="Bob")
    assert "New fixed list" in mara.get(at("segment_list")).text
    shown = mara.post(at("list_create"), {"name": "Guests"}, follow=True).text
    assert "Nobody is in the list yet" in shown
    guests = Segment.objects.get()
    found = mara.get(at("list_suggestions", guests.pk), {"find": "nn@ex"}).text
    assert f'value="{ann.pk}"' in found
    mara.post(at("list_change", guests.pk), {"add": ann.pk})
    assert "in it" in mara.get(at("list_suggestions", guests.pk), {"find": "nn@ex"}).text
    mara.post(at("list_members", guests.pk), {"text": "Bob <BOB@example.com>; ann@example.com"})
    assert members(guests) == {ann.pk, bob.pk}
    assert "2 contacts are in" in mara.get(at("list_members", guests.pk)).text
    assert "ann@example.com" not in mara.get(at("list_members", guests.pk), {"q": "bob"}).text
    mara.post(at("list_change", guests.pk), {"remove": [ann.pk, bob.pk]})
    assert members(guests) == set()
    assert told(ann) == ["entered Guests", "left Guests"]
    assert ann.events.first().properties["source"] == "by mara"


def test_who_is_unknown_in_a_pasted_text_stays_in_the_field(mara, guests):
    make.contact("ann@example.com")
    shown = mara.post(at("list_members", guests.pk), {"text": "ann@example.com\nzed@example.com, nobody"}).text
    assert "2 name nobody in Waypost" in shown
    assert ">\nzed@example.com\nnobody</textarea>" in shown
    too_long = mara.post(at("list_members", guests.pk), {"text": "x," * (pasting.MOST + 1)}).text
    assert "At most 5,000 at a time" in too_long


def test_a_pasted_name_is_an_address_a_phone_an_id_or_an_external_id():
    ann = make.contact("ann@example.com")
    bob = make.contact(None, phone="+33612345678")
    cem = make.contact(None, external_id="crm-17")
    text = f'"ann@example.com"\t+33 6 12 34 56 78\r\ncrm-17;#{ann.pk},#999999999, ,'
    assert pasting.read(text) == pasting.Pasted([ann.pk, bob.pk, cem.pk, ann.pk], ["#999999999"])


def test_a_file_is_uploaded_watched_and_stopped(mara, guests):
    make.contact("ann@example.com")
    file = SimpleUploadedFile("guests.csv", b"email\nann@example.com\nzed@example.com\n")
    shown = mara.post(at("list_upload", guests.pk), {"file": file}, follow=True).text
    lot = Placement.objects.get()
    assert at("list_progress", guests.pk, lot.pk) in shown
    assert filling.work(NOW)
    done = mara.get(at("list_progress", guests.pk, lot.pk))
    assert done.headers["HX-Refresh"] == "true"
    assert "1 row left out" in done.text
    assert "No contact has this email." in done.text
    bad = SimpleUploadedFile("colours.csv", b"colour\nred\n")
    assert "No column holds emails" in mara.post(at("list_upload", guests.pk), {"file": bad}).text
    again = SimpleUploadedFile("guests.csv", b"email\nann@example.com\n")
    mara.post(at("list_upload", guests.pk), {"file": again})
    mara.post(at("list_stop", guests.pk, Placement.objects.latest("pk").pk))
    assert not filling.work(NOW)


def test_a_copy_is_asked_for_by_name(mara):
    everybody = Segment.objects.create(name="Everybody")
    assert "Make a fixed copy" in mara.get(at("segment_copy", everybody.pk)).text
    taken = mara.post(at("segment_copy", everybody.pk), {"name": "everybody"}).text
    assert "Another segment has this name." in taken
    mara.post(at("segment_copy", everybody.pk), {"name": "Everybody in March"})
    assert Segment.objects.get(kind="static").name == "Everybody in March"


def test_a_list_is_renamed_and_keeps_its_contacts(mara, guests):
    (ann,) = make.contacts(1)
    placing.add(guests, [ann], NOW)
    assert "rule_row" not in mara.get(at("segment_edit", guests.pk)).text
    mara.post(at("segment_edit", guests.pk), {"name": "VIPs", "rule": '{"all": []}'})
    guests.refresh_from_db()
    assert (guests.name, guests.rule) == ("VIPs", {"rule": "placed", "id": guests.pk})
    assert members(guests) == {ann}


def test_the_page_of_a_contact_shows_and_changes_their_lists(mara, guests):
    ann = make.contact("ann@example.com")
    part = at("contact_segments", ann.pk)
    assert "In no segment" in mara.get(part).text
    assert "Guests" in mara.post(part, {"add": guests.pk}, headers={"HX-Request": "true"}).text
    assert members(guests) == {ann.pk}
    mara.post(part, {"remove": guests.pk})
    assert members(guests) == set()
    everybody = Segment.objects.create(name="Everybody")
    assert mara.post(part, {"add": everybody.pk}).status_code == 404


def test_viewers_look_and_change_nothing(guests):
    ann = make.contact("ann@example.com")
    vera = signed_in(person("viewer", "vera"))
    placing.add(guests, [ann.pk], NOW)
    assert "ann@example.com" in vera.get(at("list_members", guests.pk)).text
    asked = [
        (at("list_members", guests.pk), {"text": "ann@example.com"}),
        (at("list_change", guests.pk), {"remove": ann.pk}),
        (at("list_upload", guests.pk), {}),
        (at("segment_copy", guests.pk), {"name": "Copy"}),
        (at("list_create"), {"name": "New"}),
        (at("contact_segments", ann.pk), {"remove": guests.pk}),
    ]
    assert [url for url, data in asked if vera.post(url, data).status_code != 403] == []
    assert members(guests) == {ann.pk}
    assert Segment.objects.count() == 1


def test_a_segment_by_rules_has_no_list_of_contacts_to_change(mara):
    everybody = Segment.objects.create(name="Everybody")
    for name in ("list_members", "list_suggestions"):
        assert mara.get(at(name, everybody.pk)).status_code == 404
    assert mara.post(at("list_change", everybody.pk), {"remove": 1}).status_code == 404


def test_days_on_which_nothing_happened_are_as_large_as_the_day_before(guests):
    today = day_of(NOW)
    SegmentDay.objects.create(segment=guests, day=today - timedelta(9), size=5, entered=5)
    SegmentDay.objects.create(segment=guests, day=today - timedelta(1), size=7, entered=3, left=1)
    shown = history.lately(guests, 4, NOW)
    assert [(day.size, day.entered, day.left) for day in shown] == [(5, 0, 0), (5, 0, 0), (7, 3, 1), (7, 0, 0)]
    assert len(history.lately(guests, 30, NOW)) == 10
    drawn = charting.chart(history.lately(guests, 365, NOW))
    assert (drawn.grown, drawn.entered, drawn.left, drawn.most_moved) == (2, 8, 1, 5)
    assert charting.chart([]) is None


def test_a_long_time_is_drawn_by_the_week():
    day = day_of(NOW)
    drawn = charting.chart([history.Day(day + timedelta(n), n, 1, 2) for n in range(140)])
    assert drawn.unit == "week"
    assert len(drawn.columns) in (20, 21)
    assert (drawn.most_moved, drawn.entered, drawn.left) == (14, 140, 280)


def test_the_page_draws_sizes_and_tells_who_came_and_went(mara, guests):
    ann, bob = make.contact("ann@example.com"), make.contact("bob@example.com")
    now = timezone.now()
    placing.add(guests, [ann.pk, bob.pk], now)
    placing.remove(guests, [bob.pk], now)
    other = saving.create_list("Others", now)
    placing.add(other, [bob.pk], now)
    assert "1 in it, 2 entered, 1 left" in mara.get(at("segment_sizes", guests.pk), {"days": "365"}).text
    page = mara.get(at("segment_page", guests.pk)).text
    assert page.count('<li class="success">') == 2
    changes = at("segment_changes", guests.pk)
    shown = {what: mara.get(changes, {"what": what}).text.count("<tr>") - 1 for what in ("", "entered", "left", "x")}
    assert shown == {"": 3, "entered": 2, "left": 1, "x": 3}


def test_an_overlap_is_counted_exactly_and_becomes_a_segment(mara, guests):
    ids = make.contacts(6)
    Contact.objects.filter(pk__in=ids[:4]).update(language="fr")
    speaks = {"rule": "attribute", "field": "language", "op": "equals", "value": "fr"}
    french = Segment.objects.create(name="French", rule=speaks)
    placing.add(guests, ids[3:5], NOW)
    found = overlapping.overlap([french, guests], NOW)
    assert [(size, share) for _, size, share in found.sizes] == [(4, "80"), (2, "40")]
    assert [(part.words, part.size) for part in found.parts] == [
        ("In both", 1),
        ("Only in “French”", 3),
        ("Only in “Guests”", 1),
    ]
    everybody = Segment.objects.create(name="Everybody")
    three = overlapping.overlap([french, guests, everybody], NOW)
    assert (three.everybody, sum(part.size for part in three.parts)) == (6, 6)
    asked = {"segment": [french.pk, guests.pk, ""]}
    assert "Counting…" in mara.get(at("segment_overlap"), asked).text
    shown = mara.get(at("segment_overlap"), asked, headers={"HX-Request": "true"}).text
    assert 'data-everybody="5"' in shown
    form = mara.get(at("segment_create"), {"rule": found.parts[1].json}).context["form"]
    assert form.initial["rule"] == found.parts[1].rule
    assert mara.get(at("segment_create"), {"rule": "{"}).status_code == 200


def test_segments_that_cannot_be_asked_have_no_overlap(mara, guests):
    broken = Segment.objects.create(name="Broken", rule={"rule": "nonsense"})
    asked = {"segment": [guests.pk, broken.pk]}
    shown = mara.get(at("segment_overlap"), asked, headers={"HX-Request": "true"}).text
    assert "is not a kind of rule" in shown
    same = mara.get(at("segment_overlap"), {"segment": [guests.pk, guests.pk]}).text
    assert "Choose two different segments." in same
