"""Marketers find, read and change contacts in the browser."""

import pytest
from django.urls import reverse

from config.models import User
from contacts import saving, tagging
from contacts.models import Contact, Installation, Segment, Suppression, Tag
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def browser(client):
    client.force_login(User.objects.create_superuser("mia", password="secret-of-mia"))
    return client


@pytest.fixture
def ada() -> Contact:
    fields = {"email": "ada@example.com", "first_name": "Ada", "phone": "+33612345678", "tags": ["VIP"]}
    return saving.create({**fields, "attributes": {"city": "Paris", "age": 36}}, NOW)


def text(answer) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_the_list_is_searched_and_narrowed_down(browser, ada):
    saving.create({"email": "bob@example.com", "consent": {"email": "unsubscribed"}}, NOW)
    tag = Tag.objects.get(name="VIP")
    segment = Segment.objects.create(name="Vips", rule={"rule": "tag", "name": "VIP"})
    for query, found, other in [
        ("q=ad", "ada@", "bob@"),
        ("q=06 12", "ada@", "bob@"),
        (f"tag={tag.pk}", "ada@", "bob@"),
        ("consent=email:unsubscribed", "bob@", "ada@"),
        ("consent=email:unknown", "ada@", "bob@"),
        (f"segment={segment.pk}", "ada@", "bob@"),
    ]:
        page = text(browser.get(f"{reverse('contact_list')}?{query}"))
        assert found in page, query
        assert other not in page, query
    assert "No contact matches" in text(browser.get(f"{reverse('contact_list')}?q=zoe"))
    assert text(browser.get(f"{reverse('contact_list')}?tag=x&before=zz&q=%00"))


def test_an_empty_installation_says_what_to_do(browser):
    assert "Import a file" in text(browser.get(reverse("contact_list")))


def test_the_list_costs_the_same_for_fifty_as_for_one(browser, django_assert_max_num_queries):
    ids = make.contacts(60)
    tagging.add(ids, ["a", "b"], NOW)
    Installation.current()  # written when it is first asked for, which may be now
    with django_assert_max_num_queries(12):
        assert "c59@example.com" in text(browser.get(reverse("contact_list")))


def test_a_page_tells_all_about_a_contact(browser, ada):
    page = text(browser.get(reverse("contact_page", args=[ada.pk])))
    for words in ("Paris", "VIP", "Contact created", "Tag “VIP” added", "Europe/Paris", "Unknown"):
        assert words in page


def test_what_a_contact_wrote_is_never_taken_for_markup(browser):
    evil = saving.create({"external_id": "<script>x</script>", "attributes": {"a": "<b>"}, "tags": ["<i>"]}, NOW)
    page = text(browser.get(reverse("contact_page", args=[evil.pk])))
    assert "<script>x" not in page
    assert "<i>" not in page


def test_older_events_follow_on_request(browser, ada):
    from contacts.timeline import NewEvent, record

    record([NewEvent(ada.pk, f"e{number}") for number in range(40)], NOW)
    page = text(browser.get(reverse("contact_page", args=[ada.pk])))
    assert "e39" in page
    assert "e5<" not in page
    start = page.index("/timeline/?before=")
    older = page[start : page.index('"', start)]
    assert "e5<" in text(browser.get(f"/contacts/{ada.pk}{older}", **HTMX))


def test_a_contact_is_created_with_typed_attributes(browser):
    data = {
        "email": "eve@example.com",
        "attribute_key": ["age", "member", "city", ""],
        "attribute_kind": ["number", "boolean", "text", "text"],
        "attribute_value": ["41", "yes", "Lyon", ""],
    }
    answer = browser.post(reverse("contact_create"), data)
    eve = Contact.objects.get(email="eve@example.com")
    assert answer.url == reverse("contact_page", args=[eve.pk])
    assert eve.attributes == {"age": 41, "member": True, "city": "Lyon"}


def test_a_wrong_field_is_explained_next_to_it(browser, ada):
    page = text(browser.post(reverse("contact_create"), {"email": "ADA@example.com"}))
    assert "A contact with this email address exists already." in page
    page = text(
        browser.post(
            reverse("contact_create"),
            {"email": "x@example.com", "attribute_key": "age", "attribute_kind": "number", "attribute_value": "old"},
        )
    )
    assert "is not a number" in page


def test_saving_an_unchanged_form_changes_nothing(browser, ada):
    page = browser.get(reverse("contact_edit", args=[ada.pk]))
    form = page.context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    for field in ("key", "kind", "value"):
        data[f"attribute_{field}"] = [getattr(row, field) for row in form.attribute_rows]
    assert browser.post(reverse("contact_edit", args=[ada.pk]), data).status_code == 302
    assert not ada.events.filter(name="contact.updated").exists()
    ada.refresh_from_db()
    assert ada.attributes == {"city": "Paris", "age": 36}


def test_tags_and_consent_change_in_place(browser, ada):
    tags, consent = reverse("contact_tags", args=[ada.pk]), reverse("contact_consent", args=[ada.pk])
    assert "new one" in text(browser.post(tags, {"add": "new one"}, **HTMX))
    assert "VIP</span>" not in text(browser.post(tags, {"remove": "vip"}, **HTMX))
    assert "needs a name" in text(browser.post(tags, {"add": " "}, **HTMX))
    assert "Subscribed" in text(browser.post(consent, {"channel": "email", "state": "subscribed"}, **HTMX))
    assert ada.consents.get().source == "by mia"
    assert browser.post(consent, {"channel": "fax", "state": "subscribed"}).status_code == 302


def test_deleting_asks_first(browser, ada):
    url = reverse("contact_delete", args=[ada.pk])
    assert "events are gone for good" in text(browser.get(url, **HTMX))
    assert browser.post(url).url == reverse("contact_list")
    assert not Contact.objects.exists()


def test_tags_are_created_renamed_and_deleted(browser, ada):
    browser.post(reverse("tag_list"), {"name": " new "})
    page = text(browser.get(reverse("tag_list")))
    assert "VIP" in page
    assert "new" in page
    vip = Tag.objects.get(name="VIP")
    assert "already" in text(browser.post(reverse("tag_edit", args=[vip.pk]), {"name": "NEW"}))
    browser.post(reverse("tag_edit", args=[vip.pk]), {"name": "vip"})
    assert Tag.objects.get(pk=vip.pk).name == "vip"
    assert "1 contacts" in text(browser.get(reverse("tag_delete", args=[vip.pk]), **HTMX))
    browser.post(reverse("tag_delete", args=[vip.pk]))
    assert not ada.contact_tags.exists()


def test_addresses_are_suppressed_and_let_go(browser, ada):
    browser.post(reverse("suppression_list"), {"channel": "email", "address": "ADA@example.com"})
    assert "Address suppressed" in text(browser.get(reverse("contact_page", args=[ada.pk])))
    row = Suppression.objects.get()
    assert "not an email" in text(browser.post(reverse("suppression_list"), {"channel": "email", "address": "x"}))
    browser.post(reverse("suppression_delete", args=[row.pk]), {"why": "Asked by phone"})
    assert not Suppression.objects.exists()


def test_who_only_looks_cannot_change(client, ada):
    from config import roles

    viewer = User.objects.create_user("vic", password="secret-of-vic")
    roles.give(viewer, "viewer")
    client.force_login(viewer)
    assert "New contact" not in text(client.get(reverse("contact_list")))
    for name in ("contact_edit", "contact_delete"):
        assert client.get(reverse(name, args=[ada.pk])).status_code == 403
    for name in ("contact_tags", "contact_consent"):
        assert client.post(reverse(name, args=[ada.pk]), {"add": "x"}).status_code == 403
    assert client.get(reverse("import_create")).status_code == 403
    client.post(reverse("tag_list"), {"name": "x"})
    assert not Tag.objects.filter(name="x").exists()
