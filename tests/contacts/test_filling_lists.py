"""Fixed lists are filled from files and as copies of other segments, slice by slice in the background."""

import pytest

from contacts.imports.csv_sniffing import Unreadable
from contacts.models import Contact, CsvChunk, CsvImport, Membership, Placement, Segment, SegmentDay
from contacts.segments import filling, placing, saving
from contacts.segments.where import InvalidRule
from tests import make
from tests.contacts.membering import members, told
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def guests():
    return saving.create_list("Guests", NOW)


def done(lot: Placement) -> Placement:
    while filling.work(NOW):
        pass
    lot.refresh_from_db()
    return lot


def upload(segment, text, **options):
    return filling.upload(segment, "guests.csv", [text.encode()], NOW, "by mara", **options)


def test_whom_a_file_names_is_put_in_and_who_is_unknown_is_told(guests):
    ann = make.contact("Ann@example.com")
    bob = make.contact(None, phone="+33612345678")
    placing.add(guests, [ann.pk], NOW)
    lot = done(upload(guests, "email,phone\nann@EXAMPLE.com,\nzed@example.com,\n,+33612345678\nnonsense,\n"))
    assert (lot.state, lot.percent, lot.rows_read) == ("done", 100, 4)
    assert (lot.placed, lot.repeated, lot.created, lot.unknown) == (1, 1, 0, 2)
    assert [row["line"] for row in lot.unknown_rows] == [3, 5]
    assert lot.unknown_rows[0]["sentence"] == "No contact has this email."
    assert members(guests) == {ann.pk, bob.pk}
    assert told(bob) == ["entered Guests"]
    assert not CsvImport.objects.exists()
    assert not CsvChunk.objects.exists()


def test_unknown_people_become_contacts_where_that_is_wanted(guests):
    lot = done(upload(guests, "email\nzed@example.com\nZED@example.com\nno-address\n", creating=True))
    zed = Contact.objects.get()
    assert (zed.email, lot.created, lot.placed, lot.repeated, lot.unknown) == ("zed@example.com", 1, 1, 1, 1)
    assert zed.consents.count() == 0
    assert members(guests) == {zed.pk}
    assert [event.name for event in zed.events.order_by("pk")] == ["contact.created", "segment.entered"]


def test_a_long_file_is_read_slice_by_slice(guests, monkeypatch):
    monkeypatch.setattr(filling, "SLICE", 2)
    make.contacts(5)
    lot = upload(guests, "email\n" + "".join(f"c{n}@example.com\n" for n in range(5)))
    assert filling.work(NOW)
    lot.refresh_from_db()
    assert (lot.placed, lot.working) == (2, True)
    assert 0 < lot.percent < 100
    assert done(lot).placed == 5


def test_what_is_stopped_keeps_who_is_in(guests, monkeypatch):
    monkeypatch.setattr(filling, "SLICE", 1)
    make.contacts(3)
    lot = upload(guests, "email\nc0@example.com\nc1@example.com\n")
    filling.work(NOW)
    lot.refresh_from_db()
    assert filling.stop(lot)
    assert not filling.stop(lot)
    assert not filling.work(NOW)
    assert len(members(guests)) == 1
    assert not CsvImport.objects.exists()


def test_a_file_without_a_column_of_identifiers_is_refused_at_once(guests):
    with pytest.raises(Unreadable, match="No column holds emails"):
        upload(guests, "colour\nred\n")
    assert not Placement.objects.exists()


def test_a_file_that_is_lost_is_said_to_have_failed(guests):
    lot = upload(guests, "email\nann@example.com\n")
    CsvChunk.objects.all().delete()
    lot = done(lot)
    assert (lot.state, lot.error) == ("failed", filling.STUMBLED)


def test_a_copy_holds_who_was_in_the_segment_and_tells_nobody(monkeypatch):
    monkeypatch.setattr(filling, "LOOKED_AT", 2)
    ids = make.contacts(5)
    Contact.objects.filter(pk__in=ids[:3]).update(attributes={"city": "Paris"})
    paris = {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"}
    segment = Segment.objects.create(name="Paris", rule=paris)
    made = filling.copy(segment, "Paris in March", NOW)
    lot = done(made.placements.get())
    assert (lot.state, lot.placed, lot.percent) == ("done", 3, 100)
    assert members(made) == set(ids[:3])
    assert told(ids[0]) == []
    assert SegmentDay.objects.get(segment=made).size == 3
    Contact.objects.update(attributes={})
    assert members(made) == set(ids[:3])


def test_a_segment_that_cannot_be_asked_cannot_be_copied():
    with pytest.raises(InvalidRule):
        filling.copy(Segment.objects.create(name="Broken", rule={"rule": "nonsense"}), "Copy", NOW)
    assert not Membership.objects.exists()
