"""What keeps chains safe: who may do what, in which state, in which order rows are locked, and what nonsense gets."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import objectives as goals
from campaigns.models import Campaign, CampaignState
from flows import pausing
from flows.chains import beginning, changing, commanding, editing, naming
from flows.chains.editing import Change
from flows.models import Scenario
from flows.publishing import Answers
from flows.transitions import NotReady, WrongState
from tests import make
from tests.flows.at_once import at_once
from tests.flows.chain_pages import chain, fields, step, url
from tests.make import NOW
from tests.people import signed_in

pytestmark = pytest.mark.django_db
DEEP = "[" * 100_000 + "]" * 100_000
ORDER = {"kind": "event", "event": "order.placed"}


def whoever_may(django_user_model: Any, *codes: str) -> Client:
    user = django_user_model.objects.create_user("bob")
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    return signed_in(user)


def live() -> Campaign:
    campaign = chain("One", "Two")
    make.contact("ada@example.com")
    commanding.send(campaign, None, timezone.now())
    return campaign


def test_who_may_change_saves_a_draft_and_only_who_may_send_publishes_it(django_user_model: Any) -> None:
    campaign = live()
    web = whoever_may(django_user_model, "view_campaign", "change_campaign")
    saved = web.post(url("save", campaign), {"key": ["n1"], "order": ["n1", "n2"], **fields("n1")})
    assert saved.json()["draft"]
    assert web.get(url("publish", campaign)).status_code == 403
    assert web.post(url("publish", campaign)).status_code == 403
    page = web.get(url("page", campaign)).content.decode()
    assert "Who may send campaigns can publish it." in page
    assert url("publish", campaign) not in page
    assert Scenario.objects.get(campaign=campaign).draft


def test_who_may_not_send_changes_nothing_of_a_chain_that_is_scheduled(django_user_model: Any, web: Client) -> None:
    campaign = chain("One", "Two")
    plan = {"when": "at", "at": "2099-01-01T09:00", "timezone": "Europe/Paris"}
    commanding.schedule(campaign, plan, None, timezone.now())
    bob = whoever_may(django_user_model, "view_campaign", "change_campaign")
    posted = {"key": ["n1"], "order": ["n1"], "removed": ["n2"], **fields("n1", email_subject="Attack")}
    refused = bob.post(url("save", campaign), posted).json()
    assert (refused["saved"], "may send" in refused["said"]) == (False, True)
    assert bob.post(url("audience", campaign), {"tags": "vip"}).status_code == 302
    settings = {"name": "Attack", "goal-kind": ""}
    assert [
        bob.get(url("settings", campaign)).status_code,
        bob.post(url("settings", campaign), settings).status_code,
    ] == [
        403,
        403,
    ]
    page = bob.get(url("page", campaign)).content.decode()
    assert "only who may send campaigns can change it now" in page
    assert 'data-editable="false"' in page
    kept = Campaign.objects.get(pk=campaign.pk)
    assert (kept.name, kept.audience, kept.steps.count()) == ("Spring", campaign.audience, 2)
    assert "Attack" not in str(Scenario.objects.select_related("flow").get(campaign=campaign).flow.graph)
    assert web.post(url("save", campaign), posted).json()["saved"]  # who may send does as before


def test_the_audience_of_a_chain_that_has_begun_meanwhile_stays(web: Client) -> None:
    campaign = chain("One")
    stale = Campaign.objects.get(pk=campaign.pk)
    make.contact("ada@example.com")
    commanding.send(campaign, None, timezone.now())
    with pytest.raises(WrongState, match="has begun"):
        naming.aim_at(stale, {"segments": [], "tags": ["vip"]})
    assert web.post(url("audience", campaign), {"tags": "vip"}).status_code == 302
    assert Campaign.objects.get(pk=campaign.pk).audience == campaign.audience


def test_an_audience_that_asks_nonsense_is_told_instead_of_counted(web: Client) -> None:
    campaign = chain("One")
    Campaign.objects.filter(pk=campaign.pk).update(audience={"segments": [999]})
    answer = web.get(url("reach", campaign))
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert web.get(url("review", campaign)).status_code == 200


def test_a_chain_has_no_dialog_for_the_objective_of_a_mailing(web: Client) -> None:
    assert web.get(reverse("campaign_objective", args=[chain("One").pk])).status_code == 404


def test_endless_depth_is_no_error_of_ours(web: Client) -> None:
    campaign = chain("One")
    assert web.post(url("step_new", campaign), {"before": DEEP}).status_code == 200
    pk = Scenario.objects.get(campaign=campaign).pk
    dialog = reverse("scenario_node_dialog", args=[pk, "wait"])
    for sent in (DEEP, '{"a":' * 400 + "1" + "}" * 400):
        answer = web.post(dialog, {"opening": "1", "config": sent, "graph": sent, "node": "n1"})
        assert answer.status_code == 200


@pytest.mark.parametrize("node", ["%00", "a%20b", "x" * 51])
def test_a_node_that_cannot_be_is_not_found(web: Client, node: str) -> None:
    pk = Scenario.objects.get(campaign=chain("One")).pk
    assert web.get(f"/scenarios/{pk}/nodes/{node}/waiting/").status_code == 404
    assert web.post(f"/scenarios/{pk}/nodes/{node}/requeue/").status_code == 404


def test_a_step_says_what_its_conversions_are_worth_and_to_which_message_they_count(web: Client) -> None:
    campaign = chain("One")
    said = {"goal_kind": "event", "goal_event": "order.placed", "goal_value_property": "total"}
    said |= {"goal_currency_property": "currency", "goal_touch": "clicked", "goal_within_days": "7"}
    answer = web.post(url("save", campaign), {"key": ["n1"], "order": ["n1"], **said_of("n1", said)})
    assert answer.json()["saved"], answer.json()
    wanted = {**ORDER, "value_property": "total", "currency_property": "currency", "touch": "clicked", "within_days": 7}
    assert campaign.steps.get().objective == wanted
    assert wanted.items() <= goals.objective_of(f"{campaign.origin}:n1").items()
    page = web.get(url("page", campaign)).content.decode()
    assert 'value="total"' in page
    cleared = said | {"goal_value_property": "", "goal_currency_property": ""}
    answer = web.post(url("save", campaign), {"key": ["n1"], "order": ["n1"], **said_of("n1", cleared)})
    assert answer.json()["saved"], answer.json()
    assert "value_property" not in campaign.steps.get().objective


def said_of(key: str, said: dict[str, str]) -> dict[str, Any]:
    return {
        name.replace("goal-value-", "goal-value_")
        .replace("goal-currency-", "goal-currency_")
        .replace("goal-within-", "goal-within_"): value
        for name, value in fields(key, **said).items()
    }


def test_what_a_removed_step_was_to_achieve_is_kept_until_it_is_published(web: Client) -> None:
    campaign = chain("One")
    editing.save(campaign, Change({"n2": {**step("Two"), "objective": ORDER}}), None, None, timezone.now())
    make.contact("ada@example.com")
    commanding.send(campaign, None, timezone.now())
    owner = f"{campaign.origin}:n2"
    editing.save(campaign, Change(removed=["n2"]), None, None, timezone.now())
    assert goals.objective_of(owner)["event"] == "order.placed"
    editing.discard(campaign, None, timezone.now())
    assert campaign.steps.get(key="n2").objective["event"] == "order.placed"
    assert goals.objective_of(owner)["event"] == "order.placed"
    editing.save(campaign, Change(removed=["n2"]), None, None, timezone.now())
    editing.publish(campaign, None, None, timezone.now(), Answers())
    assert goals.objective_of(owner) == {}


@pytest.mark.django_db(transaction=True)
def test_commands_and_what_moves_the_scenario_never_wait_for_each_other() -> None:
    campaign, now = live(), timezone.now()
    scenario = Scenario.objects.get(campaign=campaign)

    def command(move: Any, *told: Any) -> None:
        for _ in range(15):
            try:
                move(*told)
            except WrongState:
                continue

    at_once(
        lambda: command(commanding.pause, Campaign.objects.get(pk=campaign.pk), None, now),
        lambda: command(pausing.resume, Scenario.objects.get(pk=scenario.pk), now, commanding.overdue.AT_ONCE),
        lambda: command(naming.keep, Campaign.objects.get(pk=campaign.pk), {"name": "Summer"}, None, now),
        lambda: command(pausing.pause, Scenario.objects.get(pk=scenario.pk), now),
    )
    campaign.refresh_from_db()
    scenario.refresh_from_db()
    assert campaign.name == scenario.name == "Summer"
    assert (campaign.state == CampaignState.PAUSED) == (scenario.state == "paused")
    assert changing.in_words(scenario) == []


def test_an_unfinished_chain_is_not_sent() -> None:
    campaign = beginning.begin("Spring", None, NOW)
    with pytest.raises(NotReady, match="Subject"):
        commanding.send(campaign, None, NOW)
