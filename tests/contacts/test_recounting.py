"""What was counted before an import or a bulk edit is counted again soon after it, in the background, and says so."""

from datetime import timedelta

import pytest
from django.urls import reverse

from config.models import User
from contacts.attributes import sweeping
from contacts.imports import importing, undoing, uploading
from contacts.models import Attribute, CsvImport, Segment
from contacts.people import bulk_editing, selecting
from contacts.segments import sizing
from tests import make

NOW = make.NOW
MINUTES = timedelta(minutes=1)
PEOPLE = b"email,seats\n" + b"".join(b"c%d@example.com,%d\n" % (n, n) for n in range(6))
pytestmark = pytest.mark.django_db


@pytest.fixture
def counted():
    """Two attributes and a segment, counted while there was nobody."""
    make.attribute("seats", "number")
    make.attribute("town")
    rule = {"rule": "attribute", "field": "seats", "op": "is_set"}
    Segment.objects.create(name="Seated", rule={"all": [rule]})
    count(NOW)
    assert sizes() == {"seats": 0, "town": 0, "Seated": 0}


def count(now) -> None:
    while sweeping.work(now) or sizing.refresh(now):
        pass


def sizes() -> dict[str, int | None]:
    attributes, segments = Attribute.objects.values_list("name", "size"), Segment.objects.values_list("name", "size")
    return {**dict(attributes), **dict(segments)}


def take_in(now) -> CsvImport:
    file = uploading.store("x.csv", [PEOPLE])
    importing.confirm(file, file.mapping, {})
    while importing.work(now):
        pass
    file.refresh_from_db()
    return file


def test_an_import_has_its_attributes_and_the_segments_counted_again(counted):
    take_in(NOW + 5 * MINUTES)
    assert sizes()["seats"] == 0
    assert Attribute.objects.get(name="seats").outdated
    assert not Attribute.objects.get(name="town").outdated
    count(NOW + 6 * MINUTES)
    assert sizes() == {"seats": 6, "town": 0, "Seated": 6}
    row = Attribute.objects.get(name="seats")
    assert (row.outdated, row.counted_at) == (False, NOW + 6 * MINUTES)
    assert not sweeping.work(NOW + 6 * MINUTES)


def test_what_was_counted_just_now_is_counted_again_a_little_later(counted):
    take_in(NOW + MINUTES)
    assert not sweeping.work(NOW + MINUTES)
    count(NOW + MINUTES + sweeping.PAUSE)
    assert sizes()["seats"] == 6


def test_a_count_that_began_before_the_end_of_an_import_is_not_the_last_one(counted, monkeypatch):
    monkeypatch.setitem(sweeping.SLICE, "count", 1)
    take_in(NOW + 5 * MINUTES)
    assert sweeping.work(NOW + 6 * MINUTES)
    assert sweeping.work(NOW + 6 * MINUTES)
    Attribute.objects.update(changed_at=NOW + 7 * MINUTES)
    count(NOW + 8 * MINUTES)
    assert Attribute.objects.get(name="seats").outdated
    count(NOW + 12 * MINUTES)
    assert not Attribute.objects.get(name="seats").outdated


def test_undoing_and_bulk_edits_have_them_counted_again(counted):
    file = take_in(NOW + 5 * MINUTES)
    count(NOW + 6 * MINUTES)
    everybody = selecting.of_json({"filters": {}})
    bulk_editing.begin(everybody, "set_attribute", {"key": "town", "value": "Bonn"}, NOW + 9 * MINUTES, "page")
    while bulk_editing.work(NOW + 9 * MINUTES):
        pass
    assert Attribute.objects.get(name="town").outdated
    assert not Attribute.objects.get(name="seats").outdated
    count(NOW + 10 * MINUTES)
    assert sizes() == {"seats": 6, "town": 6, "Seated": 6}
    bulk_editing.begin(everybody, "clear_attribute", {"key": "town"}, NOW + 11 * MINUTES, "page")
    while bulk_editing.work(NOW + 11 * MINUTES):
        pass
    count(NOW + 20 * MINUTES)
    assert sizes()["town"] == 0
    file.refresh_from_db()
    undoing.begin(file)
    while undoing.work(NOW + 21 * MINUTES):
        pass
    count(NOW + 30 * MINUTES)
    assert sizes()["Seated"] == sizes()["seats"] == 6 - file.__class__.objects.get().undone


def test_an_import_that_changed_nobody_has_nothing_counted_again(counted):
    take_in(NOW + 5 * MINUTES)
    count(NOW + 6 * MINUTES)
    again = take_in(NOW + 9 * MINUTES)
    assert again.unchanged == 6
    assert not Attribute.objects.filter(changed_at__gt=NOW + 6 * MINUTES).exists()


def test_the_page_says_how_old_a_count_is(client, counted):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    page = client.get(reverse("attribute_list")).content.decode()
    assert "<time" in page
    assert "again soon" not in page
    take_in(NOW + 5 * MINUTES)
    assert "again soon" in client.get(reverse("attribute_list")).content.decode()
