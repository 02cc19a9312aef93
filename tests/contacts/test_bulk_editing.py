"""Many contacts are changed at once: exactly those who were confirmed, in slices that a crash loses nothing of."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from contacts import saving, tagging
from contacts.models import BulkEdit, BulkEditPart, Consent, Contact, ContactTag, Event, Tag
from contacts.people import bulk_actions, bulk_editing
from contacts.people.bulk_forms import BulkEditForm
from contacts.people.selecting import BadSelection, Selection, of_ids, of_json
from tests import make
from tests.contacts.at_once import at_once

NOW = make.NOW
pytestmark = pytest.mark.django_db
EVERYBODY = Selection()


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(bulk_actions, "SLICE", 4)
    monkeypatch.setattr(bulk_actions, "HEAVY_SLICE", 4)


def begun(action: str, values: dict | None = None, selection: Selection = EVERYBODY, **fields) -> BulkEdit:
    return bulk_editing.begin(
        selection, action, bulk_actions.cleaned(action, values or {}), NOW, "bulk edit by mia", **fields
    )


def done(edit: BulkEdit) -> BulkEdit:
    while bulk_editing.work(NOW):
        pass
    edit.refresh_from_db()
    return edit


def test_tags_are_added_and_removed_with_their_events():
    ids = make.contacts(10)
    tagging.add(ids[:3], ["vip"], NOW)
    edit = done(begun("add_tag", {"tags": "VIP, new"}))
    assert (edit.state, edit.total, edit.done, edit.changed) == ("done", 10, 10, 10)  # contacts, not marks
    told = Event.objects.filter(name="tag.added", contact_id=ids[5]).order_by("id").values_list("properties", flat=True)
    assert list(told) == [
        {"tag": "new", "source": "bulk edit by mia"},
        {"tag": "vip", "source": "bulk edit by mia"},
    ]
    edit = done(begun("remove_tag", {"tags": ["new"]}))
    assert edit.changed == 10
    assert done(begun("add_tag", {"tags": ["vip"]})).changed == 0
    assert not ContactTag.objects.filter(tag__name="new").exists()


def test_attributes_are_set_and_cleared():
    ids = make.contacts(3, attributes={"plan": "free"})
    assert done(begun("set_attribute", {"key": "plan", "value": "team"}, of_ids(ids[:2]))).changed == 2
    assert [c.attributes for c in Contact.objects.order_by("pk")] == [{"plan": "team"}] * 2 + [{"plan": "free"}]
    assert Event.objects.filter(name="contact.updated").first().properties == {
        "changed": ["attributes.plan"],
        "source": "bulk edit by mia",
    }
    assert done(begun("clear_attribute", {"key": "plan"})).changed == 3
    assert not Contact.objects.exclude(attributes={}).exists()


def test_a_defined_attribute_takes_only_what_fits_it_and_is_read_as_its_type():
    make.attribute("plan", "choice", choices=["free", "Team"])
    make.attribute("likes", "list")
    make.contacts(1)
    for key, value in (("plan", "gold"), ("plan", 7), ("likes", {"a": 1}), ("PLAN", "free"), ("likes", " , ")):
        with pytest.raises(ValidationError):
            bulk_actions.cleaned("set_attribute", {"key": key, "value": value})
    assert bulk_actions.cleaned("set_attribute", {"key": "plan", "value": "TEAM"})["value"] == "Team"
    form = BulkEditForm("set_attribute", 1, {"key": " likes", "kind": "number", "value": "jazz; rock"})
    assert form.is_valid(), form.errors
    edit = done(bulk_editing.begin(EVERYBODY, "set_attribute", form.values, NOW, "bulk edit by mia"))
    assert Contact.objects.get().attributes == {"likes": ["jazz", "rock"]}
    assert bulk_actions.sentence(edit.action, edit.values) == "Set “likes” to “jazz, rock” for"
    form = BulkEditForm("set_attribute", 1, {"key": "plan", "kind": "text", "value": "gold"})
    assert "not one of free, Team" in str(form.errors["value"])


def test_consent_is_widened_only_on_a_stated_basis():
    make.contacts(2)
    for state in ("subscribed", "unknown"):
        with pytest.raises(ValidationError, match="basis"):
            bulk_actions.cleaned("set_consent", {"channel": "email", "state": state})
    done(begun("set_consent", {"channel": "email", "state": "unsubscribed"}))
    edit = done(begun("set_consent", {"channel": "email", "state": "subscribed", "basis": "  the fair in  May "}))
    assert edit.changed == 2
    assert set(Consent.objects.values_list("state", "source")) == {("subscribed", "bulk edit by mia: the fair in May")}
    assert Event.objects.filter(name="contact.updated").count() == 4


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("add_tag", {"tags": " , "}),
        ("add_tag", {"tags": ["x" * 101]}),
        ("add_tag", {"tags": 7}),
        ("set_attribute", {"key": "1st", "value": 1}),
        ("set_attribute", {"key": "plan", "value": ""}),
        ("set_attribute", {"key": "plan", "value": "a\0b"}),
        ("set_consent", {"channel": "fax", "state": "subscribed"}),
        ("explode", {}),
    ],
)
def test_what_makes_no_sense_is_refused(action, values):
    with pytest.raises(ValidationError):
        bulk_actions.cleaned(action, values)


@pytest.mark.parametrize(
    "given", [None, [], {"ids": "7"}, {"ids": [True]}, {"ids": ["7; DROP"]}, {"filters": {"x": 1}}]
)
def test_a_selection_that_is_none_is_refused(given):
    with pytest.raises(BadSelection):
        of_json(given)
    with pytest.raises(BadSelection):
        of_json({"filters": {"segment": "999"}}).contacts(NOW)


def test_who_was_confirmed_is_changed_and_nobody_else(small_slices):
    ids = make.contacts(6)
    tagging.add(ids, ["old"], NOW)
    old = Selection({"tag": str(Tag.objects.get().pk)})
    edit = begun("remove_tag", {"tags": ["old"]}, old, confirmed=6)
    # Somebody comes into the selection, and somebody goes, after it was confirmed.
    late = saving.create({"email": "late@example.com", "tags": ["old"]}, NOW)
    saving.delete(ids[:1])
    edit = done(edit)
    assert (edit.total, edit.done, edit.changed) == (6, 6, 5)
    assert list(ContactTag.objects.values_list("contact_id", flat=True)) == [late.pk]
    with pytest.raises(bulk_editing.Changed) as changed:
        begun("delete", {}, old, confirmed=6)
    assert changed.value.count == 1
    assert not BulkEditPart.objects.exists()


def test_it_is_stopped_between_slices(small_slices):
    make.contacts(10)
    edit = begun("add_tag", {"tags": ["vip"]})
    bulk_editing.work(NOW)
    assert bulk_editing.cancel(edit, NOW)
    assert not bulk_editing.cancel(edit, NOW)
    assert not bulk_editing.work(NOW)
    edit.refresh_from_db()
    assert (edit.state, edit.done, edit.changed) == ("cancelled", 4, 4)
    assert ContactTag.objects.count() == 4


def test_deleting_and_erasing_many(small_slices):
    ids = make.contacts(10)
    edit = done(begun("delete", {}, of_ids(ids[:5])))
    assert (edit.changed, Contact.objects.count()) == (5, 5)
    edit = done(begun("erase", {"bar": False}))
    assert (edit.changed, Contact.objects.count(), Contact.with_erased.count()) == (5, 0, 5)


@pytest.mark.parametrize(
    ("action", "values", "most"),
    [
        ("add_tag", {"tags": ["a", "b"]}, 12),
        ("set_consent", {"channel": "sms", "state": "unsubscribed"}, 11),
        ("set_attribute", {"key": "plan", "value": "team"}, 10),
        ("delete", {}, 30),
        ("erase", {}, 76),
    ],
)
def test_a_slice_costs_the_same_however_many_are_in_it(action, values, most, django_assert_max_num_queries):
    saving.upsert([{"email": f"c{n}@example.com", "phone": f"+336123456{n:02}", "tags": ["x"]} for n in range(90)], NOW)
    begun(action, values)
    with django_assert_max_num_queries(most):
        bulk_editing.work(NOW)


def test_a_slice_that_cannot_be_done_ends_it_with_a_word(monkeypatch, caplog):
    make.contacts(2)
    edit = begun("add_tag", {"tags": ["vip"]})
    BulkEdit.objects.filter(pk=edit.pk).update(values={})
    bulk_editing.work(NOW)
    edit.refresh_from_db()
    assert edit.state == "failed"
    assert "stumbled" in edit.error
    assert not edit.parts.exists()
    assert "KeyError" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_the_middle_of_a_slice_loses_and_doubles_nothing(small_slices):
    make.contacts(10)
    edit = begun("add_tag", {"tags": ["vip"]})
    bulk_editing.work(NOW)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        bulk_editing.work(NOW)
        raise KeyboardInterrupt  # what the slice has written is rolled back, as when the process is killed
    edit.refresh_from_db()
    assert (edit.done, ContactTag.objects.count()) == (4, 4)
    edit = done(edit)
    assert (edit.state, edit.done, edit.changed) == ("done", 10, 10)
    assert Event.objects.filter(name="tag.added").count() == 10


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_and_do_nothing_twice(small_slices):
    make.contacts(24)
    edit = begun("add_tag", {"tags": ["vip"]})

    def work() -> None:
        while BulkEdit.objects.filter(pk=edit.pk, state__in=bulk_editing.WORKING).exists():
            bulk_editing.work(NOW)

    at_once(work, work)
    edit.refresh_from_db()
    assert (edit.state, edit.done, edit.changed) == ("done", 24, 24)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts_event WHERE name = 'tag.added'")
        assert cursor.fetchone()[0] == 24
