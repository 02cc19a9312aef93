"""Who is deleted leaves nothing behind, whatever others are just writing about them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.db import connection

from contacts import consent, saving, tagging, timeline
from contacts.models import Consent, Contact, ContactTag, Event, Tag
from contacts.timeline import NewEvent
from tests import make
from tests.contacts.at_once import at_once, meanwhile

NOW = make.NOW
pytestmark = pytest.mark.django_db(transaction=True)

ROW = {"email": "ada@example.com", "first_name": "Ada", "tags": ["new", "vip"], "consent": {"sms": "subscribed"}}
WRITERS: dict[str, Callable[[int], Any]] = {
    "an event": lambda ada: timeline.record([NewEvent(ada, "paid")], NOW),
    "an event for many": lambda ada: timeline.record_for([ada], "paid", {}, NOW),
    "a tag": lambda ada: tagging.add([ada], ["new"], NOW),
    "a tag taken off": lambda ada: tagging.remove([ada], ["vip"], NOW),
    "an answer": lambda ada: consent.set_state([ada], "sms", "subscribed", "page", NOW),
    "a row that changes them": lambda ada: saving.upsert([ROW], NOW),
    "two rows that change them": lambda ada: saving.upsert([ROW, {**ROW, "first_name": "Adah"}], NOW),
}


@pytest.fixture
def ada() -> int:
    fields = {"email": "ada@example.com", "tags": ["vip", "old"], "consent": {"email": "subscribed"}}
    return saving.create(fields, NOW).pk


def orphans() -> int:
    there = set(Contact.objects.values_list("pk", flat=True))
    marked = ContactTag.objects.exclude(contact__in=there, tag__in=Tag.objects.all())
    return sum(kind.exclude(contact__in=there).count() for kind in (Event.objects, Consent.objects)) + marked.count()


@pytest.mark.parametrize("what", WRITERS)
def test_a_deletion_waits_for_what_is_being_written_and_takes_it_along(ada, what):
    meanwhile(lambda: WRITERS[what](ada), lambda: saving.delete([ada]))
    assert not Contact.objects.exists()
    assert orphans() == 0


@pytest.mark.parametrize("what", WRITERS)
def test_nothing_is_written_about_somebody_who_is_being_deleted(ada, what):
    meanwhile(lambda: saving.delete([ada]), lambda: WRITERS[what](ada))
    assert orphans() == 0


@pytest.mark.parametrize("what", ["a tag", "a row that changes them", "two rows that change them"])
def test_a_tag_that_is_deleted_takes_its_marks_along(ada, what):
    new = tagging.tag_ids(["new"])["new"]
    meanwhile(lambda: WRITERS[what](ada), lambda: Tag.objects.get(pk=new).delete())
    assert not Tag.objects.filter(name="new").exists()
    assert orphans() == 0
    new = tagging.tag_ids(["new"])["new"]
    meanwhile(lambda: Tag.objects.get(pk=new).delete(), lambda: WRITERS[what](ada))
    assert orphans() == 0


def test_many_who_write_and_delete_at_once_neither_fail_nor_leave_anything():
    rows = [
        {
            "email": f"c{n}@example.com",
            "phone": f"+3361000{n:04}",
            "tags": [f"t{n % 9}"],
            "consent": {"sms": "subscribed"},
        }
        for n in range(300)
    ]
    ids = [pk for pk in saving.upsert(rows, NOW).ids if pk]
    works: list[Callable[[], Any]] = [
        lambda: saving.delete(ids[100:]),
        lambda: saving.delete(ids[:200:-1]),
        lambda: saving.upsert([{**row, "first_name": "Ada", "tags": ["new"]} for row in rows[::-1]], NOW),
        lambda: timeline.record([NewEvent(pk, "paid") for pk in ids], NOW),
        lambda: tagging.add(ids, ["new"], NOW),
    ]
    at_once(*works)
    assert orphans() == 0


def test_whoever_deletes_leaves_nothing(ada):
    """The admin, the shell and psql alike."""
    bob = saving.create({"email": "bob@example.com", "tags": ["vip"], "consent": {"email": "subscribed"}}, NOW)
    Contact.objects.get(pk=ada).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contacts_tag WHERE name = 'vip'")
    assert set(Event.objects.values_list("contact_id", flat=True)) == {bob.pk}
    site.get_model_admin(Contact).delete_queryset(None, Contact.objects.all())
    assert not Event.objects.exists()
    assert not Consent.objects.exists()
    assert not ContactTag.objects.exists()
