"""Campaigns through the API: written, listed and deleted, who may, and what hostile bodies get for an answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Campaign
from contacts.models import Segment
from tests import make
from tests.campaigns import mailings
from tests.campaigns.campaign_api import URL, url
from tests.campaigns.mailings import OTHER, TEST, WORDS
from tests.flows.odd_bodies import ODD
from tests.programs import client

pytestmark = pytest.mark.django_db
FULL = {
    "name": "Spring sale",
    "channel": "email",
    "audience": {"tags": ["vip"]},
    "variants": [WORDS, OTHER],
    "test": TEST,
    "schedule": {"when": "at", "at": "2099-12-24T09:00", "timezone": "contact", "spread_hours": 2},
    "topic": "offers",
    "provider": None,
}


def test_a_campaign_is_made_read_changed_and_deleted(api: APIClient) -> None:
    for key in ("offers", "news"):
        make.topic(key)
    answer = api.post(URL, FULL)
    assert answer.status_code == 201
    campaign = Campaign.objects.get()
    assert answer.json() | {"created_at": None} == {
        "id": campaign.pk,
        "name": "Spring sale",
        "kind": "mailing",
        "channel": "email",
        "state": "draft",
        "state_reason": "",
        "audience": {"segments": [], "tags": ["vip"], "file": False, "exclude": [], "rule": None},
        "variants": [
            {"key": key, "template": None, **words, "preheader": "", "markup": "html"}
            for key, words in (("a", WORDS), ("b", OTHER))
        ],
        "test": TEST,
        "winner": "",
        "winner_reason": "",
        "test_numbers": {},
        "schedule": {"when": "at", "at": "2099-12-24T09:00", "timezone": "contact", "spread_hours": 2},
        "topic": "offers",
        "utm": "",
        "provider": None,
        "priority": 0,
        "late_hours": None,
        "objective": {},
        "starts_at": None,
        "started_at": None,
        "finished_at": None,
        "decides_at": None,
        "audience_count": None,
        "resends": None,
        "archived_at": None,
        "created_at": None,
        "commands": ["archive", "change", "clone", "delete", "schedule", "send", "unarchive"],
    }
    assert api.patch(url(campaign), {"topic": "news"}).json()["topic"] == "news"
    whole = api.get(url(campaign)).json()
    assert api.put(url(campaign), {**whole, "name": "Summer"}).json() == {**whole, "name": "Summer"}
    emptied = api.put(url(campaign), {"name": "Bare"}).json()
    assert (emptied["variants"], emptied["channel"], emptied["topic"]) == ([], "", "")
    assert api.delete(url(campaign)).status_code == 204
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"name": " "}, "name", "Give the campaign a name."),
        ({"name": 7}, "name", "This is not a text."),
        ({"name": "x" * 201}, "name", "200"),
        ({"name": "a\0b"}, "name", "NUL"),
        ({"channel": "fax"}, "channel", "Choose email or SMS."),
        ({"colour": "red"}, "colour", "Campaigns have no such field."),
        ({"kind": "spam"}, "kind", "mailing, chain"),
        ({"audience": []}, "audience", "not an object"),
        ({"audience": {"people": 1}}, "audience", "There is no “people” in it"),
        ({"audience": {"segments": ["x"]}}, "audience", "ids of segments"),
        ({"audience": {"segments": [True]}}, "audience", "ids of segments"),
        ({"audience": {"segments": [99]}}, "audience", "A segment that the rule refers to no longer exists."),
        ({"audience": {"segments": [2**70]}}, "audience", "Choose a segment."),
        ({"audience": {"tags": ["a\nb\0"]}}, "audience", "control characters"),
        ({"audience": {"file": "yes"}}, "audience", "true or false"),
        ({"audience": {"rule": {"rule": "magic"}}}, "audience", "“magic” is not a kind of rule."),
        ({"variants": {}}, "variants", "Give a list"),
        ({"variants": [1]}, "variants", "Give a list"),
        ({"variants": [WORDS] * 5}, "variants", "4 variants"),
        ({"variants": [{"key": "z"}]}, "variants", "one of a, b, c, d"),
        ({"variants": [{"key": ["a"]}]}, "variants", "one of a, b, c, d"),
        ({"variants": [{"key": "b"}, {"key": "b"}]}, "variants", "same key"),
        ({"variants": [{"headline": "x"}]}, "variants.a", "“headline”"),
        ({"variants": [{"subject": "x" * 501}]}, "variants.a.subject", "500"),
        ({"variants": [{"template": "first"}]}, "variants.a.template", "by its id"),
        ({"variants": [{"template": 1, "body": "x"}]}, "variants.a.template", "not both"),
        ({"variants": [{"markup": "tex"}]}, "variants.a.markup", "html or mjml"),
        ({"test": {"share_percent": 0}}, "test", "1 to 100"),
        ({"test": {"share_percent": "many"}}, "test", "1 to 100"),
        ({"test": {"share_percent": 12.5}}, "test", "whole number"),
        ({"test": {"wait_hours": 1e9}}, "test", "336 hours"),
        ({"test": {"measure": ["opened"]}}, "test", "opened, clicked, converted, revenue"),
        ({"schedule": {"when": "soon"}}, "schedule", "now or at"),
        ({"schedule": {"when": "at", "at": "tomorrow"}}, "schedule", "local date and time"),
        ({"schedule": {"when": "at", "at": "2026-12-24T09:00+01:00"}}, "schedule", "local date and time"),
        ({"schedule": {"when": "at", "at": "2026-12-24T09:00", "timezone": "Mars"}}, "schedule", "not a time zone"),
        ({"schedule": {"spread_hours": 10_000}}, "schedule", "720 hours"),
        ({"schedule": {"spread_hours": "nan"}}, "schedule", "720 hours"),
        ({"provider": 99}, "provider", "no such provider"),
        ({"provider": {}}, "provider", "no such provider"),
    ],
)
def test_what_makes_no_sense_is_refused_next_to_its_field(
    api: APIClient, given: dict[str, Any], field: str, sentence: str
) -> None:
    answer = api.post(URL, {"name": "Sale", "channel": "email", **given}, format="json")
    assert answer.status_code == 400
    assert sentence in " ".join(answer.json()[field])
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    "field", ["name", "channel", "audience", "variants", "test", "schedule", "topic", "provider", "objective"]
)
def test_odd_values_are_refused_or_taken_but_break_nothing(api: APIClient, field: str) -> None:
    campaign = mailings.campaign()
    for odd in ODD:
        answer = api.patch(url(campaign), {field: odd}, format="json")
        assert answer.status_code in (200, 400), (odd, answer.content)
        assert api.get(url(campaign)).status_code == 200


def test_its_objective_is_set_shown_copied_and_taken_away_in_any_state(api: APIClient) -> None:
    objective = {"kind": "event", "event": "order.placed", "within_days": 7, "value_property": "total", "touch": "sent"}
    made = api.post(URL, {"name": "Sale", "channel": "email", "objective": objective}, format="json").json()
    campaign = Campaign.objects.get(pk=made["id"])
    assert made["objective"] == api.get(url(campaign)).json()["objective"] == objective
    assert api.post(url(campaign, "clone")).json()["objective"] == objective
    Campaign.objects.filter(pk=campaign.pk).update(state="sent")
    assert api.patch(url(campaign), {"objective": {"kind": "clicked"}}, format="json").json()["objective"] == {
        "kind": "clicked",
        "touch": "sent",
    }
    assert api.patch(url(campaign), {"objective": {}}, format="json").json()["objective"] == {}
    wrong = api.patch(url(campaign), {"objective": {"kind": "luck"}}, format="json")
    assert (wrong.status_code, list(wrong.json())) == (400, ["objective"])
    refused = api.post(URL, {"name": "Sale", "objective": {"kind": "luck"}}, format="json")
    assert (refused.status_code, Campaign.objects.count()) == (400, 2)


def test_a_list_asks_for_all_objectives_at_once(api: APIClient, django_assert_max_num_queries: Any) -> None:
    for n in range(20):
        mailings.campaign(name=f"Sale {n}", objective={"kind": "clicked"})
    with django_assert_max_num_queries(6):
        rows = api.get(URL).json()["results"]
    assert [row["objective"] for row in rows] == [{"kind": "clicked", "touch": "sent"}] * 20


def test_lists_are_filtered(api: APIClient) -> None:
    first, second = mailings.campaign(), mailings.campaign(name="Reminder", channel="sms", variants=[])
    Campaign.objects.filter(pk=second.pk).update(state="sent")

    def found(**query: Any) -> list[int]:
        return [row["id"] for row in api.get(URL, query).json()["results"]]

    assert found() == [second.pk, first.pk]
    assert found(state="sent") == [second.pk]
    assert found(state=["sent", "draft"]) == [second.pk, first.pk]
    assert found(channel="email") == [first.pk]
    assert found(q="REMIND") == [second.pk]
    assert found(kind="chain") == []
    assert api.get(URL, {"state": "flying"}).status_code == 400


def test_a_file_of_recipients_is_uploaded(api: APIClient) -> None:
    make.contact("ada@example.com")
    campaign = mailings.campaign()
    file = SimpleUploadedFile("people.csv", b"email\nada@example.com\nzoe@example.com\n")
    answer = api.put(url(campaign, "audience-file"), {"file": file}, format="multipart")
    assert answer.json() == {
        "listed": 1,
        "repeated": 0,
        "unknown": 1,
        "unknown_rows": [{"line": 3, "text": "zoe@example.com", "sentence": "No contact has this email."}],
    }
    assert api.get(url(campaign)).json()["audience"]["file"] is True
    broken = SimpleUploadedFile("people.xlsx", b"PK\x03\x04")
    answer = api.put(url(campaign, "audience-file"), {"file": broken}, format="multipart")
    assert (answer.status_code, list(answer.json())) == (400, ["file"])
    assert api.put(url(campaign, "audience-file"), {"file": "x"}, format="multipart").status_code == 400


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [(["campaigns:read"], 200, 403), (["campaigns:write"], 403, 200), (["scenarios:write", "messages:read"], 403, 403)],
)
def test_a_key_does_what_its_scope_allows(scopes: list[str], reads: int, writes: int) -> None:
    campaign, program = mailings.campaign(), client(*scopes)
    assert program.get(url(campaign)).status_code == reads
    assert program.get(url(campaign, "estimate")).status_code == reads
    assert program.get(url(campaign, "stats")).status_code == reads
    assert program.patch(url(campaign), {"utm": "on"}).status_code == writes
    assert program.post(url(campaign, "send")).status_code == writes
    assert APIClient().post(url(campaign, "send")).status_code == 401


def test_the_schema_tells_of_all_of_it(api: APIClient) -> None:
    paths = APIClient().get("/api/v1/schema/", {"format": "json"})
    if paths.status_code != 200:
        paths = api.get("/api/v1/schema/", {"format": "json"})
    told = {path.removeprefix("/api/v1/campaigns/{id}/").strip("/") for path in paths.json()["paths"]}
    assert {
        "send", "schedule", "unschedule", "pause", "resume", "cancel", "estimate", "stats", "clone", "resend",
        "archive", "unarchive", "audience-file", "test",
    } <= told  # fmt: skip


def test_a_segment_in_use_by_a_campaign_is_not_deleted(api: APIClient) -> None:
    segment = Segment.objects.create(name="Paris", rule={"rule": "tag", "name": "paris"})
    for audience in (
        {"segments": [segment.pk]},
        {"exclude": [segment.pk]},
        {"rule": {"not": {"rule": "segment", "id": segment.pk}}},
    ):
        campaign = mailings.campaign(audience=audience)
        assert "Spring sale" in str(api.delete(f"/api/v1/segments/{segment.pk}/").json())
        campaign.delete()
    over = mailings.campaign(audience={"segments": [segment.pk]})
    Campaign.objects.filter(pk=over.pk).update(state="sent", finished_at=timezone.now() - timedelta(days=1))
    assert api.delete(f"/api/v1/segments/{segment.pk}/").status_code == 204
