"""Marketers select, change, merge, erase and take out contacts in the browser; viewers may look."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from config.models import User
from contacts import consent, saved_views, saving
from contacts.models import BulkEdit, Contact, Merge, Pair, SavedView, Segment, Tag
from contacts.people import bulk_editing, joining, pairing
from tests import make
from tests.people import person, signed_in

NOW = make.NOW
pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
LIST = "/contacts/"


@pytest.fixture
def browser(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    return client


@pytest.fixture
def ada() -> Contact:
    fields = {"email": "ada@example.com", "first_name": "Ada", "tags": ["VIP"]}
    return saving.create({**fields, "attributes": {"city": "Paris", "vip": True}}, NOW)


def text(answer) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_the_list_is_narrowed_down_by_attributes_and_shows_the_columns_chosen(browser, ada):
    make.contact("bob@example.com", attributes={"city": "<b>Lyon"})
    for query, found in (
        ("attribute=city&value=Paris", True),
        ("attribute=vip&value=yes", True),
        ("attribute=vip", True),
    ):
        page = text(browser.get(f"{LIST}?{query}"))
        assert ("ada@" in page) is found, query
        assert "bob@" not in page
    page = text(browser.get(f"{LIST}?columns=name,attributes.city,language&columns=updated_at"))
    assert "&lt;b&gt;Lyon" in page
    assert "<td>Paris</td>" in page
    assert "Name the attribute" in text(browser.get(f"{LIST}?value=Paris"))


def test_a_bulk_edit_is_confirmed_with_its_exact_count_and_followed(browser, ada):
    make.contacts(3, "corp.example")
    url = reverse("bulk_edit_create", args=["add_tag"])
    dialog = text(browser.get(url, {"ids": [ada.pk, ada.pk]}, **HTMX))
    assert "Change 1 contact<" in dialog
    dialog = text(browser.get(url, {"all": "1", "q": "corp"}, **HTMX))
    assert "Change 3 contacts" in dialog
    selection = json.dumps({"filters": {"q": "corp"}})
    wrong = text(browser.post(url, {"selection": selection, "confirmed": "3", "tags": " "}, **HTMX))
    assert "required" in wrong
    answer = browser.post(url, {"selection": selection, "confirmed": "3", "tags": "new"}, **HTMX)
    edit = BulkEdit.objects.get()
    assert answer["HX-Redirect"] == reverse("bulk_edit_page", args=[edit.pk])
    page = text(browser.get(answer["HX-Redirect"]))
    assert "Add the tag “new” to 3 contacts" in page
    assert "progress" in page
    while bulk_editing.work(NOW):
        pass
    assert browser.get(reverse("bulk_edit_progress", args=[edit.pk]))["HX-Refresh"] == "true"
    assert Tag.objects.get(name="new").contact_tags.count() == 3
    assert "Contacts with “corp”" in text(browser.get(reverse("bulk_edit_page", args=[edit.pk])))
    assert "new" in text(browser.get(reverse("bulk_edit_list")))


def test_a_selection_that_has_changed_is_confirmed_again(browser):
    make.contacts(3)
    url = reverse("bulk_edit_create", args=["add_tag"])
    data = {"selection": json.dumps({"filters": {}}), "confirmed": "2", "tags": "new"}
    assert "3 contacts are selected now" in text(browser.post(url, data, **HTMX))
    assert not BulkEdit.objects.exists()


def test_deleting_many_wants_the_number_typed(browser):
    make.contacts(12)
    url = reverse("bulk_edit_create", args=["delete"])
    data = {"selection": json.dumps({"filters": {}}), "confirmed": "12"}
    assert "Type the number" in text(browser.get(url, {"all": "1"}, **HTMX))
    assert "required" in text(browser.post(url, data, **HTMX))
    assert "Type 12 to confirm" in text(browser.post(url, {**data, "typed": "11"}, **HTMX))
    assert browser.post(url, {**data, "typed": "12"}).status_code == 302
    edit = BulkEdit.objects.get()
    browser.post(reverse("bulk_edit_cancel", args=[edit.pk]))
    edit.refresh_from_db()
    assert (edit.state, Contact.objects.count()) == ("cancelled", 12)


def test_nonsense_selections_end_in_a_sentence(browser, ada):
    url = reverse("bulk_edit_create", args=["add_tag"])
    for query in ({}, {"ids": "x"}, {"selection": "{"}, {"all": "1", "segment": "99"}, {"ids": "-1"}):
        assert "Nobody is selected" in text(browser.get(url, query, **HTMX)), query
    assert browser.get(reverse("bulk_edit_create", args=["explode"])).status_code == 400
    assert browser.get(reverse("contact_export"), {"ids": "x"}).status_code == 400


def test_a_file_of_what_the_list_shows_is_downloaded(browser, ada):
    make.contact("=bob@example.com")
    assert "Export 2 contacts" in text(browser.get(reverse("contact_export_form"), {"all": "1"}, **HTMX))
    data = {"selection": json.dumps({"filters": {"q": "ada"}}), "columns": ["email", "attributes.city"]}
    answer = browser.post(reverse("contact_export"), data)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert b"".join(answer.streaming_content).decode() == "\ufeffemail,city\r\nada@example.com,Paris\r\n"
    assert text(browser.get(reverse("contact_count"), {"q": "ada"})).strip() == "1"


def test_defined_attributes_are_offered_by_their_labels_and_taken_out_by_their_names(browser, ada):
    make.attribute("plan", label="Their plan")
    make.contact("bob@example.com", attributes={"plan": "team", "likes": ["jazz", "rock"]})
    dialog = text(browser.get(reverse("contact_export_form"), {"all": "1"}, **HTMX))
    assert 'value="attributes.plan" checked> <span>Their plan' in dialog
    keys = text(browser.get(reverse("attribute_keys"), {"prefix": "attributes."}))
    assert '<option value="attributes.plan" label="Their plan">' in keys
    data = {"selection": json.dumps({"filters": {"q": "bob"}}), "columns": ["attributes.plan"]}
    answer = browser.post(reverse("contact_export"), data)
    assert b"".join(answer.streaming_content).decode() == "\ufeffplan\r\nteam\r\n"
    page = text(browser.get(f"{LIST}?columns=name,attributes.plan,attributes.likes&attribute=likes&value=jazz"))
    assert "Their plan" in page
    assert "<td>jazz, rock</td>" in page


def test_views_are_saved_changed_renamed_moved_and_deleted(browser, ada):
    tag = Tag.objects.get().pk
    browser.post(
        reverse("saved_view_create"), {"name": " My  vips ", "query": f"tag={tag}&columns=name,email&before=9"}
    )
    view = SavedView.objects.get()
    assert (view.name, view.filters, view.columns) == ("My vips", {"tag": str(tag)}, ["name", "email"])
    address = f"{LIST}?{saved_views.query(view)}"
    page = text(browser.get(address))
    assert "My vips" in page
    assert "not saved" not in page
    assert "not saved" in text(browser.get(f"{address}&q=ada"))
    browser.post(reverse("saved_view_update", args=[view.pk]), {"query": f"tag={tag}&q=ada"})
    view.refresh_from_db()
    assert (view.filters, view.columns) == ({"tag": str(tag), "q": "ada"}, [])
    assert "You have a view" in text(browser.post(reverse("saved_view_create"), {"name": "My vips", "query": ""}))
    browser.post(reverse("saved_view_edit", args=[view.pk]), {"name": "VIPs", "shared": "on"})
    browser.post(reverse("saved_view_create"), {"name": "Second", "query": "q=x"})
    second = SavedView.objects.get(name="Second")
    browser.post(reverse("saved_view_move", args=[second.pk]), {"to": "front"})
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Second", "VIPs"]
    browser.post(reverse("saved_view_first", args=[view.pk]), {"first": "yes"})
    assert browser.get(LIST).url == f"{LIST}?{saved_views.query(SavedView.objects.get(pk=view.pk))}"
    assert text(browser.get(f"{LIST}?view="))
    browser.post(reverse("saved_view_delete", args=[view.pk]))
    assert text(browser.get(LIST))
    assert SavedView.objects.count() == 1


def test_views_of_others_are_seen_when_shared_and_never_changed(browser, ada):
    mine = SavedView.objects.create(name="Mine", owner=User.objects.get(username="mia"), created_at=NOW)
    shared = SavedView.objects.create(name="Ours", owner=mine.owner, shared=True, created_at=NOW)
    other = signed_in(person("marketer"))
    page = text(other.get(f"{LIST}?view={shared.pk}"))
    assert "Ours" in page
    assert "Mine" not in page
    for name in ("saved_view_edit", "saved_view_update", "saved_view_move", "saved_view_delete"):
        assert other.post(reverse(name, args=[shared.pk]), {"name": "Theirs"}).status_code == 404, name
    assert other.post(reverse("saved_view_first", args=[mine.pk]), {"first": "yes"}).status_code == 404


def test_two_contacts_are_merged_field_by_field(browser, ada):
    consent.suppress("sms", ["+33612345678"], "asked", NOW)
    twin = make.contact(phone="+33612345678", first_name="<i>Adah", attributes={"city": "Lyon", "likes": ["a", "b"]})
    found = text(browser.get(reverse("merge_choose", args=[ada.pk]), {"q": "612345678"}, **HTMX))
    assert reverse("contact_merge", args=[ada.pk, twin.pk]) in found
    url = reverse("contact_merge", args=[ada.pk, twin.pk])
    page = text(browser.get(url))
    assert "&lt;i&gt;Adah" in page
    assert "<span>a, b</span>" in page
    assert "SMS: address suppressed" in page
    assert 'name="choose:attributes.city" value="kept" checked' in page
    nobody = {"choose:email": "gone", "choose:phone": "kept"}
    assert "needs an email" in text(browser.post(url, nobody))
    assert browser.post(url, {"choose:attributes.city": "gone"}).url == reverse("contact_page", args=[ada.pk])
    ada.refresh_from_db()
    assert (ada.phone, ada.first_name, ada.attributes["city"]) == ("+33612345678", "Ada", "Lyon")
    moved = browser.get(reverse("contact_page", args=[twin.pk]))
    assert (moved.status_code, moved.url) == (301, reverse("contact_page", args=[ada.pk]))
    page = text(browser.get(moved.url))
    assert "merged into this one" in page
    assert "merged by mia" in page
    assert Merge.objects.get().by.username == "mia"
    assert browser.get(reverse("contact_merge", args=[ada.pk, twin.pk])).status_code == 404


def test_duplicates_are_looked_for_dismissed_and_merged(browser, ada):
    make.contact("ada+shop@example.com")
    assert "Nobody has looked yet" in text(browser.get(reverse("duplicate_list")))
    browser.post(reverse("duplicate_search"))
    assert "searched" in text(browser.get(reverse("duplicate_list")))
    while pairing.search(NOW):
        pass
    assert browser.get(reverse("duplicate_progress"))["HX-Refresh"] == "true"
    page = text(browser.get(reverse("duplicate_list")))
    assert "85 % likely" in page
    pair = Pair.objects.get()
    assert "ada+shop@" in text(browser.get(reverse("merge_choose", args=[ada.pk])))
    browser.post(reverse("duplicate_dismiss", args=[pair.pk]))
    assert "No duplicates found" in text(browser.get(reverse("duplicate_list")))
    assert "ada+shop@" in text(browser.get(f"{reverse('duplicate_list')}?show=dismissed"))
    browser.post(reverse("duplicate_dismiss", args=[pair.pk]), {"undo": "1"})
    assert "85 % likely" in text(browser.get(reverse("duplicate_list")))


def test_a_person_is_erased_when_their_name_is_typed(browser, ada):
    url = reverse("contact_erase", args=[ada.pk])
    assert "Type “Ada” to confirm" in text(browser.get(url, **HTMX))
    assert "not what stands there" in text(browser.post(url, {"typed": "Bob"}, **HTMX))
    answer = browser.post(url, {"typed": "ada"}, **HTMX)
    assert answer["HX-Redirect"] == LIST
    assert not Contact.objects.exists()
    assert saving.create({"email": "ada@example.com"}, NOW)  # the box was not ticked


def test_what_names_a_person_is_shown_before_and_after_they_are_erased(browser, ada):
    segment = Segment.objects.create(name="Only ada@example.com", rule={"all": []})
    dialog = text(browser.get(reverse("contact_erase", args=[ada.pk]), **HTMX))
    assert f'Segment “<a href="/segments/{segment.pk}/">Only ada@example.com</a>”' in dialog
    browser.post(reverse("contact_erase", args=[ada.pk]), {"typed": "Ada"})
    assert f'Segment “<a href="/segments/{segment.pk}/">Only (erased) {segment.pk}</a>”' in text(
        browser.get(reverse("erasure_list"))
    )


def test_who_comes_back_by_their_own_wish_can_be_added_again(browser, ada):
    browser.post(reverse("contact_erase", args=[ada.pk]), {"typed": "Ada", "bar": "1"})
    assert "1 address cannot be added again" in text(browser.get(reverse("erasure_list")))
    with pytest.raises(ValidationError):
        saving.create({"email": "ada@example.com"}, NOW)
    assert signed_in(person("viewer")).post(reverse("erasure_list"), {"address": "ada@example.com"}).status_code == 403
    browser.post(reverse("erasure_list"), {"address": " ADA@example.com"})
    assert saving.create({"email": "ada@example.com"}, NOW)


def test_everything_about_a_person_is_downloaded(browser, ada):
    answer = browser.get(reverse("contact_data", args=[ada.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="contact-{ada.pk}.json"'
    assert json.loads(b"".join(answer.streaming_content))["contact"]["email"] == "ada@example.com"


@pytest.mark.parametrize("role", ["viewer", "writer"])
def test_who_only_looks_can_do_none_of_it(role, ada):
    bob = make.contact("bob@example.com")
    only_looks = signed_in(person(role))
    page = text(only_looks.get(LIST))
    assert "Export" not in page
    assert text(only_looks.get(reverse("contact_page", args=[ada.pk])))
    for name, *args in (
        ("contact_merge", ada.pk, bob.pk), ("merge_choose", ada.pk), ("contact_erase", ada.pk),
        ("contact_data", ada.pk), ("contact_export",), ("contact_export_form",),
        *(("bulk_edit_create", action) for action in BulkEdit.Action.values),
    ):  # fmt: skip
        assert only_looks.get(reverse(name, args=args), {"all": "1"}).status_code == 403, name
        if name not in ("merge_choose", "contact_data", "contact_export_form"):
            data = {"selection": '{"filters": {}}', "confirmed": "2", "tags": "x", "typed": "Ada"}
            assert only_looks.post(reverse(name, args=args), data).status_code == 403, name
    for name, *args in (("duplicate_search",), ("duplicate_dismiss", 1), ("saved_view_create",)):
        assert only_looks.post(reverse(name, args=args), {"name": "x"}).status_code == 403, name
    assert Contact.objects.count() == 2


def test_nothing_changes_by_a_forged_request(ada):
    from django.test import Client

    forging = Client(enforce_csrf_checks=True)
    forging.force_login(User.objects.create_superuser("mia"), backend="django.contrib.auth.backends.ModelBackend")
    assert forging.post(reverse("contact_erase", args=[ada.pk]), {"typed": "Ada"}).status_code == 403
    assert joining.successor(ada.pk) is None
    assert Contact.objects.exists()
