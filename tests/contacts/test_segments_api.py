"""Segments through the API: made, changed, previewed and refused with sentences."""

import json

import pytest

from config.models import ApiKey
from contacts.models import ContactTag, Segment, Tag
from tests import make
from tests.make import NOW

VIP = {"rule": "tag", "name": "vip"}


class Caller:
    """A program with a key."""

    def __init__(self, client, scopes):
        self.client, self.key = client, ApiKey.objects.issue("test", scopes)[1]

    def call(self, method, path, body=None):
        return self.client.generic(
            method,
            f"/api/v1/segments/{path}",
            json.dumps(body) if not isinstance(body, str) else body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.key}"},
        )


@pytest.fixture
def api(client, db):
    return Caller(client, ["segments:read", "segments:write", "contacts:read"])


def test_a_segment_is_made_read_changed_and_deleted(api):
    made = api.call("POST", "", {"name": "Best", "rule": {"all": [VIP]}})
    assert made.status_code == 201, made.content
    segment = made.json()
    assert segment | {"id": 0, "created_at": ""} == {
        "id": 0,
        "name": "Best",
        "description": "",
        "kind": "dynamic",
        "rule": {"all": [VIP]},
        "sentence": "Has the tag “vip”",
        "size": None,
        "counted_at": None,
        "created_at": "",
    }
    path = f"{segment['id']}/"
    assert api.call("GET", path).json() == segment
    assert [row["id"] for row in api.call("GET", "").json()["results"]] == [segment["id"]]
    assert api.call("PATCH", path, {"description": "Ours"}).json()["rule"] == {"all": [VIP]}
    assert api.call("PUT", path, {"name": "All", "rule": None}).json()["rule"] == {"all": []}
    assert api.call("DELETE", path).status_code == 204
    assert not Segment.objects.exists()


def test_a_preview_counts_and_shows_some_contacts_without_saving(api):
    for email in ("ann@example.com", "bob@example.com"):
        make.contact(email)
    ann = make.contact("cleo@example.com", attributes={"city": "Paris"})
    ContactTag.objects.create(contact=ann, tag=Tag.objects.create(name="vip"), at=NOW)
    answer = api.call("POST", "preview/", {"rule": VIP}).json()
    assert answer["count"] == 1
    assert [(row["email"], row["tags"], row["attributes"]) for row in answer["sample"]] == [
        ("cleo@example.com", ["vip"], {"city": "Paris"})
    ]
    assert api.call("POST", "preview/", {"rule": {"not": VIP}}).json()["count"] == 2
    for everybody in (None, {}, {"all": []}):
        assert api.call("POST", "preview/", {"rule": everybody}).json()["count"] == 3
    assert not Segment.objects.exists()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"rule": "tag"}, "Choose a tag."),
        ({"rule": "nope"}, "“nope” is not a kind of rule."),
        ([VIP], "A rule is an object"),
        ({"any": []}, "any rule should match has no rules"),
        ({"rule": "attribute", "field": "age", "op": ">", "value": "abc"}, "age: Give a number, or a date"),
        ({"rule": "attribute", "field": "age", "op": "≈", "value": 1}, "is not a comparison"),
        ({"rule": "segment", "id": 999}, "no longer exists"),
        ({"rule": "tag", "name": "a\x00b"}, "cannot be stored"),
        ({"rule": "tag", "nmae": "vip", "name": "vip"}, "has no “nmae”"),
    ],
)
def test_a_bad_rule_is_refused_with_a_sentence(api, rule, sentence):
    for path, body in (("preview/", {"rule": rule}), ("", {"name": "Bad", "rule": rule})):
        answer = api.call("POST", path, body)
        assert answer.status_code == 400
        assert sentence in answer.json()["rule"][0]
    assert not Segment.objects.exists()


def test_a_rule_is_needed(api):
    assert api.call("POST", "preview/", {}).json() == {"rule": ["This field is required."]}


def test_a_segment_cannot_be_made_to_contain_itself(api):
    inner = Segment.objects.create(name="Inner", rule=VIP)
    outer = Segment.objects.create(name="Outer", rule={"rule": "segment", "id": inner.pk})
    for chosen in (inner.pk, outer.pk):
        answer = api.call("PATCH", f"{inner.pk}/", {"rule": {"not": {"rule": "segment", "id": chosen}}})
        assert answer.status_code == 400
        assert "cannot contain itself" in answer.json()["rule"][0]


def test_a_used_segment_is_not_deleted(api):
    inner = Segment.objects.create(name="Inner", rule=VIP)
    Segment.objects.create(name="Outer", rule={"rule": "segment", "id": inner.pk})
    answer = api.call("DELETE", f"{inner.pk}/")
    assert answer.status_code == 400
    assert "used by segment “Outer”" in answer.json()["detail"][0]


def test_names_are_unique_whatever_their_case(api):
    Segment.objects.create(name="Best")
    assert api.call("POST", "", {"name": "BEST", "rule": {}}).json() == {"name": ["Another segment has this name."]}


def test_a_key_that_may_only_read_can_preview_but_not_save(client, db):
    reader = Caller(client, ["segments:read"])
    assert reader.call("POST", "preview/", {"rule": {}}).status_code == 200
    assert reader.call("POST", "", {"name": "A", "rule": {}}).status_code == 403


def test_a_body_that_is_nested_without_end_is_refused(api):
    deep = '{"rule": ' + '{"not": ' * 200_000 + "{}" + "}" * 200_000 + "}"
    assert api.call("POST", "preview/", deep).status_code == 400
    shallow = '{"rule": ' + '{"not": ' * 150 + "{}" + "}" * 150 + "}"
    assert "nested more than" in api.call("POST", "preview/", shallow).json()["rule"][0]
