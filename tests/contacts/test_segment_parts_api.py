"""Programs fill fixed lists, and read sizes, changes, uses and overlaps of segments."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contacts.models import Segment, SegmentDay
from contacts.segments import compiler, filling, placing, saving
from contacts.segments.operators import OPERATORS
from contacts.segments.registry import registry
from contacts.segments.where import PLAIN, Scope
from tests import make, programs
from tests.contacts.membering import members

pytestmark = pytest.mark.django_db
URL = "/api/v1/segments/"


@pytest.fixture
def guests():
    return saving.create_list("Guests", timezone.now())


def test_a_list_is_made_filled_read_and_emptied(api):
    ann, bob = make.contact("ann@example.com"), make.contact("bob@example.com")
    made = api.post(URL, {"name": "Guests", "kind": "static"}, format="json")
    assert (made.status_code, made.data["kind"], made.data["size"]) == (201, "static", 0)
    guests = Segment.objects.get()
    url = f"{URL}{guests.pk}/members/"
    answer = api.post(url, {"add": [ann.pk, {"email": "BOB@example.com"}, {"email": "zed@example.com"}]}, format="json")
    assert (answer.data["added"], answer.data["removed"]) == (2, 0)
    assert answer.data["failed"] == [{"of": "add", "index": 2, "errors": {"contact": ["There is no such contact."]}}]
    assert [row["email"] for row in api.get(url).data["results"]] == ["bob@example.com", "ann@example.com"]
    assert api.post(url, {"remove": [bob.pk]}, format="json").data["removed"] == 1
    assert members(guests) == {ann.pk}
    assert [row["id"] for row in api.get("/api/v1/contacts/", {"segment": guests.pk}).data["results"]] == [ann.pk]


def test_a_list_has_no_rule_and_stays_a_list(api, guests):
    url = f"{URL}{guests.pk}/"
    refused = [
        api.post(URL, {"name": "New", "kind": "static", "rule": {"all": []}}, format="json"),
        api.post(URL, {"name": "New"}, format="json"),
        api.patch(url, {"rule": {"all": []}}, format="json"),
        api.patch(url, {"kind": "dynamic"}, format="json"),
    ]
    assert [answer.status_code for answer in refused] == [400] * 4
    shown = api.get(url).data
    assert api.put(url, {**shown, "name": "VIPs"}, format="json").data["name"] == "VIPs"
    guests.refresh_from_db()
    assert guests.rule == {"rule": "placed", "id": guests.pk}
    assert [row["id"] for row in api.get(URL, {"kind": "static"}).data["results"]] == [guests.pk]


def test_only_lists_are_filled_by_hand(api):
    everybody = Segment.objects.create(name="Everybody")
    assert api.post(f"{URL}{everybody.pk}/members/", {"add": [1]}, format="json").status_code == 404
    assert api.post(f"{URL}{everybody.pk}/files/", {}, format="multipart").status_code == 404


def test_who_may_only_read_changes_nobody(guests):
    reader = programs.client("segments:read", "contacts:read")
    url = f"{URL}{guests.pk}/"
    assert reader.get(f"{url}members/").status_code == 200
    assert reader.get(f"{url}sizes/").status_code == 200
    for part in ("members/", "files/", "copy/"):
        assert reader.post(url + part, {}).status_code == 403


def test_whom_and_why_is_told_only_to_keys_that_may_read_contacts(guests):
    ann = make.contact("ann@example.com")
    counter = programs.client("segments:read", "segments:write")
    for path in (f"{guests.pk}/members/", f"{guests.pk}/why/?contact={ann.pk}"):
        assert counter.get(URL + path).status_code == 403
    answer = counter.post(f"{URL}preview/", {"rule": None}, format="json").data
    assert (answer["count"], answer["sample"]) == (1, [])
    file = SimpleUploadedFile("guests.csv", b"email\nnew@example.com\n")
    refused = counter.post(f"{URL}{guests.pk}/files/", {"file": file, "create": "true"}, format="multipart")
    assert refused.status_code == 403
    assert "contacts:write" in refused.data["detail"]


def test_the_api_tells_every_kind_of_rule_with_an_example_that_works(api):
    told = api.get(f"{URL}rules/").data
    known = {key for key, kind in registry().items() if kind.offered(PLAIN) or key == "property"}
    assert {each["rule"] for each in told["kinds"]} == known
    for each in told["kinds"]:
        example = each["example"]
        assert example.keys() - {"rule"} <= each["keys"].keys()
        wrong = [text for _, text in compiler.wrong_rules(example, Scope(event=True))]
        assert all("no longer exists" in text for text in wrong), wrong
        misspelt = compiler.problems({**example, "extra": 1}, Scope(event=True))
        assert f"The rule “{each['rule']}” has no “extra”." in misspelt
    assert {each["op"] for each in told["comparisons"]} == OPERATORS.keys()


def test_a_mistake_says_where_in_the_tree_it_is(api):
    tag, wrong = {"rule": "tag", "name": "vip"}, {"rule": "tag"}
    asked = {"rule": {"all": [tag, {"not": {"any": [tag, wrong]}}, {"rule": "nope"}]}}
    assert api.post(f"{URL}preview/", asked, format="json").data == {
        "rule": ["all[1].not.any[1]: Choose a tag.", "all[2]: “nope” is not a kind of rule."]
    }
    assert api.post(f"{URL}preview/", {"rule": wrong}, format="json").data == {"rule": ["Choose a tag."]}


def test_a_file_fills_a_list(api, guests):
    url = f"{URL}{guests.pk}/files/"
    file = SimpleUploadedFile("guests.csv", b"email\nann@example.com\n")
    answer = api.post(url, {"file": file, "create": "true"}, format="multipart")
    assert (answer.status_code, answer.data["state"]) == (202, "working")
    filling.work(timezone.now())
    (lot,) = api.get(url).data
    assert (lot["state"], lot["created"], lot["placed"], lot["percent"]) == ("done", 1, 1, 100)
    assert api.post(url, {"file": "text"}, format="multipart").status_code == 400
    bad = SimpleUploadedFile("x.csv", b"colour\nred\n")
    assert "No column holds" in api.post(url, {"file": bad}, format="multipart").data["file"][0]


def test_a_copy_is_a_list_of_its_own(api):
    make.contacts(2)
    everybody = Segment.objects.create(name="Everybody")
    made = api.post(f"{URL}{everybody.pk}/copy/", {"name": "Now"}, format="json")
    assert (made.status_code, made.data["kind"]) == (201, "static")
    filling.work(timezone.now())
    assert len(members(Segment.objects.get(pk=made.data["id"]))) == 2
    assert api.post(f"{URL}{everybody.pk}/copy/", {"name": "now"}, format="json").status_code == 400


def test_sizes_and_changes_are_told(api, guests):
    ann, bob = make.contacts(2)
    now = timezone.now()
    placing.add(guests, [ann, bob], now, "by mara")
    placing.remove(guests, [ann], now)
    url = f"{URL}{guests.pk}/"
    (today,) = api.get(f"{url}sizes/").data
    assert (today["size"], today["entered"], today["left"]) == (1, 2, 1)
    assert api.get(f"{url}sizes/", {"from": "soon"}).status_code == 400
    SegmentDay.objects.create(segment=guests, day="2020-01-01", size=9)
    assert len(api.get(f"{url}sizes/", {"from": "2020-01-01", "to": "2020-01-05"}).data) == 5
    told = api.get(f"{url}changes/").data["results"]
    assert (told[0]["what"], told[0]["contact"], told[0]["by"]) == ("left", ann, "")
    assert len(api.get(f"{url}changes/", {"what": "entered"}).data["results"]) == 2
    assert api.get(f"{url}changes/", {"what": "died"}).status_code == 400


def test_a_used_list_says_by_what_and_is_not_deleted(api, guests):
    rule = {"rule": "segment", "id": guests.pk}
    Segment.objects.create(name="Friends", rule=rule)
    assert [(use["what"], use["name"]) for use in api.get(f"{URL}{guests.pk}/uses/").data] == [("Segment", "Friends")]
    refused = api.delete(f"{URL}{guests.pk}/")
    assert refused.status_code == 400
    assert "is used by segment “Friends”" in str(refused.data)


def test_an_overlap_names_its_parts(api, guests):
    ann, bob, cem = make.contacts(3)
    others = saving.create_list("Others", timezone.now())
    placing.add(guests, [ann, bob], timezone.now())
    placing.add(others, [bob, cem], timezone.now())
    found = api.get(f"{URL}overlap/", {"segments": f"{guests.pk},{others.pk}"}).data
    assert found["everybody"] == 3
    assert [(part["in"], part["size"]) for part in found["parts"]] == [
        ([guests.pk, others.pk], 1),
        ([guests.pk], 1),
        ([others.pk], 1),
    ]
    for asked in ("", f"{guests.pk}", f"{guests.pk},{guests.pk}", f"{guests.pk},999", "1,2,3,4", "a,b"):
        assert api.get(f"{URL}overlap/", {"segments": asked}).status_code == 400
