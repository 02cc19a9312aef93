"""A chain from its review on: settings and audience, sent, stopped and counted, changed and published with answers."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.delivery import sending
from campaigns.models import CampaignState
from contacts import timeline
from contacts.models import Installation
from flows.chains import beginning
from flows.models import Scenario
from tests import make
from tests.campaigns import converted
from tests.chain_told import of_chain
from tests.facts import Facts
from tests.flows.chain_pages import chain, fields, names, save, sent, url
from tests.flows.drive import until_still
from tests.pages_told import differences

pytestmark = pytest.mark.django_db


def test_the_review_counts_and_says_what_is_missing(web: Client) -> None:
    make.contacts(3)
    make.contact(phone="+491701234567")
    campaign = beginning.begin("Spring", None, timezone.now())
    html = web.get(url("review", campaign)).content.decode()
    assert "Subject: Choose a template, or write this here." in html
    assert "disabled" in html.split("Send now")[0].rsplit("<button", 1)[1]
    html = web.get(url("review", chain("One"))).content.decode()
    assert "Send now to 4 contacts" in html
    assert "<dt>No address</dt><dd>1</dd>" in html


def test_it_is_sent_paused_resumed_and_cancelled_from_its_page(web: Client) -> None:
    make.contacts(2)
    campaign = chain("One", "Two")
    waits = fields("n2", when="delay", amount="1", unit="days")
    assert save(web, campaign, key=["n2"], order=["n1", "n2"], **waits)["saved"]
    sent(web, campaign)
    html = web.get(url("page", campaign)).content.decode()
    assert '<strong data-total-of="inside">2</strong>' in html
    counts = web.get(url("counts", campaign)).json()
    assert (counts["state"], counts["steps"]["n2"]["waiting"], counts["total"]["entered"]) == ("sending", 2, 2)
    for command, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        if command != "pause":
            assert web.get(url(command, campaign)).status_code == 200
        web.post(url(command, campaign))
        campaign.refresh_from_db()
        assert campaign.state == state
    refused = save(web, campaign, key=["n1"], order=["n1", "n2"], **fields("n1"))
    assert (refused["saved"], "was cancelled" in refused["said"]) == (False, True)


def test_what_is_changed_after_sending_is_published_with_answers(web: Client) -> None:
    make.contacts(2)
    campaign = sent(web, chain("One"))
    assert campaign.state == CampaignState.SENT
    found = save(web, campaign, key=["n2"], order=["n1", "n2"], **fields("n2", name="Two"))
    assert (found["saved"], found["draft"]) == (True, True)
    html = web.get(url("publish", campaign)).content.decode()
    assert "“Two” is new." in html
    assert "Also for those who already passed" in html
    assert "<strong>2</strong> came to an end" in html
    web.post(url("publish", campaign), {"backfill": "1"})
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENDING
    until_still(timezone.now())
    assert web.get(url("counts", campaign)).json()["steps"]["n2"]["reached"] == 2


def test_publishing_asks_where_the_contacts_of_a_removed_step_go(web: Client) -> None:
    make.contacts(2)
    campaign = chain("One", "Two", "Three")
    waits = fields("n2", name="Two", when="delay", amount="1", unit="days")
    save(web, campaign, key=["n2"], order=["n1", "n2", "n3"], **waits)
    sent(web, campaign)
    assert save(web, campaign, removed=["n2"], order=["n1", "n3"], whole="1")["saved"]
    assert "2 contacts before “Two”" in web.get(url("publish", campaign)).content.decode()
    assert "Say where the contacts go" in web.post(url("publish", campaign)).content.decode()
    web.post(url("publish", campaign), {"to:n2": "n3"})
    until_still(timezone.now())
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENT
    assert web.get(url("counts", campaign)).json()["steps"]["n3"]["reached"] == 2


def test_a_shorter_time_counts_for_those_who_wait_only_where_that_is_said(web: Client) -> None:
    make.contacts(1)
    campaign = chain("One", "Two")
    save(web, campaign, key=["n2"], order=["n1", "n2"], **fields("n2", when="delay", amount="9", unit="days"))
    sent(web, campaign)
    save(web, campaign, key=["n2"], order=["n1", "n2"], **fields("n2", when="at_once"))
    web.post(url("publish", campaign))  # a wait that is gone lets its contacts go on by itself
    until_still(timezone.now())
    assert web.get(url("counts", campaign)).json()["steps"]["n2"]["reached"] == 1


def test_discarding_brings_the_live_steps_back(web: Client) -> None:
    make.contacts(1)
    campaign = sent(web, chain("One", "Two"))
    save(web, campaign, key=["n1"], removed=["n2"], order=["n1"], whole="1", **fields("n1", name="Changed"))
    assert names(campaign) == ["Changed"]
    assert "“Two” is removed." in web.get(url("discard", campaign)).content.decode()
    web.post(url("discard", campaign))
    assert names(campaign) == ["One", "Two"]
    assert web.get(url("publish", campaign)).status_code == 302


def test_settings_keep_name_beginning_and_conversion(web: Client) -> None:
    campaign = chain("One")
    assert web.get(url("settings", campaign)).status_code == 200
    posted = {"name": "Summer", "when": "at", "at": "2199-05-01T09:00", "timezone": "contact", "goal-kind": "event"}
    assert "Name the event." in web.post(url("settings", campaign), posted).content.decode()
    done = web.post(url("settings", campaign), posted | {"goal-event": "order.placed", "goal-within_days": "7"})
    assert done.status_code == 204
    campaign.refresh_from_db()
    scenario = Scenario.objects.select_related("flow").get(campaign=campaign)
    assert (campaign.name, scenario.name, campaign.schedule["at"]) == ("Summer", "Summer", "2199-05-01T09:00")
    assert scenario.objective == {"kind": "event", "event": "order.placed", "within_days": 7}
    assert scenario.flow.graph["nodes"][0]["type"] == "on_date"
    web.post(url("send", campaign))
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SCHEDULED
    web.post(url("unschedule", campaign))
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.DRAFT


def test_the_audience_is_chosen_until_it_begins(web: Client) -> None:
    make.contacts(2)
    campaign = chain("One")
    assert web.get(url("audience", campaign)).status_code == 200
    rule = json.dumps({"rule": "attribute", "field": "email", "op": "equals", "value": "c0@example.com"})
    web.post(url("audience", campaign), {"whom": "everybody", "rule": rule})
    assert 'data-reach="1"' in web.get(url("reach", campaign)).content.decode()
    sent(web, campaign)
    assert web.get(url("counts", campaign)).json()["total"]["entered"] == 1
    assert web.get(url("audience", campaign)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_the_page_tells_whole_and_broken_percents_as_a_recount_does(web: Client, api: Any) -> None:
    ids = make.contacts(8)
    campaign = sent(web, chain("One"))
    converted.wants(campaign.origin, **converted.ORDERS)
    now = timezone.now()
    while sending.work(now):
        pass
    later = now + timedelta(minutes=1)
    for buyers, percent in ((ids[:2], "25"), (ids[2:3], "37.5")):
        timeline.record_for(buyers, "order.placed", {"value": 10, "currency": "EUR"}, later)
        converted.until_read(later)
        facts = Facts(Installation.current().zone_name)
        pairs = of_chain(facts, campaign, later, now.date(), lambda path: api.get(f"/api/v1/{path}").json(), web)
        assert differences(pairs) == {}
        assert f'data-count="percent">{percent}<' in web.get(url("page", campaign)).content.decode()


def test_the_number_of_statements_does_not_grow_with_the_contacts(
    web: Client, django_assert_max_num_queries: Any
) -> None:
    make.contacts(30)
    campaign = sent(web, chain("One", "Two", "Three"))
    with django_assert_max_num_queries(40):
        web.get(url("page", campaign))
    with django_assert_max_num_queries(15):
        web.get(url("counts", campaign))
