"""What programs do with a campaign that is written: estimate, try, send, stop, count, copy and archive it."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Campaign, InboxMessage, Message, Price
from tests import make
from tests.campaigns import mailings
from tests.campaigns.campaign_api import URL, url

pytestmark = pytest.mark.django_db


def test_it_is_sent_paused_resumed_and_cancelled(api: APIClient) -> None:
    make.contacts(3)
    campaign = mailings.campaign()
    assert api.post(url(campaign, "pause")).status_code == 409
    for action, state in [("send", "sending"), ("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")]:
        for _twice in range(2):
            answer = api.post(url(campaign, action))
            assert (answer.status_code, answer.json()["state"]) == (200, state)
    refused = api.post(url(campaign, "send"))
    assert refused.status_code == 409
    assert refused.json() == {"detail": "This campaign cannot be sent: it is cancelled."}
    assert api.patch(url(campaign), {"topic": "Late"}).status_code == 409
    assert api.patch(url(campaign), {"name": "Renamed"}).json()["name"] == "Renamed"
    assert api.delete(url(campaign)).status_code == 409


def test_it_is_scheduled_and_taken_back(api: APIClient) -> None:
    campaign = mailings.campaign(schedule={"when": "at", "at": "2099-06-01T09:00", "timezone": "Europe/Paris"})
    assert api.post(url(campaign, "schedule")).json()["starts_at"] == "2099-06-01T07:00:00Z"
    assert api.post(url(campaign, "unschedule")).json()["state"] == "draft"
    api.patch(url(campaign), {"schedule": {"when": "at", "at": "2020-06-01T09:00", "timezone": "UTC"}}, format="json")
    past = api.post(url(campaign, "schedule"))
    assert past.status_code == 400
    assert past.json()["problems"] == [{"field": "schedule", "sentence": "That moment is over."}]
    api.patch(url(campaign), {"schedule": {"when": "now"}}, format="json")
    assert "Name the date and time" in api.post(url(campaign, "schedule")).json()["detail"]


def test_what_is_not_ready_is_refused_field_by_field(api: APIClient) -> None:
    campaign = mailings.campaign(variants=[{"subject": "", "body": "{{ contact.name"}])
    answer = api.post(url(campaign, "send"))
    assert answer.status_code == 400
    fields = {problem["field"] for problem in answer.json()["problems"]}
    assert fields == {"variants.a.subject", "variants.a.body"}


def test_an_estimate_tells_who_what_and_how_long(api: APIClient) -> None:
    make.contacts(2)
    make.contact(phone="+33612345678")
    Price.objects.create(channel="email", country="", amount="0.001")
    found = api.get(url(mailings.campaign(), "estimate")).json()
    assert found["audience"] == {
        "total": 3, "no_address": 1, "suppressed": 0, "no_consent": 0, "no_topic": 0, "capped": 0, "reachable": 2,
    }  # fmt: skip
    assert (found["cost"], found["currency"], found["unpriced"], found["seconds"]) == ("0.002000", "EUR", 0, None)
    assert found["problems"] == []
    assert {warning["field"] for warning in found["warnings"]} == {"provider"}


def test_its_numbers_are_read(api: APIClient) -> None:
    make.contacts(4)
    campaign = mailings.campaign()
    api.post(url(campaign, "send"))
    mailings.until_still(timezone.now())
    found = api.get(url(campaign, "stats")).json()
    assert (found["total"]["sent"], found["variants"]["a"]["queued"]) == (4, 4)
    assert found["progress"]["percent"] == 100


def test_it_is_cloned_and_sent_again_to_those_who_did_not_open(api: APIClient) -> None:
    ids = make.contacts(3)
    campaign = mailings.campaign()
    copy = api.post(url(campaign, "clone"))
    assert (copy.status_code, copy.json()["name"], copy.json()["state"]) == (201, "Spring sale (copy)", "draft")
    assert api.post(url(campaign, "resend")).status_code == 409
    api.post(url(campaign, "send"))
    mailings.until_still(timezone.now())
    Message.objects.filter(contact=ids[0]).update(opened_at=timezone.now())
    late = make.contact("late@example.com")
    again = api.post(url(campaign, "resend")).json()
    assert (again["name"], again["resends"]) == ("Spring sale (not opened)", campaign.pk)
    assert api.post(f"{URL}{again['id']}/send/").status_code == 200
    mailings.until_still(timezone.now())
    got = mailings.messages(Campaign.objects.get(pk=again["id"]))
    assert [message.contact_id for message in got] == ids[1:]
    assert late.pk not in {message.contact_id for message in Message.objects.all()}


def test_it_goes_into_the_archive_and_back(api: APIClient) -> None:
    campaign = mailings.campaign()
    other = mailings.campaign(name="Other")
    assert api.post(url(campaign, "archive")).json()["archived_at"]
    assert [row["id"] for row in api.get(URL, {"archived": "true"}).json()["results"]] == [campaign.pk]
    assert [row["id"] for row in api.get(URL, {"archived": "false"}).json()["results"]] == [other.pk]
    assert api.post(url(campaign, "unarchive")).json()["archived_at"] is None
    api.post(url(campaign, "send"))
    assert api.post(url(campaign, "archive")).status_code == 409


def test_it_is_tried_at_addresses_outside_of_the_ledger(api: APIClient) -> None:
    make.contact("ada@example.com", first_name="Ada")
    campaign = mailings.tested()
    answer = api.post(url(campaign, "test"), {"recipients": ["ADA@example.com", "me@example.com"]}, format="json")
    assert answer.json() == [
        {"variant": key, "recipient": recipient, "state": "sent", "reason": ""}
        for key in "ab"
        for recipient in ("ADA@example.com", "me@example.com")
    ]
    assert InboxMessage.objects.filter(recipient="ADA@example.com", subject="Sale, Ada").count() == 1
    one = api.post(url(campaign, "test"), {"recipients": ["me@example.com"], "variant": "b"}, format="json")
    assert [row["variant"] for row in one.json()] == ["b"]
    assert not Message.objects.exists()
    for recipients in ([], ["nobody"], ["a@x.com"] * 11, "me@example.com", [{}], [""]):
        assert api.post(url(campaign, "test"), {"recipients": recipients}, format="json").status_code == 400
    assert (
        api.post(url(campaign, "test"), {"recipients": ["a@x.com"], "variant": "z"}, format="json").status_code == 400
    )
