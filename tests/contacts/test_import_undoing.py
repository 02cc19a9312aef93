"""An import is cancelled half-way, and taken back: whom it created goes, unless something touched them since."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from config.models import User
from contacts import consent, saving, tagging, timeline
from contacts.imports import csv_pieces, importing, undoing, uploading
from contacts.models import Contact, CsvChunk, CsvImport, Event
from contacts.timeline import NewEvent
from tests import make
from tests.contacts.test_importing import counts, imported

NOW = make.NOW
LATER = make.NOW.replace(year=NOW.year + 1)
pytestmark = pytest.mark.django_db
State = CsvImport.State


def people(count: int, first: int = 0) -> str:
    return "email,tags,consent,city\n" + "".join(
        f"c{n}@example.com,new,yes,Paris\n" for n in range(first, first + count)
    )


def undone(file: CsvImport) -> tuple[int, int]:
    assert undoing.begin(file)
    while undoing.work(LATER):
        pass
    file.refresh_from_db()
    assert file.state == State.UNDONE
    return file.undone, file.kept


@pytest.fixture
def mia(client):
    user = User.objects.create_superuser("mia", password="secret-of-mia")
    client.force_login(user)
    return client


def test_a_cancelled_import_keeps_what_went_in_and_says_how_far_it_came(monkeypatch, mia):
    monkeypatch.setattr(csv_pieces, "PIECE", 10)
    monkeypatch.setattr(importing, "PIECES", 2)
    file = uploading.store("x.csv", [people(100).encode()])
    importing.confirm(file, file.mapping, {})
    assert importing.work(NOW)
    page = reverse("import_page", args=[file.pk])
    assert "Cancel import" in mia.get(page).content.decode()
    assert mia.post(reverse("import_cancel", args=[file.pk])).url == page
    assert not importing.work(NOW)
    file.refresh_from_db()
    assert (file.state, counts(file), Contact.objects.count()) == (State.CANCELLED, (20, 0, 0, 0), 20)
    assert not CsvChunk.objects.exists()
    shown = mia.get(page).content.decode()
    assert "Cancelled after 20 rows" in shown
    assert "Undo import" in shown
    assert not importing.cancel(file, NOW)
    assert undone(file) == (20, 0)


def test_undoing_deletes_whom_the_import_created_and_nobody_else():
    ada = make.contact("c3@example.com")
    file = imported(people(10))
    other = imported(people(5, 100))
    assert undoing.count(file) == (9, 0)
    assert undone(file) == (9, 0)
    assert set(Contact.objects.values_list("pk", flat=True)) == {
        ada.pk,
        *Contact.objects.filter(email__startswith="c10").values_list("pk", flat=True),
    }
    assert Event.objects.exclude(contact__in=Contact.objects.all()).count() == 0
    assert not undoing.begin(file)
    assert undone(other) == (5, 0)


TOUCHES = {
    "a change": lambda contact: saving.update(contact, {"first_name": "Ada"}, LATER),
    "a tag": lambda contact: tagging.add([contact.pk], ["vip"], LATER),
    "a consent": lambda contact: consent.set_state([contact.pk], "sms", "subscribed", "page", LATER),
    "an event": lambda contact: timeline.record([NewEvent(contact.pk, "order.placed")], LATER),
    "an event of before": lambda contact: timeline.record([NewEvent(contact.pk, "order.placed", at=NOW)], NOW),
    "another file": lambda contact: imported(f"email,city\n{contact.email},Lyon\n"),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_who_was_touched_since_stays(touch):
    file = imported(people(6))
    TOUCHES[touch](Contact.objects.get(email="c4@example.com"))
    assert undoing.count(file) == (5, 1)
    assert undone(file) == (5, 1)
    assert Contact.objects.get().email == "c4@example.com"


def test_what_a_segment_finds_out_or_the_same_file_says_again_touches_nobody(monkeypatch):
    monkeypatch.setattr(csv_pieces, "PIECE", 4)
    monkeypatch.setattr(importing, "PIECES", 1)
    file = imported(people(9) + "c2@example.com,more,no,Lyon\n")
    assert counts(file) == (9, 1, 0, 0)
    ada = Contact.objects.get(email="c2@example.com")
    timeline.record([NewEvent(ada.pk, "segment.entered", {"segment": 1})], LATER)
    assert undone(file) == (9, 0)


def test_undoing_goes_on_slice_by_slice(monkeypatch):
    monkeypatch.setattr(undoing, "SLICE", 4)
    file = imported(people(10))
    saving.update(Contact.objects.get(email="c0@example.com"), {"language": "fr"}, LATER)
    assert undoing.begin(file)
    assert undoing.work(LATER)
    file.refresh_from_db()
    assert (file.state, file.undone, file.kept) == (State.UNDOING, 3, 1)
    while undoing.work(LATER):
        pass
    file.refresh_from_db()
    assert (file.state, file.undone, file.kept, Contact.objects.count()) == (State.UNDONE, 9, 1, 1)


def test_an_import_that_made_nobody_has_nothing_to_undo():
    imported(people(3))
    again = imported(people(3))
    assert not undoing.begin(again)
    assert not undoing.work(LATER)


def test_the_page_asks_with_counts_before_anybody_is_deleted(mia):
    file = imported(people(12))
    saving.update(Contact.objects.first(), {"language": "fr"}, LATER)
    url = reverse("import_undo", args=[file.pk])
    asked = mia.get(url).content.decode()
    assert "11 of 12" in asked
    assert "1 was touched since" in asked
    assert Contact.objects.count() == 12
    mia.post(url)
    assert "0 of 12 deleted" in mia.get(reverse("import_progress", args=[file.pk])).content.decode()
    while undoing.work(LATER):
        pass
    assert (
        "11 of 12 created contacts were deleted again"
        in mia.get(reverse("import_page", args=[file.pk])).content.decode()
    )
    assert mia.get(url).status_code == 404


def test_only_who_may_delete_contacts_undoes_an_import(client):
    paul = User.objects.create_user("paul", password="secret-of-paul")
    paul.user_permissions.set(Permission.objects.filter(codename__in=["add_csvimport", "view_csvimport"]))
    client.force_login(paul)
    file = imported(people(2))
    assert client.post(reverse("import_undo", args=[file.pk])).status_code == 403
    assert "Undo import" not in client.get(reverse("import_page", args=[file.pk])).content.decode()
    file.refresh_from_db()
    assert file.state == State.DONE
