"""The pages of chains: the list of steps that is saved block by block, what is asked before it is sent, and who may."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign, CampaignState
from config.models import User
from flows.chains import beginning, editing
from flows.chains.editing import Change
from flows.models import Scenario
from tests import make
from tests.flows.drive import until_still

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(django_user_model: Any) -> Client:
    return signed_in(django_user_model.objects.create_superuser("ada"))


def signed_in(user: User) -> Client:
    found = Client()
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def url(name: str, campaign: Campaign) -> str:
    return reverse(f"chain_{name}", args=[campaign.pk])


def fields(key: str, **said: Any) -> dict[str, Any]:
    """What the block of an email step sends."""
    found = {"name": f"Step {key}", "channel": "email", "who": "previous", "when": "at_once"}
    found |= {"email-subject": "Hi", "email-body": "<p>Hello</p>", "goal-kind": ""} | said
    return {f"{key}-{name.replace('_', '-')}": value for name, value in found.items()}


def chain(*names: str) -> Campaign:
    campaign = beginning.begin("Spring", None, timezone.now())
    steps = {f"n{n}": step(name) for n, name in enumerate(names, 1)}
    if steps:
        editing.save(campaign, Change(steps), None, None, timezone.now())
    return campaign


def step(name: str) -> dict[str, Any]:
    message = {"subject": name, "body": "Hello"}
    return {
        "name": name, "channel": "email", "message": message, "terms": None, "timing": {"kind": "at_once"},
        "objective": {},
    }  # fmt: skip


def sent(web: Client, campaign: Campaign) -> Campaign:
    web.post(url("send", campaign))
    until_still(timezone.now())
    campaign.refresh_from_db()
    return campaign


def save(web: Client, campaign: Campaign, **posted: Any) -> dict[str, Any]:
    scenario = Scenario.objects.select_related("flow").get(campaign=campaign)
    return web.post(url("save", campaign), {"base": editing.stamp(scenario), **posted}).json()


def names(campaign: Campaign) -> list[str]:
    return list(campaign.steps.values_list("name", flat=True))


def test_a_chain_is_made_and_opens_with_one_step(web: Client) -> None:
    answer = web.post(reverse("chain_create"), {"name": " Spring  sale "}, follow=True)
    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.kind, answer.request["PATH_INFO"]) == (
        "Spring sale",
        "chain",
        url("page", campaign),
    )
    assert 'data-step="n1"' in answer.content.decode()
    assert web.post(reverse("chain_create"), {"name": ""}).status_code == 200


def test_one_block_is_saved_and_the_others_stay(web: Client) -> None:
    campaign = chain("One", "Two")
    found = save(web, campaign, key=["n2"], order=["n1", "n2"], **fields("n2", name="Second"))
    assert (found["saved"], found["said"], found["draft"], list(found["blocks"])) == (
        True,
        "Saved.",
        False,
        ["n1", "n2"],
    )
    assert names(campaign) == ["One", "Second"]


def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(web: Client) -> None:
    campaign = chain("One", "Two")
    sent_fields = fields("n1", name="First") | fields("n2", email_subject="")
    found = save(web, campaign, key=["n1", "n2"], order=["n1", "n2"], whole="1", **sent_fields)
    assert (found["saved"], list(found["blocks"])) == (False, ["n2"])
    assert "Choose a template, or write this here." in found["blocks"]["n2"]
    assert "Nothing was saved: 1 step has an error." in found["said"]
    assert names(campaign) == ["One", "Two"]


def test_a_new_block_is_not_kept_before_it_is_saved_and_takes_its_place(web: Client) -> None:
    campaign = chain("One", "Two")
    before = json.dumps([{"key": "n1", "name": "One", "channel": "email"}])
    drawn = web.post(url("step_new", campaign), {"before": before, "taken": ["n1", "n2"]}).content.decode()
    assert 'data-step="n3"' in drawn
    assert "Did not open" in drawn
    assert campaign.steps.count() == 2
    assert save(web, campaign, key=["n3"], order=["n1", "n3", "n2"], **fields("n3", name="Between"))["saved"]
    assert names(campaign) == ["One", "Between", "Two"]


def test_a_copy_says_what_stands_in_the_block(web: Client) -> None:
    campaign = chain("One")
    posted = {"like": "n1", "before": "[]", "taken": ["n1"], **fields("n1", name="Changed", email_subject="Unsaved")}
    drawn = web.post(url("step_new", campaign), posted).content.decode()
    assert 'value="Changed (copy)"' in drawn
    assert 'value="Unsaved"' in drawn


def test_steps_are_moved_and_removed_by_saving_all(web: Client) -> None:
    campaign = chain("One", "Two", "Three")
    posted = fields("n3", name="Three")
    assert save(web, campaign, key=["n3"], removed=["n2"], order=["n3", "n1"], whole="1", **posted)["saved"]
    assert names(campaign) == ["Three", "One"]


def test_saving_one_block_leaves_the_places_of_others(web: Client) -> None:
    campaign = chain("One", "Two", "Three")
    assert save(web, campaign, key=["n1"], order=["n3", "n2", "n1"], **fields("n1", name="One"))["saved"]
    assert names(campaign) == ["Two", "One", "Three"]


def test_a_step_whose_terms_ask_about_a_removed_one_says_so(web: Client) -> None:
    campaign = chain("One", "Two")
    terms = json.dumps({"rule": "message", "did": "opened", "node": "n1"})
    assert save(web, campaign, key=["n2"], order=["n1", "n2"], **fields("n2", who="own", terms=terms))["saved"]
    refused = save(web, campaign, removed=["n1"], order=["n2"], whole="1")
    assert (refused["saved"], list(refused["blocks"])) == (False, ["n2"])
    assert "Its terms ask about the message of" in refused["blocks"]["n2"]
    assert campaign.steps.count() == 2


def test_who_was_overtaken_loses_nothing_and_overwrites_nothing(web: Client) -> None:
    campaign = chain("One")
    posted = {"base": "1:", "key": ["n1"], "order": ["n1"], **fields("n1", name="Mine")}
    found = web.post(url("save", campaign), posted).json()
    assert found["saved"] is False
    assert "was changed" in found["said"]
    assert names(campaign) == ["One"]


@pytest.mark.parametrize("odd", ["", "n", "n0", "n1'--", "<b>", "n99999999999", "start"])
def test_odd_keys_are_passed_over(web: Client, odd: str) -> None:
    campaign = chain("One")
    save(web, campaign, key=[odd], removed=[odd], order=[odd, "n1"], whole="1", **fields("n1"))
    assert names(campaign) == ["One"]
    assert web.post(url("step_new", campaign), {"before": f'[{{"key": "{odd[:2]}", "name": 3}}, 7]'}).status_code == 200


def test_words_that_people_wrote_are_escaped(web: Client) -> None:
    evil = "<script>alert(1)</script>"
    campaign = chain(evil)
    Campaign.objects.filter(pk=campaign.pk).update(name=evil)
    for name in ("page", "review"):
        assert evil not in web.get(url(name, campaign)).content.decode()


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


def test_the_canvas_shows_the_chain_and_changes_nothing(web: Client) -> None:
    campaign = chain("One")
    scenario = Scenario.objects.get(campaign=campaign)
    html = web.get(reverse("scenario_editor", args=[scenario.pk])).content.decode()
    assert "This is the flow of a chain of mailings" in html
    assert 'data-do="save"' not in html
    assert "Spring" not in web.get(reverse("scenario_list")).content.decode()
    for name in ("save", "draft", "publish", "start", "stop", "delete", "rename", "settings", "pause"):
        assert web.post(reverse(f"scenario_{name}", args=[scenario.pk])).status_code == 403, name
    assert web.get(reverse("scenario_start", args=[scenario.pk])).headers["Location"] == url("page", campaign)


def test_it_is_cloned_and_deleted(web: Client) -> None:
    campaign = chain("One")
    assert web.post(url("clone", campaign)).status_code == 302
    assert Campaign.objects.filter(name="Spring (copy)").exists()
    assert web.get(url("delete", campaign)).status_code == 200
    web.post(url("delete", campaign))
    assert not Campaign.objects.filter(pk=campaign.pk).exists()


def test_a_mailing_is_no_chain(web: Client) -> None:
    mailing = Campaign.objects.create(name="Once", created_at=timezone.now())
    assert web.get(url("page", mailing)).status_code == 404
    assert web.post(url("save", mailing)).status_code == 404


def test_who_may_look_changes_nothing(django_user_model: Any) -> None:
    campaign = chain("One")
    viewer = django_user_model.objects.create_user("vic")
    assert signed_in(viewer).get(url("page", campaign)).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_campaign"))
    web = signed_in(viewer)
    html = web.get(url("page", campaign)).content.decode()
    assert "data-save-all" not in html
    assert "data-add-end" not in html
    for name in ("save", "step_new", "send", "pause", "resume", "cancel", "clone", "delete", "publish", "discard",
                 "unschedule", "settings", "audience"):  # fmt: skip
        assert web.post(url(name, campaign)).status_code == 403, name
    assert web.get(reverse("chain_create")).status_code == 403


def test_the_number_of_statements_does_not_grow_with_the_contacts(
    web: Client, django_assert_max_num_queries: Any
) -> None:
    make.contacts(30)
    campaign = sent(web, chain("One", "Two", "Three"))
    with django_assert_max_num_queries(60):
        web.get(url("page", campaign))
    with django_assert_max_num_queries(15):
        web.get(url("counts", campaign))
