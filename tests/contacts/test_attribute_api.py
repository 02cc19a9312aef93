"""Programs define attributes, and read in the documentation and in errors what the definitions want."""

import pytest

from contacts.attributes import sweeping
from contacts.models import Attribute, AttributeSweep, Contact
from tests import make, programs

pytestmark = pytest.mark.django_db
ATTRIBUTES, CONTACTS = "/api/v1/attributes/", "/api/v1/contacts/"


def test_an_attribute_is_defined_read_changed_and_given_up(api):
    made = api.post(ATTRIBUTES, {"name": "plan", "type": "choice", "choices": ["Basic", "Pro"]}, format="json")
    assert made.status_code == 201, made.json()
    plan = made.json()
    assert (plan["label"], plan["choices"], plan["size"], plan["position"]) == ("Plan", ["Basic", "Pro"], None, 1)
    url = f"{ATTRIBUTES}{plan['id']}/"
    assert api.get(url).json() == plan
    changed = api.patch(url, {"label": "Tariff"}, format="json").json()
    assert changed == plan | {"label": "Tariff"}
    assert api.get(ATTRIBUTES, {"name": "PLAN"}).json()["results"][0]["id"] == plan["id"]
    assert api.get(ATTRIBUTES, {"type": "date"}).json()["results"] == []
    assert api.delete(url, QUERY_STRING="values=burn").json() == {"values": ["This is keep or remove."]}
    assert api.delete(f"{url}?values=remove").status_code == 204
    assert AttributeSweep.objects.get().kind == "remove"
    assert api.get(url).status_code == 404


def test_what_is_wrong_is_said_by_field(api):
    plan = make.attribute("plan")
    for given, errors in [
        ({"name": "plan", "type": "text"}, {"name": ["There is an attribute “plan” already."]}),
        ({"name": "x", "type": "choice"}, {"choices": ["Give at least one choice."]}),
        ({"name": "x", "type": "text", "colour": 1}, {"colour": ["Attributes have no such field."]}),
        (["x"], {"detail": ["An attribute is an object with a name and a type."]}),
    ]:
        refused = api.post(ATTRIBUTES, given, format="json")
        assert (refused.status_code, refused.json()) == (400, errors)
    refused = api.patch(f"{ATTRIBUTES}{plan.pk}/", {"name": "tariff"}, format="json")
    assert refused.status_code == 400 and "cannot change" in refused.json()["name"][0]
    assert Attribute.objects.count() == 1


def test_values_are_checked_one_by_one_and_in_bulk(api):
    make.attribute("seats", "number")
    refused = api.post(CONTACTS, {"email": "a@example.com", "attributes": {"seats": "many"}}, format="json")
    assert (refused.status_code, refused.json()) == (400, {"attributes.seats": ["“many” is not a number."]})
    made = api.post(CONTACTS, {"email": "a@example.com", "attributes": {"seats": "1,5"}}, format="json").json()
    assert made["attributes"] == {"seats": 1.5}
    refused = api.patch(f"{CONTACTS}{made['id']}/", {"attributes": {"seats": []}}, format="json")
    assert refused.json() == {"attributes.seats": ["“[]” is not a number."]}
    rows = [{"email": f"{n}@example.com", "attributes": {"seats": seats}} for n, seats in enumerate([1, "x", None])]
    answer = api.post(f"{CONTACTS}bulk/", {"contacts": rows}, format="json").json()
    assert answer["created"] == 2
    assert answer["failed"] == [{"index": 1, "errors": {"attributes.seats": ["“x” is not a number."]}}]


def test_a_key_needs_the_scope_of_attributes(api):
    plan = make.attribute("plan")
    contacts, reader = programs.client("contacts:write"), programs.client("attributes:read")
    assert contacts.get(ATTRIBUTES).status_code == 403
    assert reader.get(ATTRIBUTES).status_code == 200
    assert reader.post(ATTRIBUTES, {"name": "x", "type": "text"}, format="json").status_code == 403
    assert reader.delete(f"{ATTRIBUTES}{plan.pk}/").status_code == 403


def test_the_documentation_names_what_is_defined(api):
    make.attribute("plan", "choice", choices=["Basic", "Pro"], description="What they pay")
    make.attribute("born", "date")
    schema = api.get("/api/v1/schema/", HTTP_ACCEPT="application/json").json()
    assert {"get", "post"} <= schema["paths"][ATTRIBUTES].keys()
    shown = schema["components"]["schemas"]["Contact"]["properties"]["attributes"]
    assert shown["properties"]["plan"]["enum"] == ["Basic", "Pro"]
    assert shown["properties"]["born"]["format"] == "date"
    assert shown["additionalProperties"] is True


def test_numbers_of_values_follow_from_the_last_count(api):
    make.contacts(3, attributes={"seats": "x"})
    row = make.attribute("seats", "number")
    while sweeping.work(make.NOW):
        pass
    shown = api.get(f"{ATTRIBUTES}{row.pk}/").json()
    assert (shown["size"], shown["unfit"]) == (3, 3)
    assert Contact.objects.count() == 3
