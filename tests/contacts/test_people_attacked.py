"""What nobody should be able to do to people: by forged values, hostile texts, or by doing two things at once."""

import contextlib

import pytest
from django.urls import reverse

from config.models import User
from contacts import consent, saving
from contacts.models import BulkEdit, Contact, Event, Installation, Merge, SavedView
from contacts.people import bulk_actions, bulk_editing, erasing, joining
from contacts.people.selecting import Selection
from tests import make, programs
from tests.contacts.at_once import at_once
from tests.people import person, signed_in

NOW = make.NOW
pytestmark = pytest.mark.django_db
CONTACTS = "/api/v1/contacts/"
LIST = "/contacts/"


@pytest.fixture
def ada() -> Contact:
    return saving.create({"email": "ada@example.com", "consent": {"email": "subscribed"}}, NOW)


def test_a_program_says_nothing_of_a_contact_that_is_not_its_to_say(api, ada):
    given = {"id": 999, "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z"}
    made = api.post(CONTACTS, {"email": "b@example.com", **given}, format="json").json()
    assert made["id"] != 999
    assert made["created_at"] > "2001"
    for more in ({"erased_at": None}, {"pk": 1}, {"consents": []}, {"contact_tags": []}):
        assert api.post(CONTACTS, {"email": "c@example.com", **more}, format="json").status_code == 400, more
    url = f"{CONTACTS}bulk-edits/"
    body = {"selection": {"ids": [ada.pk]}, "action": "add_tag", "values": {"tags": ["x"]}}
    begun = api.post(url, {**body, "state": "done", "total": 9, "changed": 9, "source": "mia"}, format="json").json()
    assert (begun["state"], begun["total"], begun["changed"]) == ("queued", 1, 0)
    assert BulkEdit.objects.get().source == "bulk edit by api"


def test_a_program_that_may_do_other_things_finds_no_people(ada):
    other = programs.client("segments:write", "events:write")
    for method, url in (
        ("get", f"{ada.pk}/data/"), ("get", f"{ada.pk}/mentions/"), ("post", f"{ada.pk}/merge/"),
        ("post", f"{ada.pk}/erase/"), ("get", "bulk-edits/"), ("post", "bulk-edits/"), ("get", "export/"),
        ("get", "duplicates/"), ("get", "views/"),
    ):  # fmt: skip
        assert getattr(other, method)(f"{CONTACTS}{url}").status_code == 403, url


@pytest.mark.parametrize(
    "selection",
    [
        {"ids": [10**30]}, {"ids": [-1]}, {"ids": [1.5]}, {"ids": [None]}, {"ids": ["\u0663"]},
        {"filters": {"q": "\0"}}, {"filters": {"q": "a\0"}}, {"filters": {"q": "\ud800"}},
        {"filters": {"q": ["a"]}}, {"filters": {"q": {"a": 1}}},
        {"filters": {"segment": "9" * 40}}, {"filters": {"tag": -1}}, {"filters": {"attribute": "a\0"}},
        {"filters": {}, "ids": []}, {"filters": {"erased_at": "x"}}, "everybody", 7,
    ],
)  # fmt: skip
def test_a_selection_that_cannot_be_meant_is_refused_and_never_everybody(api, ada, selection):
    body = {"selection": selection, "action": "add_tag", "values": {"tags": ["x"]}}
    assert api.post(f"{CONTACTS}bulk-edits/", body, format="json").status_code == 400
    assert not BulkEdit.objects.exists()


@pytest.mark.parametrize(
    "text", ["[" * 20_000, '{"ids":[1e400]}', '{"ids":["\\u0000"]}', '{"filters":{"q":"\\u0000"}}']
)
def test_the_dialog_takes_no_nonsense_back(client, ada, text):
    client.force_login(User.objects.create_superuser("mia"))
    dialog = client.post(reverse("bulk_edit_create", args=["add_tag"]), {"selection": text, "confirmed": "1"})
    assert "Nobody is selected" in dialog.content.decode()
    assert client.post(reverse("contact_export"), {"selection": text}).status_code == 400
    assert not BulkEdit.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "q=%00", "q=%25_%5C%27%22%3B--", "q=.*(%2B", "q=%F0%9F%98%80", "q=" + "a" * 3000, "attribute=%00&value=1",
        "attribute=a%27)--&value=%27", "view=9999999999999999999", "before=-1", "after=99999999999999999999",
        "tag=99999999999999999999", "segment=x", "consent=x", "columns=%00,attributes.%00",
    ],
)  # fmt: skip
def test_hostile_words_in_the_address_of_the_list_break_nothing(client, ada, query):
    client.force_login(User.objects.create_superuser("mia"))
    for url in (LIST, reverse("contact_count"), reverse("saved_view_create")):
        assert client.get(f"{url}?{query}").status_code == 200, url
    for url in (reverse("contact_export_form"), reverse("bulk_edit_create", args=["delete"])):
        assert client.get(f"{url}?all=1&{query}").status_code == 200, url
    assert client.post(reverse("saved_view_create"), {"name": "x", "query": query}).status_code == 302
    assert client.get(f"{LIST}?view={SavedView.objects.get().pk}").status_code == 200


def test_numbers_too_large_for_a_contact_find_nobody(client, api, ada):
    client.force_login(User.objects.create_superuser("mia"))
    for path in (
        f"{10**20}/",
        f"{10**20}/edit/",
        f"{10**20}/data.json",
        f"{10**20}/erase/",
        f"{ada.pk}/merge/{10**20}/",
    ):
        assert client.get(f"{LIST}{path}").status_code == 404, path
    for contact in (10**40, 0, -5, True, "x"):
        answer = api.post(f"{CONTACTS}{ada.pk}/merge/", {"contact": contact}, format="json")
        assert answer.status_code == 400, contact
    assert api.get(f"{CONTACTS}{'9' * 18}/data/").status_code == 404


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@bu\u0308cher.example", "ada@bücher.example"),  # two ways to write one letter
        ("ada@ＥＸＡＭＰＬＥ.com", "ada@example.com"),
        ("ADA@BÜCHER.example", "ada@bücher.example"),
    ],
)
def test_an_address_that_only_looks_another_is_the_same(api, one, other):
    assert api.post(CONTACTS, {"email": one}, format="json").status_code == 201
    assert "exists already" in str(api.post(CONTACTS, {"email": other}, format="json").json())
    erasing.erase([Contact.objects.get().pk], NOW, "by mia")
    assert "asked to be forgotten" in str(api.post(CONTACTS, {"email": one}, format="json").json())


@pytest.mark.parametrize("email", ["a\u200bda@example.com", "ada@ex\u00adample.com", "a\u202eda@example.com"])
def test_an_address_with_letters_that_nobody_sees_is_refused(api, email):
    assert api.post(CONTACTS, {"email": email}, format="json").status_code == 400


def test_a_program_cannot_subscribe_many_who_have_to_confirm_one_by_one(api, ada):
    Installation.objects.update_or_create(pk=1, defaults={"double_opt_in": True})
    body = {"selection": {"filters": {}}, "action": "set_consent", "confirmed": 1}
    for channel, state, status in (
        ("email", "subscribed", 400),
        ("email", "unsubscribed", 202),
        ("sms", "subscribed", 202),
    ):
        values = {"channel": channel, "state": state, "basis": "asked"}
        assert api.post(f"{CONTACTS}bulk-edits/", {**body, "values": values}, format="json").status_code == status


def test_private_views_of_others_are_nobodys_to_see_change_or_open(client, ada):
    mia = User.objects.create_superuser("mia")
    view = SavedView.objects.create(name="Secret name", filters={"q": "x"}, owner=person("marketer"), created_at=NOW)
    client.force_login(mia)
    assert "Secret name" not in client.get(f"{LIST}?view={view.pk}").content.decode()
    for name in ("saved_view_edit", "saved_view_update", "saved_view_move", "saved_view_first", "saved_view_delete"):
        assert client.post(reverse(name, args=[view.pk]), {"name": "Mine", "first": "yes"}).status_code == 404, name
    view.refresh_from_db()
    assert view.name == "Secret name"


def test_who_may_change_contacts_may_not_delete_or_erase_them_in_bulk(ada):
    writer = person("viewer")
    from django.contrib.auth.models import Permission

    codes = ["view_contact", "change_contact", "view_bulkedit"]
    writer.user_permissions.set(Permission.objects.filter(codename__in=codes))
    browser = signed_in(User.objects.get(pk=writer.pk))
    data = {"selection": f'{{"ids": [{ada.pk}]}}', "confirmed": "1", "tags": "x", "bar": "1"}
    for action in ("delete", "erase"):
        url = reverse("bulk_edit_create", args=[action])
        assert (browser.get(url, {"ids": ada.pk}).status_code, browser.post(url, data).status_code) == (403, 403)
    assert browser.post(reverse("bulk_edit_create", args=["add_tag"]), data).status_code == 302
    edit = bulk_editing.begin(Selection(), "delete", {}, NOW, "bulk edit by mia")
    assert browser.post(reverse("bulk_edit_cancel", args=[edit.pk])).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_merges_of_the_same_two_at_once_are_one(ada):
    twin = make.contact("twin@example.com")
    failed = []

    def merged(kept: int, gone: int) -> None:
        try:
            joining.merge(kept, gone, {}, NOW)
        except Contact.DoesNotExist:
            failed.append((kept, gone))

    at_once(lambda: merged(ada.pk, twin.pk), lambda: merged(twin.pk, ada.pk))
    assert len(failed) == 1
    merge = Merge.objects.get()
    assert list(Contact.objects.values_list("pk", flat=True)) == [merge.kept_id]
    assert Event.objects.filter(name="contact.merged").count() == 1
    assert consent.states([merge.kept_id])[merge.kept_id]["email"] == "subscribed"


@pytest.mark.django_db(transaction=True)
def test_who_is_erased_while_being_merged_is_erased_or_merged_and_never_half_of_it(ada):
    twin = make.contact("twin@example.com", first_name="Twin")

    def merged() -> None:
        with contextlib.suppress(Contact.DoesNotExist):
            joining.merge(ada.pk, twin.pk, {}, NOW)

    at_once(merged, lambda: erasing.erase([twin.pk], NOW, "by mia"))
    erased = Contact.with_erased.filter(pk=twin.pk, erased_at__isnull=False).exists()
    assert erased is not Merge.objects.exists()
    kept = Contact.objects.get()
    assert (kept.pk, kept.first_name) == (ada.pk, "" if erased else "Twin")


@pytest.mark.django_db(transaction=True)
def test_deleting_many_while_they_come_in_again_ends_with_whole_contacts(monkeypatch):
    monkeypatch.setattr(bulk_actions, "HEAVY_SLICE", 10)
    rows = [{"email": f"c{n}@example.com", "tags": ["in"], "attributes": {"n": n}} for n in range(60)]
    saving.upsert(rows, NOW)
    bulk_editing.begin(Selection(), "delete", {}, NOW, "bulk edit by mia")

    def deleted() -> None:
        while bulk_editing.work(NOW):
            pass

    def imported() -> None:
        for start in range(0, 60, 15):
            saving.upsert(rows[start : start + 15], NOW, "import")

    at_once(deleted, imported)
    edit = BulkEdit.objects.get()
    assert (edit.state, edit.done) == ("done", 60)
    for contact in Contact.objects.all():
        assert [mark.tag.name for mark in contact.contact_tags.all()] == ["in"]
    assert not Event.objects.exclude(contact__in=Contact.objects.all()).exists()
