"""Every command in every state of a campaign, and what the page of states says about that."""

import re
from typing import Any

import pytest

from campaigns.mailings import commands
from campaigns.mailings.moves import COMMANDS, NotReady, WrongState, possible
from campaigns.models import Campaign, CampaignState
from tests import make
from tests.campaigns import mailings
from tests.flows.at_once import at_once
from tests.flows.test_states_page import SECTIONS, arrows
from tests.make import NOW

pytestmark = pytest.mark.django_db
LATER = {"when": "at", "at": "2026-03-11T09:00", "timezone": "Europe/Paris"}
DONE = {
    "send": lambda campaign: commands.send(campaign, NOW),
    "schedule": lambda campaign: commands.schedule(campaign, NOW),
    "unschedule": lambda campaign: commands.unschedule(campaign, NOW),
    "pause": lambda campaign: commands.pause(campaign, NOW),
    "resume": lambda campaign: commands.resume(campaign, NOW),
    "cancel": lambda campaign: commands.cancel(campaign, NOW),
    "archive": lambda campaign: commands.archive(campaign, NOW),
    "unarchive": lambda campaign: commands.unarchive(campaign, NOW),
    "clone": lambda campaign: commands.clone(campaign, None, NOW),
    "resend": lambda campaign: commands.resend_to_unopened(campaign, None, NOW),
}


def in_state(state: str) -> Campaign:
    found = mailings.campaign(schedule=LATER)
    Campaign.objects.filter(pk=found.pk).update(state=state)
    found.refresh_from_db()
    return found


@pytest.mark.parametrize("command", DONE)
@pytest.mark.parametrize("state", CampaignState.values)
def test_a_command_works_in_its_states_and_in_no_other(state: str, command: str) -> None:
    campaign = in_state(state)
    if command in possible(state):
        DONE[command](campaign)
        campaign.refresh_from_db()
        assert campaign.state in (COMMANDS[command].to or (state,))
    else:
        with pytest.raises(WrongState, match=f"^This campaign cannot be {COMMANDS[command].done}: it is "):
            DONE[command](campaign)
        campaign.refresh_from_db()
        assert campaign.state == state


@pytest.mark.parametrize("state", CampaignState.values)
def test_the_clock_suspends_only_what_is_sending(state: str) -> None:
    campaign = in_state(state)
    suspended = commands.suspend([campaign.pk], "paused_balance", "There is no money left.", NOW)
    campaign.refresh_from_db()
    assert bool(suspended) == (state == "sending")
    assert (campaign.state, campaign.state_reason) == (
        ("paused_balance", "There is no money left.") if suspended else (state, "")
    )


def test_a_command_given_twice_at_once_is_carried_out_once() -> None:
    campaign = in_state("sending")
    told = [Campaign.objects.get(pk=campaign.pk) for _ in range(2)]
    commands.pause(told[0], NOW)
    with pytest.raises(WrongState):
        commands.pause(told[1], NOW)


@pytest.mark.django_db(transaction=True)
def test_of_send_and_schedule_at_once_one_follows_the_other() -> None:
    make.contacts(3)
    campaign = mailings.campaign(schedule=LATER)
    given = [Campaign.objects.get(pk=campaign.pk) for _ in range(2)]

    def schedule() -> Any:
        try:
            commands.schedule(given[1], NOW)
        except WrongState:
            return "refused"

    at_once(lambda: commands.send(given[0], NOW), schedule)
    mailings.until_still()
    campaign.refresh_from_db()
    assert campaign.state == "sent"
    assert mailings.states(campaign) == {"sent": 3}


def test_what_is_not_ready_stays_a_draft_and_says_why() -> None:
    campaign = mailings.campaign(variants=[])
    with pytest.raises(NotReady, match="Write the message") as raised:
        commands.send(campaign, NOW)
    assert raised.value.problems[0].field == "variants"
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_every_state_has_its_sentence_on_the_page() -> None:
    told = re.findall(r"^\| (\w+) \| ([A-Z][^|]+\.) \|$", SECTIONS["Campaign"], re.MULTILINE)
    assert [state for state, _ in told] == CampaignState.values


def test_the_pages_arrows_are_those_of_the_commands() -> None:
    wanted = {
        (str(before), str(after), name)
        for name, command in COMMANDS.items()
        for before in command.of
        for after in command.to
    }
    assert {arrow for arrow in arrows("Campaign") if arrow[0] != "[*]"} == wanted
    assert set(re.findall(r"\*\*(\w+)\*\*", SECTIONS["Campaign"])) == COMMANDS.keys()
