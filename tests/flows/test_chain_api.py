"""Chains through the API: made, written step by step, sent and changed by a program."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Campaign, Message
from contacts import consent
from flows.models import Scenario
from tests import make
from tests.flows.drive import until_still
from tests.flows.odd_bodies import ODD
from tests.programs import client

pytestmark = pytest.mark.django_db
URL = "/api/v1/campaigns/"
EMAIL = {"name": "Email", "channel": "email", "message": {"subject": "Hi", "body": "<p>Hello</p>"}}
UNSUBSCRIBED = {"rule": "consent", "channel": "email", "is": "unsubscribed"}
SMS = {
    "name": "SMS",
    "channel": "sms",
    "message": {"body": "Hello"},
    "terms": UNSUBSCRIBED,
    "timing": {"kind": "delay", "amount": 1, "unit": "days"},
}


@pytest.fixture
def api() -> APIClient:
    return client("campaigns:read", "campaigns:write")


def url(campaign: int, path: str = "") -> str:
    return f"{URL}{campaign}/{path}"


def chain(api: APIClient, *steps: dict[str, Any]) -> int:
    made = api.post(URL, {"name": "Spring", "kind": "chain"}, format="json")
    assert made.status_code == 201, made.json()
    for step in steps:
        answer = api.post(url(made.json()["id"], "steps/"), step, format="json")
        assert answer.status_code == 201, answer.json()
    return made.json()["id"]


def keys(api: APIClient, campaign: int) -> list[str]:
    return [step["key"] for step in api.get(url(campaign, "steps/")).json()]


def sent(api: APIClient) -> int:
    ada = make.contact("ada@example.com", phone="+491701234567")
    consent.set_state([ada.pk], "email", "unsubscribed", "test", make.NOW)
    make.contact("bob@example.com")
    campaign = chain(api, EMAIL)
    assert api.post(url(campaign, "send/")).json()["state"] == "sending"
    until_still(timezone.now())
    return campaign


def test_steps_are_written_read_changed_and_removed(api: APIClient) -> None:
    campaign = chain(api, EMAIL, SMS)
    first, second = api.get(url(campaign, "steps/")).json()
    assert (first["key"], first["terms"], first["timing"]) == ("n1", None, {"kind": "at_once"})
    assert {name: second[name] for name in SMS} == SMS
    assert api.get(url(campaign, "steps/n2/")).json() == second
    patched = api.patch(url(campaign, "steps/n2/"), {"name": "Text", "terms": None}, format="json").json()
    assert patched == second | {"name": "Text", "terms": None}
    put = api.put(url(campaign, "steps/n2/"), EMAIL, format="json").json()
    assert (put["channel"], put["timing"], put["terms"]) == ("email", {"kind": "at_once"}, None)
    assert api.delete(url(campaign, "steps/n2/")).status_code == 204
    assert keys(api, campaign) == ["n1"]
    assert api.get(url(campaign, "steps/n2/")).status_code == 404
    assert api.delete(url(campaign, "steps/n1/")).status_code == 400  # the last one


def test_steps_are_put_in_order(api: APIClient) -> None:
    campaign = chain(api, EMAIL, SMS)
    assert api.post(url(campaign, "steps/"), EMAIL | {"position": 0}, format="json").json()["position"] == 0
    assert keys(api, campaign) == ["n3", "n1", "n2"]
    assert api.patch(url(campaign, "steps/n1/"), {"position": 2}, format="json").json()["position"] == 2
    assert keys(api, campaign) == ["n3", "n2", "n1"]
    assert api.post(url(campaign, "steps/reorder/"), {"order": ["n1", "n2", "n3"]}, format="json").status_code == 200
    assert keys(api, campaign) == ["n1", "n2", "n3"]
    refused = api.post(url(campaign, "steps/reorder/"), {"order": ["n1", "n2"]}, format="json")
    assert (refused.status_code, refused.json()) == (400, {"order": ["Name each step once."]})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"channel": "fax"}, "channel"),
        ({"message": {"body": "No subject"}}, "message.subject"),
        ({"message": {"subject": "{{ oops", "body": "x"}}, "message.subject"),
        ({"message": {"subject": "Hi", "body": "x", "colour": "red"}}, "message.colour"),
        ({"message": {"subject": ["Hi"], "body": "x"}}, "message.subject"),
        ({"message": "Hi"}, "message"),
        ({"terms": {"rule": "nonsense"}}, "terms"),
        ({"terms": {"rule": "message", "did": "opened", "node": "n9"}}, "terms"),
        ({"timing": {"kind": "delay", "unit": "days"}}, "timing.amount"),
        ({"timing": {"kind": "delay", "amount": 99_999, "unit": "days"}}, "timing.amount"),
        ({"timing": {"kind": "at", "at": "2026-12-24T09:00", "timezone": "Mars/Base"}}, "timing.timezone"),
        ({"timing": {"kind": "someday"}}, "timing.kind"),
        ({"timing": {"kind": "at_once", "amount": 3}}, "timing.amount"),
        ({"objective": {"kind": "fame"}}, "objective"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(api: APIClient, change: dict[str, Any], field: str) -> None:
    campaign = chain(api, EMAIL)
    refused = api.post(url(campaign, "steps/"), EMAIL | change, format="json")
    assert (refused.status_code, list(refused.json())) == (400, [field])
    assert keys(api, campaign) == ["n1"]


@pytest.mark.parametrize("odd", ODD)
def test_no_odd_value_breaks_it(api: APIClient, odd: Any) -> None:
    campaign = chain(api, EMAIL)
    for name in ("name", "channel", "message", "terms", "timing", "objective", "position"):
        for body in ({**EMAIL, name: odd}, odd):
            answer = api.post(url(campaign, "steps/"), body, format="json")
            assert answer.status_code in (201, 400), (name, answer.content)


def test_terms_name_earlier_steps_only(api: APIClient) -> None:
    opened = {"rule": "message", "did": "opened", "node": "n1"}
    campaign = chain(api, EMAIL, EMAIL | {"terms": opened})
    refused = api.post(url(campaign, "steps/reorder/"), {"order": ["n2", "n1"]}, format="json")
    assert refused.status_code == 400
    assert "does not come before it" in refused.json()["errors"]["n2"][0]
    assert api.delete(url(campaign, "steps/n1/")).status_code == 400


def test_a_chain_is_sent_and_a_step_added_afterwards_reaches_who_passed(api: APIClient) -> None:
    campaign = sent(api)
    assert api.get(url(campaign)).json()["state"] == "sent"
    added = api.post(url(campaign, "steps/"), SMS | {"timing": {"kind": "at_once"}}, format="json")
    assert added.json()["live"] is False
    asked = api.get(url(campaign, "publish/")).json()
    assert asked == {"changes": ["“SMS” is new."], "redirects": [], "retime": 0, "backfill": 2, "inserted": 0}
    published = api.post(url(campaign, "publish/"), {"backfill": True}, format="json").json()
    assert [step["live"] for step in published] == [True, True]
    assert api.get(url(campaign)).json()["state"] == "sending"
    until_still(timezone.now())
    assert api.get(url(campaign)).json()["state"] == "sent"
    texts = Message.objects.filter(channel="sms")
    assert [message.contact.email for message in texts] == ["ada@example.com"]
    found = api.get(url(campaign, "stats/")).json()
    assert found["total"]["entered"] == 2
    assert (found["steps"]["n2"]["reached"], found["steps"]["n2"]["unmatched"]) == (1, 1)
    assert api.get(url(campaign, "publish/")).status_code == 409


def test_commands_go_to_the_scenario(api: APIClient) -> None:
    make.contact("ada@example.com")
    campaign = chain(api, EMAIL, SMS)
    at = {"when": "at", "at": "2199-01-01T09:00", "timezone": "UTC"}
    assert api.patch(url(campaign), {"schedule": at}, format="json").status_code == 200
    for command, state in [
        ("schedule", "scheduled"), ("unschedule", "draft"), ("send", "sending"), ("pause", "paused"),
        ("resume", "sending"), ("cancel", "cancelled"),
    ]:  # fmt: skip
        answer = api.post(url(campaign, f"{command}/"))
        assert (answer.status_code, answer.json().get("state")) == (200, state), (command, answer.json())
    assert Scenario.objects.get(campaign=campaign).state == "stopped"
    again = api.post(url(campaign, "send/"))
    assert (again.status_code, again.json()["detail"]) == (409, "This chain cannot be sent: it is cancelled.")


def test_what_keeps_it_from_being_sent_is_told_step_by_step(api: APIClient) -> None:
    campaign = chain(api)
    empty = api.post(url(campaign, "send/"))
    assert (empty.status_code, empty.json()["problems"][0]["field"]) == (400, "steps")
    Campaign.objects.get(pk=campaign).steps.create(key="n1", position=0, name="One", channel="email")
    refused = api.post(url(campaign, "send/"))
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (400, "steps.n1")


def test_a_chain_has_no_message_of_its_own_and_a_mailing_no_steps(api: APIClient) -> None:
    refused = api.post(URL, {"name": "Spring", "kind": "chain", "channel": "email"}, format="json")
    assert (refused.status_code, list(refused.json())) == (400, ["channel"])
    mailing = api.post(URL, {"name": "Once", "channel": "email"}, format="json").json()["id"]
    assert api.get(url(mailing, "steps/")).status_code == 404
    assert api.post(url(mailing, "steps/"), EMAIL, format="json").status_code == 404


def test_it_is_cloned_and_deleted(api: APIClient) -> None:
    campaign = sent(api)
    copy = api.post(url(campaign, "clone/")).json()
    assert (copy["name"], copy["state"], copy["kind"]) == ("Spring (copy)", "draft", "chain")
    assert keys(api, copy["id"]) == ["n1"]
    assert api.delete(url(campaign)).status_code == 204
    assert Scenario.objects.count() == 1


def test_its_scenario_is_looked_at_not_changed_through_scenarios() -> None:
    api = client("*")
    campaign = chain(api, EMAIL)
    scenario = f"/api/v1/scenarios/{Scenario.objects.get(campaign=campaign).pk}/"
    assert api.get("/api/v1/scenarios/").json()["results"] == []
    assert api.get(f"{scenario}flow/").json()["problems"] == []
    for method, path in [
        ("put", "flow/"), ("post", "start/"), ("post", "stop/"), ("patch", ""), ("delete", ""), ("put", "draft/"),
    ]:  # fmt: skip
        refused = getattr(api, method)(f"{scenario}{path}", {"nodes": [], "edges": []}, format="json")
        assert (refused.status_code, "list of steps" in refused.json()["detail"]) == (409, True), path


def test_it_needs_the_right_scope() -> None:
    campaign = chain(client("*"), EMAIL)
    reader = client("campaigns:read")
    assert reader.get(url(campaign, "steps/")).status_code == 200
    assert reader.post(url(campaign, "steps/"), EMAIL, format="json").status_code == 403
    assert client("scenarios:write").get(url(campaign, "steps/")).status_code == 403
