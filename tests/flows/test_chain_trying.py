"""A chain is tried out before it leaves: a step sent to an address, what it costs, and what it cannot do."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns.models import Campaign, InboxMessage, Listed, Message, Price
from contacts import consent
from contacts.models.consent import Channel
from flows.chains import beginning, editing
from flows.chains.editing import Change
from tests import make
from tests.flows.chain_pages import chain, fields, step, url
from tests.flows.test_chain_api import api
from tests.make import NOW
from tests.people import signed_in

__all__ = ["api"]
pytestmark = pytest.mark.django_db


def of_api(campaign: Campaign, name: str) -> str:
    return f"/api/v1/campaigns/{campaign.pk}/{name}/"


def test_a_step_is_sent_to_an_address_as_it_stands_in_its_block(web: Client) -> None:
    campaign = chain("One")
    make.contact("ada@example.com", first_name="Ada")
    said = fields("n1", email_subject="Dear {{ contact.first_name }}")
    answer = web.post(f"/campaigns/{campaign.pk}/chain/steps/n1/test/", {"recipient": "ada@example.com", **said})
    assert "the provider took it" in answer.content.decode()
    assert InboxMessage.objects.get().subject == "Dear Ada"
    assert not Message.objects.exists()


def test_a_step_that_is_not_in_the_page_is_sent_as_it_was_saved(web: Client) -> None:
    campaign = chain("One")
    where = f"/campaigns/{campaign.pk}/chain/steps/n1/test/"
    assert "Send a test" in web.get(where).content.decode()
    web.post(where, {"recipient": "ada@example.com"})
    assert InboxMessage.objects.get().subject == "One"


@pytest.mark.parametrize("recipient", ["", "nobody", "a@example.com, nobody"])
def test_what_is_no_address_is_told(web: Client, recipient: str) -> None:
    answer = web.post(f"/campaigns/{chain('One').pk}/chain/steps/n1/test/", {"recipient": recipient})
    assert 'role="alert"' in answer.content.decode()
    assert not InboxMessage.objects.exists()


def test_only_who_may_send_sends_tests(django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("bob")
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_campaign", "change_campaign"]))
    web, campaign = signed_in(user), chain("One")
    assert web.post(f"/campaigns/{campaign.pk}/chain/steps/n1/test/", {"recipient": "a@b.cd"}).status_code == 403
    assert "Send a test" not in web.get(url("page", campaign)).content.decode()


@pytest.mark.parametrize("key", ["n99", "start", "n0"])
def test_a_step_that_is_not_there_is_not_found(web: Client, key: str) -> None:
    assert web.get(f"/campaigns/{chain('One').pk}/chain/steps/{key}/test/").status_code == 404


def test_it_costs_at_most_what_everybody_costs_who_can_be_written_to(api: Any) -> None:
    for name in ("ada", "bob", "eve"):
        make.contact(f"{name}@example.com")
    consent.set_state([make.contact("zoe@example.com").pk], "email", "unsubscribed", "test", NOW)
    Price.objects.create(channel=Channel.EMAIL, country="", amount="0.01")
    campaign = chain("One", "Two")
    only = {"rule": "attribute", "field": "email", "op": "equals", "value": "ada@example.com"}
    editing.save(campaign, Change({"n1": {**step("One"), "terms": only}}), None, None, NOW)
    found = api.get(of_api(campaign, "estimate")).json()
    assert found["audience"]["total"] == 1
    assert [(each["key"], each["reachable"], float(each["cost"])) for each in found["steps"]] == [
        ("n1", 1, 0.01),
        ("n2", 3, 0.03),
    ]
    assert found["problems"] == []


def test_the_review_says_the_cost_step_by_step(web: Client) -> None:
    make.contact("ada@example.com")
    Price.objects.create(channel=Channel.EMAIL, country="", amount="0.5")
    campaign = chain("One", "Two")
    assert url("estimate", campaign) in web.get(url("review", campaign)).content.decode()
    page = " ".join(web.get(url("estimate", campaign)).content.decode().split())
    assert "at most 1.00" in page


def test_who_is_left_out_is_counted_by_reason(api: Any) -> None:
    make.contact("ada@example.com")
    consent.set_state([make.contact("zoe@example.com").pk], "email", "unsubscribed", "test", NOW)
    found = api.get(of_api(chain("One"), "estimate")).json()["audience"]
    assert (found["total"], found["no_consent"], found["reachable"]) == (2, 1, 1)


def test_programs_send_tests_of_a_step_and_have_to_name_it(api: Any) -> None:
    campaign = chain("One")
    sent = {"recipients": ["ada@example.com"]}
    answer = api.post(of_api(campaign, "test"), {**sent, "step": "n1"}, format="json")
    assert [one["state"] for one in answer.json()] == ["sent"]
    refused = api.post(of_api(campaign, "test"), sent, format="json")
    assert (refused.status_code, list(refused.json())) == (400, ["step"])


def test_resending_a_chain_is_refused_with_what_to_do_instead(api: Any) -> None:
    campaign = chain("One")
    answer = api.post(of_api(campaign, "resend"))
    assert answer.status_code == 409
    assert "Add a step" in answer.json()["detail"]
    assert "resend" not in api.get(f"/api/v1/campaigns/{campaign.pk}/").json()["commands"]


def test_a_chain_is_not_spread(api: Any) -> None:
    sent = {"name": "Spring", "kind": "chain", "schedule": {"when": "now", "spread_hours": 3}}
    answer = api.post("/api/v1/campaigns/", sent, format="json")
    assert (answer.status_code, list(answer.json())) == (400, ["schedule.spread_hours"])


def test_a_chain_is_archived_from_its_page(web: Client) -> None:
    campaign = chain("One")
    assert f"/campaigns/{campaign.pk}/archive/" in web.get(url("page", campaign)).content.decode()
    web.post(f"/campaigns/{campaign.pk}/archive/")
    campaign.refresh_from_db()
    assert campaign.archived_at
    assert f"/campaigns/{campaign.pk}/unarchive/" in web.get(url("page", campaign)).content.decode()


def test_a_clone_takes_the_file_of_its_audience_along_in_as_many_statements_however_long(
    django_assert_max_num_queries: Any,
) -> None:
    campaign = chain("One")
    campaign.audience = {**campaign.audience, "file": True}
    campaign.save()
    people = make.contacts(200)
    Listed.objects.bulk_create([Listed(campaign=campaign, contact_id=pk) for pk in people])
    with django_assert_max_num_queries(40):
        copy = beginning.clone(campaign, None, NOW)
    assert Listed.objects.filter(campaign=copy).count() == 200
