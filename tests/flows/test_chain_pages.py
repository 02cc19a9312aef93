"""The pages of chains: the list of steps that is saved block by block, who may, and what stands elsewhere."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Campaign
from flows.models import Scenario
from tests.flows.chain_pages import chain, fields, names, save, url
from tests.people import signed_in

pytestmark = pytest.mark.django_db


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
