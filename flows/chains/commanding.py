"""Sends, schedules, pauses, resumes and cancels chains, by the commands of the scenario that runs them."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.models import Campaign, CampaignState
from contacts.models import Installation
from flows import overdue, pausing, scheduling, starting, stopping
from flows.chains import beginning, editing
from flows.graph import Problem, saved_trigger
from flows.models import Scenario
from flows.nodes import registry
from flows.nodes.base import Trigger
from flows.overdue import Policy
from flows.transitions import NotReady, WrongState

SENDABLE = (CampaignState.DRAFT, CampaignState.SCHEDULED)
# What an operator may do with a chain, by its state.
PAUSED = (CampaignState.PAUSED, CampaignState.PAUSED_ERROR, CampaignState.PAUSED_BALANCE)
COMMANDS = {
    "send": SENDABLE,
    "unschedule": (CampaignState.SCHEDULED,),
    "pause": (CampaignState.SENDING,),
    "resume": PAUSED,
    "cancel": (CampaignState.SCHEDULED, CampaignState.SENDING, *PAUSED),
    "archive": (CampaignState.DRAFT, CampaignState.SENT, CampaignState.CANCELLED),
    "delete": tuple(state for state in CampaignState if state != CampaignState.SENDING),
}


def possible(campaign: Campaign) -> set[str]:
    return {name for name, states in COMMANDS.items() if campaign.state in states}


@transaction.atomic
def send(campaign: Campaign, user: Any, now: datetime) -> None:
    """Begin now, whatever was planned. Raises NotReady or WrongState."""
    scenario = _taken(campaign, "send", user, now)
    _plan(campaign, scenario, {"when": "now"}, user, now)
    starting.start(scenario, now)
    campaign.refresh_from_db()


@transaction.atomic
def schedule(campaign: Campaign, plan: dict[str, Any], user: Any, now: datetime) -> None:
    """Begin by itself at `plan`: {"when": "at", "at": local moment, "timezone": IANA name or "contact"}; with
    {"when": "now"}, at once. Raises NotReady or WrongState."""
    if plan.get("when") != "at":
        send(campaign, user, now)
        return
    scenario = _taken(campaign, "send", user, now)
    _plan(campaign, scenario, plan, user, now)
    at = first_moment(scenario, now)
    if at is None:
        raise NotReady([Problem("start", "That moment is over.")])
    scheduling.schedule(scenario, at, now)
    campaign.refresh_from_db()


def first_moment(scenario: Scenario, now: datetime) -> datetime | None:
    """When the first contact enters, if that lies ahead: with each contact's own zone, where the day begins first."""
    scenario.refresh_from_db()
    trigger = saved_trigger(scenario.flow.graph) if scenario.flow else None
    assert trigger is not None
    kind = registry()[trigger["type"]]
    assert isinstance(kind, Trigger)
    run = next(kind.runs(trigger["config"], now, now, Installation.current().zone_name), None)
    return run.due_at if run else None


@transaction.atomic
def unschedule(campaign: Campaign, user: Any, now: datetime) -> None:
    scheduling.unschedule(_taken(campaign, "unschedule", user, now), now)
    campaign.refresh_from_db()


@transaction.atomic
def pause(campaign: Campaign, user: Any, now: datetime) -> None:
    pausing.pause(_taken(campaign, "pause", user, now), now)
    campaign.refresh_from_db()


@transaction.atomic
def resume(campaign: Campaign, user: Any, now: datetime, policy: Policy = overdue.AT_ONCE) -> None:
    pausing.resume(_taken(campaign, "resume", user, now), now, policy)
    campaign.refresh_from_db()


@transaction.atomic
def cancel(campaign: Campaign, user: Any, now: datetime) -> None:
    """Everybody leaves; what is queued is not sent."""
    stopping.stop(_taken(campaign, "cancel", user, now), now)
    Campaign.objects.filter(pk=campaign.pk).update(finished_at=now)
    campaign.refresh_from_db()


def _taken(campaign: Campaign, command: str, user: Any, now: datetime) -> Scenario:
    """The chain's scenario, where the campaign's state allows the command; both locked. The scenario first, as
    whatever moves it does, which then tells the campaign: the other way round the two would wait for each other."""
    scenario = beginning.locked(campaign, user, now)
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    # While much that became overdue is dealt with, it still stands, and can be kept from going on.
    catching_up = command == "pause" and overdue.progress(scenario)
    if locked.state not in COMMANDS[command] and not catching_up:
        state = locked.get_state_display().lower()
        done = {"send": "sent", "cancel": "cancelled"}.get(command, f"{command}d")
        raise WrongState(f"This chain cannot be {done}: it is {state}.")
    return scenario


def _plan(campaign: Campaign, scenario: Scenario, plan: dict[str, Any], user: Any, now: datetime) -> None:
    """Keep when it begins, in the flow as well; a start that was planned is taken back."""
    if not campaign.steps.exists():
        raise NotReady([Problem(None, "The chain has no step. Add one.")])
    if scenario.state == "scheduled":
        scheduling.unschedule(scenario, now)
    campaign.schedule = plan
    campaign.save(update_fields=["schedule"])
    editing.recompile(campaign, user, now)
    scenario.refresh_from_db()
