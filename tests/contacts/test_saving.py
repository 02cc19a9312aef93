"""Contacts are saved one or thousands at a time, and their timelines tell."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from contacts import cleaning, consent, merging, saving
from contacts.models import Contact, Event
from contacts.profiles import May
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def happened(name: str) -> list:
    return list(Event.objects.filter(name=name).order_by("id").values_list("properties", flat=True))


def counts(result: saving.UpsertResult) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, len(result.failed)


def test_a_new_contact_is_told_on_the_timeline():
    ada = saving.create(
        {"email": " Ada@Example.COM ", "phone": "+33 6 12 34 56 78", "tags": ["VIP"], "attributes": {"city": "Paris"}},
        NOW,
        "form",
    )
    assert (ada.email, ada.phone, ada.timezone) == ("Ada@example.com", "+33612345678", "Europe/Paris")
    assert happened("contact.created") == [{"source": "form"}]
    assert happened("tag.added") == [{"tag": "VIP", "source": "form"}]


def test_a_number_that_fits_several_zones_gives_none():
    assert saving.create({"phone": "+79161234567"}, NOW).timezone == ""


def test_a_second_contact_with_the_same_email_is_refused():
    saving.create({"email": "ada@example.com"}, NOW)
    with pytest.raises(ValidationError) as refused:
        saving.create({"email": "ADA@example.com"}, NOW)
    assert refused.value.message_dict == {"email": ["A contact with this email address exists already."]}


def test_an_update_says_what_changed_and_nothing_when_nothing_did():
    ada = saving.create({"email": "ada@example.com", "attributes": {"city": "Paris", "plan": "team"}}, NOW)
    saving.update(ada, {"first_name": "Ada", "attributes": {"city": "Lyon", "plan": None}}, NOW)
    saving.update(ada, {"first_name": "Ada", "attributes": {"city": "Lyon"}}, NOW)
    assert happened("contact.updated") == [{"changed": ["attributes.city", "attributes.plan", "first_name"]}]
    ada.refresh_from_db()
    assert ada.attributes == {"city": "Lyon"}


def test_an_update_sets_exactly_the_tags_given():
    ada = saving.create({"email": "ada@example.com", "tags": ["a", "b"]}, NOW)
    saving.update(ada, {"tags": ["B", "c"]}, NOW)
    assert sorted(ada.contact_tags.values_list("tag__name", flat=True)) == ["b", "c"]
    assert happened("tag.removed") == [{"tag": "a"}]


def test_a_contact_cannot_lose_all_identifiers():
    ada = saving.create({"email": "ada@example.com"}, NOW)
    with pytest.raises(ValidationError):
        saving.update(ada, {"email": None}, NOW)


def test_an_upsert_creates_updates_and_leaves_alone():
    make.contact("ada@example.com", first_name="Ada")
    make.contact("bob@example.com", phone="+33612345678")
    rows = [
        {"email": "ADA@example.com", "first_name": "Ada", "email_": 1},
        {"phone": "+33612345678", "last_name": "Builder"},
        {"external_id": "7", "attributes": {"n": 1}},
        {"first_name": "Nobody"},
    ]
    result = saving.upsert(rows, NOW)
    assert counts(result) == (1, 1, 0, 2)
    assert [failure.index for failure in result.failed] == [0, 3]
    assert counts(saving.upsert(rows[1:3], NOW)) == (0, 0, 2, 0)
    assert len(happened("contact.updated")) == 1


def test_a_row_between_two_contacts_is_refused():
    make.contact("ada@example.com")
    make.contact("bob@example.com", phone="+33612345678")
    result = saving.upsert([{"email": "ada@example.com", "phone": "+33612345678"}], NOW)
    assert result.failed[0].errors == {
        "phone": ["This phone number belongs to another contact than the email address does."]
    }


def test_people_who_share_a_number_do_not_overwrite_each_other():
    rows = [{"email": f"{name}@example.com", "phone": "+33140000000"} for name in ("ada", "bob", "eve")]
    result = saving.upsert(rows, NOW)
    assert counts(result) == (1, 0, 0, 2)
    assert Contact.objects.get(phone="+33140000000").email == "ada@example.com"


def test_rows_about_the_same_new_contact_become_one():
    result = saving.upsert(
        [
            {"email": "ada@example.com", "tags": ["a"]},
            {"email": "ADA@example.com", "phone": "+33612345678", "tags": ["A", "b"]},
            {"phone": "+33612345678", "first_name": "Ada"},
            {"phone": "+33612345678", "first_name": "Ada"},
        ],
        NOW,
    )
    assert counts(result) == (1, 2, 1, 0)
    assert len(set(result.ids)) == 1
    ada = Contact.objects.get()
    assert (ada.email, ada.phone, ada.first_name) == ("ADA@example.com", "+33612345678", "Ada")
    assert sorted(properties["tag"] for properties in happened("tag.added")) == ["a", "b"]


def test_rows_that_contradict_each_other_change_nothing_when_they_come_again():
    rows = [
        {
            "email": "ada@example.com",
            "first_name": "Ada",
            "attributes": {"city": "Paris"},
            "consent": {"sms": "unknown"},
        },
        {"email": "ADA@example.com", "first_name": "Adah", "attributes": {"city": "Lyon", "vip": True}},
    ]
    saving.upsert(rows, NOW)
    before, told = Contact.objects.values().get(), Event.objects.count()
    assert counts(saving.upsert(rows, make.NOW + timedelta(days=1))) == (0, 0, 2, 0)
    assert Contact.objects.values().get() == before
    assert Event.objects.count() == told
    saving.upsert([*rows, {"email": "ADA@example.com", "attributes": {"city": "Nice"}}], NOW)
    assert happened("contact.updated") == [{"changed": ["attributes.city"]}]


def test_an_external_id_may_change_the_email():
    make.contact("old@example.com", external_id="7")
    assert counts(saving.upsert([{"external_id": "7", "email": "new@example.com"}], NOW)) == (0, 1, 0, 0)
    result = saving.upsert([{"external_id": "7", "email": "newer@example.com"}, {"email": "new@example.com"}], NOW)
    assert counts(result) == (0, 1, 0, 1)


def test_an_import_does_not_subscribe_again_who_unsubscribed():
    ada = make.contact("ada@example.com")
    consent.set_state([ada.pk], "email", "unsubscribed", "page", NOW)
    row = {"email": "ada@example.com", "consent": {"email": "subscribed", "sms": "subscribed"}}
    fields, _errors = cleaning.clean(row)
    saving.save(merging.batch_of([fields]), NOW, {"source": "import"}, May(subscribe=True, resubscribe=False))
    assert consent.states([ada.pk])[ada.pk] == {"email": "unsubscribed", "sms": "subscribed"}
    saving.upsert([row], NOW)
    assert consent.states([ada.pk])[ada.pk]["email"] == "subscribed"


def test_thousands_are_a_handful_of_statements(django_assert_max_num_queries):
    rows = [
        {"email": f"c{n}@example.com", "tags": ["a", f"t{n % 7}"], "consent": {"email": "subscribed"}}
        for n in range(3000)
    ]
    with django_assert_max_num_queries(13):
        assert saving.upsert(rows, NOW).created == 3000
    with django_assert_max_num_queries(8):
        assert saving.upsert(rows, NOW).unchanged == 3000
    with django_assert_max_num_queries(10):
        assert saving.upsert([{**row, "first_name": "New"} for row in rows], NOW).updated == 3000
    assert Event.objects.filter(name="tag.added").count() == 6000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ["a@example.com"]),
        ("email", "nobody"),
        ("email", "a\0@example.com"),
        ("email", "a" * 300 + "@example.com"),
        ("phone", "12"),
        ("phone", 612345678),
        ("first_name", "x" * 201),
        ("first_name", "\ud800"),
        ("timezone", "Mars/Olympus"),
        ("language", "??"),
        ("attributes", [1]),
        ("attributes", {"a b": 1}),
        ("attributes", {"a": 10**30}),
        ("attributes", {"a": float("nan")}),
        ("attributes", {"a": [[[[[[1]]]]]]}),
        ("attributes", {"a": "x\0"}),
        ("tags", "vip"),
        ("tags", [""]),
        ("tags", [7]),
        ("tags", ["x\ud800"]),
        ("consent", {"email": "maybe"}),
        ("consent", {"fax": "subscribed"}),
        ("consent", {"email": ["subscribed"]}),
    ],
)
def test_what_cannot_be_kept_is_refused_by_field(field, value):
    result = saving.upsert([{"external_id": "1", field: value}], NOW)
    assert list(result.failed[0].errors) == [field]
    assert result.created == 0


@pytest.mark.django_db(transaction=True)
def test_two_upserts_of_the_same_new_people_at_once_make_each_once():
    rows = [{"email": f"c{n}@example.com", "phone": f"+3361000{n:04}"} for n in range(300)]
    results, start = [], threading.Barrier(4)

    def work(order: int) -> None:
        try:
            start.wait()
            results.append(saving.upsert(rows[::order], NOW))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(order,)) for order in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.created for result in results) == 300
    assert sum(result.unchanged for result in results) == 900
    assert Contact.objects.count() == 300
    assert len(happened("contact.created")) == 300


def test_deleting_takes_everything_along():
    ada = saving.create({"email": "ada@example.com", "tags": ["a"], "consent": {"email": "subscribed"}}, NOW)
    assert saving.delete([ada.pk]) == 1
    assert not Event.objects.exists()
