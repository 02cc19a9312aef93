"""Marketers define attributes in their pages, and contacts' forms and pages follow the definitions."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from config.models import User
from contacts import saving
from contacts.attributes import saving as attribute_saving
from contacts.attributes import sweeping
from contacts.attributes.defining import definitions
from contacts.models import Attribute, AttributeSweep, Contact, Segment
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def marketer(client):
    mia = User.objects.create_user("mia", password="secret-of-mia")
    mia.groups.add(Group.objects.get(name="Marketers"))
    client.force_login(mia)
    return client


def swept() -> None:
    while sweeping.work(NOW):
        pass


def test_an_attribute_is_defined_changed_moved_and_deleted(marketer):
    assert "No attributes defined yet" in marketer.get(reverse("attribute_list")).text
    answer = marketer.post(reverse("attribute_create"), {"label": "Date of birth", "type": "date"})
    assert answer.url == reverse("attribute_list")
    marketer.post(reverse("attribute_create"), {"label": "Plan", "type": "choice", "choices": "Basic\r\n\r\nPro\r\n"})
    assert [(row.name, row.type.key, row.choices) for row in definitions()] == [
        ("date_of_birth", "date", ()),
        ("plan", "choice", ("Basic", "Pro")),
    ]
    plan = Attribute.objects.get(name="plan")
    marketer.post(reverse("attribute_move", args=[plan.pk]), {"to": "up"})
    data = {"label": "Tariff", "type": "choice", "choices": "Basic\nPro\nMax", "description": "What they pay"}
    marketer.post(reverse("attribute_edit", args=[plan.pk]), data)
    assert [row.label for row in definitions()] == ["Tariff", "Date of birth"]
    page = marketer.get(reverse("attribute_list")).text
    assert "Counting the values of" in page and "Basic, Pro, Max" in page
    assert "HX-Refresh" not in marketer.get(reverse("attribute_passes"), **HTMX).headers
    swept()
    assert marketer.get(reverse("attribute_passes"), **HTMX).headers["HX-Refresh"] == "true"
    marketer.post(reverse("attribute_delete", args=[plan.pk]), {"values": "remove"})
    assert not Attribute.objects.filter(name="plan").exists()
    assert AttributeSweep.objects.get().source == "by mia"


def test_what_is_wrong_stands_next_to_its_field(marketer):
    make.attribute("plan")
    answer = marketer.post(reverse("attribute_create"), {"label": "Plan", "type": "choice", "choices": ""})
    errors = answer.context["form"].errors
    assert errors["name"] == ["There is an attribute “plan” already."]
    answer = marketer.post(reverse("attribute_create"), {"label": "Size", "type": "choice", "choices": ""})
    assert answer.context["form"].errors == {"choices": ["Give at least one choice."]}


def test_an_attribute_in_use_is_offered_with_its_type_filled_in(marketer):
    for number in range(40):
        make.contact(f"c{number}@example.com", attributes={"plan": ["Pro", "Basic"][number % 2]})
    assert "?name=plan" in marketer.get(reverse("attribute_list")).text
    form = marketer.get(reverse("attribute_create") + "?name=plan").context["form"]
    assert {name: form[name].value() for name in ("name", "label", "type", "choices")} == {
        "name": "plan",
        "label": "Plan",
        "type": "choice",
        "choices": "Basic\nPro",
    }
    assert marketer.get(reverse("attribute_create") + "?name=%00gone").status_code == 200


def test_a_change_that_leaves_values_behind_is_asked_about_first(marketer):
    for number, value in enumerate(["1", "2", "many"]):
        make.contact(f"c{number}@example.com", attributes={"seats": value})
    row = make.attribute("seats")
    data = {"label": "Seats", "type": "number", "choices": ""}
    page = marketer.post(reverse("attribute_edit", args=[row.pk]), data).text
    assert "<strong>3</strong> of all 3 contacts" in page and "2 can be converted" in page and "“many”" in page
    assert Attribute.objects.get().type == "text"
    marketer.post(reverse("attribute_edit", args=[row.pk]), data | {"sure": "1"})
    swept()
    page = marketer.get(reverse("attribute_list")).text
    assert "3 do not fit" in page
    assert "can be made to: 2." in marketer.get(reverse("attribute_convert", args=[row.pk]), **HTMX).text
    marketer.post(reverse("attribute_convert", args=[row.pk]))
    swept()
    assert sorted(map(str, Contact.objects.values_list("attributes__seats", flat=True))) == ["1", "2", "many"]
    assert "1 does not fit" in marketer.get(reverse("attribute_list")).text


def test_whoever_deletes_learns_what_uses_it(marketer):
    row = make.attribute("plan")
    Segment.objects.create(name="Payers", rule={"rule": "attribute", "field": "plan", "op": "is_set"})
    for url in ("attribute_delete", "attribute_edit"):
        assert "Payers" in marketer.get(reverse(url, args=[row.pk])).text
    assert "Payers" in marketer.get(reverse("attribute_list")).text


def test_who_may_only_look_changes_nothing(client):
    viewer = User.objects.create_user("vic", password="secret-of-vic")
    viewer.groups.add(Group.objects.get(name="Viewers"))
    client.force_login(viewer)
    row = make.attribute("plan")
    page = client.get(reverse("attribute_list"))
    assert page.status_code == 200 and "New attribute" not in page.text and "Delete" not in page.text
    for name, pks in [("create", []), *((name, [row.pk]) for name in ("edit", "move", "convert", "delete"))]:
        assert client.post(reverse(f"attribute_{name}", args=pks), {"label": "x", "type": "text"}).status_code == 403
    client.logout()
    assert client.get(reverse("attribute_list")).status_code == 302


def test_the_list_costs_the_same_for_many_as_for_one(marketer, django_assert_max_num_queries):
    for number in range(12):
        make.attribute(f"a{number}", "choice", choices=["x"])
    swept()
    make.contacts(30, attributes={"free": 1, "other": "x"})
    with django_assert_max_num_queries(16):
        marketer.get(reverse("attribute_list"))


# Contacts' own pages


@pytest.fixture
def defined():
    make.attribute("born", "date", label="Date of birth")
    make.attribute("seats", "number")
    make.attribute("vip", "boolean", label="VIP")
    make.attribute("seen", "datetime")
    make.attribute("plan", "choice", choices=["Basic", "Pro"])
    make.attribute("likes", "list", choices=["Red", "Blue"])
    make.attribute("notes", "list")


TYPED = {
    "attributes.born": "1990-05-17",
    "attributes.seats": "12,5",
    "attributes.vip": "yes",
    "attributes.seen": "2026-03-10T10:00",
    "attributes.plan": "Pro",
    "attributes.likes": ["Red", "Blue"],
    "attributes.notes": "one, two\r\nthree\r\n",
}
KEPT = {
    "born": "1990-05-17",
    "seats": 12.5,
    "vip": True,
    "seen": "2026-03-10T09:00:00Z",
    "plan": "Pro",
    "likes": ["Red", "Blue"],
    "notes": ["one, two", "three"],
}


def posted_again(marketer, contact) -> dict:
    form = marketer.get(reverse("contact_edit", args=[contact.pk])).context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    for part in ("key", "kind", "value"):
        data[f"attribute_{part}"] = [getattr(row, part) for row in form.attribute_rows]
    return data


def test_a_contact_is_written_in_typed_inputs_in_the_zone_of_the_writer(marketer, defined):
    User.objects.update(timezone="Europe/Paris")
    data = {"email": "ada@example.com", **TYPED}
    data |= {"attribute_key": "city", "attribute_kind": "text", "attribute_value": "Lyon"}
    marketer.post(reverse("contact_create"), data)
    ada = Contact.objects.get()
    assert ada.attributes == KEPT | {"city": "Lyon"}
    page = marketer.get(reverse("contact_edit", args=[ada.pk])).text
    for control in ('type="date" name="attributes.born" value="1990-05-17"', 'value="2026-03-10T10:00"', 'step="any"'):
        assert control in page
    assert page.index("Date of birth") < page.index("VIP") < page.index("Likes") < page.index("Other attributes")
    assert marketer.post(reverse("contact_edit", args=[ada.pk]), posted_again(marketer, ada)).status_code == 302
    assert not ada.events.filter(name="contact.updated").exists(), "an unchanged form changes nothing"
    shown = marketer.get(reverse("contact_page", args=[ada.pk])).text
    assert "17 May 1990" in shown and "12.5" in shown and "one, two" in shown and "Lyon" in shown


def test_an_error_stands_next_to_its_input(marketer, defined):
    data = {"email": "a@example.com", "attributes.seats": "many", "attributes.plan": "Gold", "attributes.born": "x"}
    form = marketer.post(reverse("contact_create"), data).context["form"]
    assert form.errors == {
        "attributes.born": ["“x” is not a date such as 2026-03-10."],
        "attributes.seats": ["“many” is not a number."],
        "attributes.plan": ["“Gold” is not one of Basic, Pro."],
    }
    data = {"email": "a@example.com", "attribute_key": "SEATS", "attribute_kind": "text", "attribute_value": "x"}
    assert "“SEATS” has a field of its own: Seats." in marketer.post(reverse("contact_create"), data).text


def test_what_does_not_fit_stays_until_it_is_changed(marketer, defined):
    ada = make.contact("ada@example.com", attributes={"seats": "many", "plan": "Gold", "born": "1990-05-17"})
    assert marketer.get(reverse("contact_page", args=[ada.pk])).text.count("does not fit") == 2
    data = posted_again(marketer, ada)
    assert (data["attributes.seats"], data["attributes.plan"]) == ("many", "Gold")
    marketer.post(reverse("contact_edit", args=[ada.pk]), data | {"first_name": "Ada", "attributes.seats": "3"})
    ada.refresh_from_db()
    assert (ada.first_name, ada.attributes) == ("Ada", {"seats": 3, "plan": "Gold", "born": "1990-05-17"})
    marketer.post(
        reverse("contact_edit", args=[ada.pk]),
        posted_again(marketer, ada) | {"attributes.plan": "", "attributes.born": ""},
    )
    ada.refresh_from_db()
    assert ada.attributes == {"seats": 3}


def test_labels_choices_and_keys_are_never_taken_for_markup(marketer):
    evil = "<script>alert(1)</script>"
    make.attribute("__proto__", label=evil, description=evil)
    make.attribute("constructor", "choice", label="x", choices=[evil, "\"'><b>"])
    ada = saving.create({"email": "a@example.com", "attributes": {"__proto__": evil, "constructor": evil}}, NOW)
    segment = Segment.objects.create(
        name="x", rule={"rule": "attribute", "field": "constructor", "op": "equals", "value": evil}
    )
    row = Attribute.objects.get(name="constructor")
    for url in [
        reverse("attribute_list"),
        reverse("attribute_edit", args=[row.pk]),
        reverse("attribute_delete", args=[row.pk]),
        reverse("contact_page", args=[ada.pk]),
        reverse("contact_edit", args=[ada.pk]),
        reverse("segment_edit", args=[segment.pk]),
    ]:
        page = marketer.get(url)
        assert page.status_code == 200 and evil not in page.text, url
    assert marketer.post(reverse("contact_edit", args=[ada.pk]), posted_again(marketer, ada)).status_code == 302
    ada.refresh_from_db()
    assert ada.attributes == {"__proto__": evil, "constructor": evil}


def test_the_largest_definition_still_draws_its_form(marketer):
    choices = [f"{number:03} {'x' * 190}" for number in range(500)]
    make.attribute("huge", "list", choices=choices)
    ada = saving.create({"email": "a@example.com", "attributes": {"huge": choices[:200]}}, NOW)
    assert marketer.post(reverse("contact_edit", args=[ada.pk]), posted_again(marketer, ada)).status_code == 302
    ada.refresh_from_db()
    assert ada.attributes == {"huge": choices[:200]}
    with pytest.raises(attribute_saving.ValidationError, match="larger than 64 kB"):
        saving.update(ada, {"attributes": {"huge": choices}}, NOW)
