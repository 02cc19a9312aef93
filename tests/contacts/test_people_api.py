"""Programs merge, erase and take out contacts, change many at once, and keep views."""

import json

import pytest

from contacts import saving
from contacts.models import BulkEdit, Contact, Merge, SavedView
from contacts.people import bulk_editing, pairing
from tests import make, programs

NOW = make.NOW
pytestmark = pytest.mark.django_db
CONTACTS = "/api/v1/contacts/"


@pytest.fixture
def ada() -> Contact:
    return saving.create({"email": "ada@example.com", "first_name": "Ada", "tags": ["vip"]}, NOW)


def test_two_contacts_are_merged_and_the_old_id_leads_on(api, ada):
    twin = make.contact(phone="+33612345678", first_name="Adah")
    url = f"{CONTACTS}{ada.pk}/merge/"
    merged = api.post(url, {"contact": twin.pk, "choices": {"first_name": "gone"}}, format="json")
    assert merged.status_code == 200
    assert (merged.json()["phone"], merged.json()["first_name"]) == ("+33612345678", "Adah")
    old = api.get(f"{CONTACTS}{twin.pk}/")
    assert (old.status_code, old.json()["merged_into"], old["Location"]) == (301, ada.pk, f"{CONTACTS}{ada.pk}/")
    events = {"events": [{"contact": {"id": twin.pk}, "name": "paid"}]}
    assert api.post("/api/v1/events/", events, format="json").json()["accepted"] == 1
    for body in ({"contact": twin.pk}, {"contact": ada.pk}, {"contact": 10**17}, {}, {"contact": "x"}):
        assert api.post(url, body, format="json").status_code == 400, body
    assert Merge.objects.count() == 1


def test_a_person_is_erased_and_told_of(api, ada):
    told = api.get(f"{CONTACTS}{ada.pk}/data/")
    assert json.loads(b"".join(told.streaming_content))["tags"][0]["name"] == "vip"
    assert api.post(f"{CONTACTS}{ada.pk}/erase/").status_code == 204
    for answer in (api.get(f"{CONTACTS}{ada.pk}/"), api.post(f"{CONTACTS}{ada.pk}/erase/")):
        assert answer.status_code == 404
    refused = api.post(CONTACTS, {"email": "ada@example.com"}, format="json")
    assert "asked to be forgotten" in refused.json()["email"][0]


def test_many_are_changed_at_once(api, ada):
    make.contacts(3, "corp.example")
    url = f"{CONTACTS}bulk-edits/"
    body = {"selection": {"filters": {"q": "corp"}}, "action": "add_tag", "values": {"tags": ["new"]}}
    begun = api.post(url, body, format="json")
    assert (begun.status_code, begun.json()["total"], begun.json()["state"]) == (202, 3, "queued")
    while bulk_editing.work(NOW):
        pass
    shown = api.get(f"{url}{begun.json()['id']}/").json()
    assert (shown["state"], shown["changed"], shown["selection"]) == ("done", 3, {"filters": {"q": "corp"}})
    assert api.post(f"{url}{begun.json()['id']}/cancel/").status_code == 400
    assert len(api.get(url).json()["results"]) == 1
    for wrong in (
        {**body, "action": "delete"},
        {**body, "action": "delete", "confirmed": 99},
        {**body, "selection": {"filters": {"segment": "99"}}},
        {**body, "selection": {"ids": ["x"]}},
        {**body, "selection": []},
        {**body, "values": {"tags": []}},
        {**body, "values": 7},
        {**body, "action": "explode"},
    ):
        assert api.post(url, wrong, format="json").status_code == 400, wrong
    assert BulkEdit.objects.count() == 1


def test_a_selection_is_taken_out_as_a_file(api, ada):
    make.contact("bob@example.com")
    answer = api.get(f"{CONTACTS}export/?q=ada&columns=email,tags")
    assert b"".join(answer.streaming_content).decode() == "\ufeffemail,tags\r\nada@example.com,vip\r\n"
    assert api.get(f"{CONTACTS}export/?columns=password").status_code == 400
    assert api.get(f"{CONTACTS}export/?segment=99").status_code == 400


def test_duplicates_are_listed_and_dismissed(api, ada):
    twin = make.contact("ada+x@example.com")
    assert api.post(f"{CONTACTS}duplicates/search/").status_code == 202
    assert api.post(f"{CONTACTS}duplicates/search/").status_code == 409
    while pairing.search(NOW):
        pass
    (pair,) = api.get(f"{CONTACTS}duplicates/").json()["results"]
    assert (pair["contacts"], pair["score"]) == ([ada.pk, twin.pk], 85)
    assert api.post(f"{CONTACTS}duplicates/{pair['id']}/dismiss/").status_code == 204
    assert api.post(f"{CONTACTS}duplicates/{pair['id']}/dismiss/").status_code == 404


def test_views_are_kept_by_the_owner_of_the_key(ada):
    from config.models import ApiKey, User

    owner = User.objects.create_user("mara")
    _, key = ApiKey.objects.issue("views", owner=owner)
    from rest_framework.test import APIClient

    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    url = f"{CONTACTS}views/"
    made = api.post(url, {"name": "A", "filters": {"q": "ada"}, "columns": ["email"]}, format="json")
    assert made.status_code == 201
    changed = api.patch(f"{url}{made.json()['id']}/", {"name": "B"}, format="json").json()
    assert (changed["name"], changed["filters"], changed["columns"]) == ("B", {"q": "ada"}, ["email"])
    other = SavedView.objects.create(name="C", owner=User.objects.create_user("mia"), shared=True, created_at=NOW)
    assert [view["name"] for view in api.get(url).json()["results"]] == ["C", "B"]
    assert api.delete(f"{url}{other.pk}/").status_code == 404
    for wrong in ({"name": "B"}, {"name": "D", "filters": {"x": "1"}}, {"name": "D", "columns": ["x"]}):
        assert api.post(url, wrong, format="json").status_code == 400, wrong
    assert api.delete(f"{url}{made.json()['id']}/").status_code == 204


def test_a_key_that_may_only_read_changes_nothing(ada):
    reader = programs.client("contacts:read")
    assert reader.get(f"{CONTACTS}{ada.pk}/data/").status_code == 200
    for url in (f"{ada.pk}/merge/", f"{ada.pk}/erase/", "bulk-edits/", "duplicates/search/", "views/"):
        assert reader.post(f"{CONTACTS}{url}", {}, format="json").status_code == 403, url
    assert programs.client("segments:write").get(f"{CONTACTS}export/").status_code == 403
