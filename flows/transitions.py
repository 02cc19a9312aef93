"""Says by which commands a scenario gets from which states to which, and makes each such move: one guarded update."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from campaigns.mailings.moves import Command
from campaigns.models import Campaign, CampaignState
from flows.graph import Problem
from flows.models import INSIDE, Execution, Scenario, ScenarioState

DRAFT, SCHEDULED, RUNNING = ScenarioState.DRAFT, ScenarioState.SCHEDULED, ScenarioState.RUNNING
STOPPED, COMPLETED = ScenarioState.STOPPED, (ScenarioState.COMPLETED, ScenarioState.COMPLETED_PARTIAL)
PAUSED = (ScenarioState.PAUSED, ScenarioState.PAUSED_ERROR, ScenarioState.PAUSED_BALANCE)
STARTABLE = (DRAFT, SCHEDULED, STOPPED, *COMPLETED)


class NotReady(Exception):
    """The scenario cannot start; `problems` says why, node by node."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class WrongState(Exception):
    """The scenario, or the contact's pass, is not in a state from which this is possible."""


COMMANDS = {
    "start": Command("started", STARTABLE, (RUNNING,)),
    "schedule": Command("scheduled", STARTABLE, (SCHEDULED,)),
    "unschedule": Command("unscheduled", (SCHEDULED,), (DRAFT, STOPPED)),
    "pause": Command("paused", (RUNNING,), (ScenarioState.PAUSED,)),
    "suspend": Command("paused", (RUNNING,), (ScenarioState.PAUSED_ERROR, ScenarioState.PAUSED_BALANCE)),
    "resume": Command("resumed", PAUSED, (RUNNING,)),
    "stop": Command("stopped", (SCHEDULED, RUNNING, *PAUSED), (STOPPED,)),
    "complete": Command("completed", (RUNNING,), COMPLETED),
    "send_on": Command("continued", COMPLETED, (RUNNING,)),
    "requeue": Command("taken up again", (ScenarioState.COMPLETED_PARTIAL,), (RUNNING,), within=(RUNNING, *PAUSED)),
    "clear": Command("cleared", within=tuple(ScenarioState)),
    "delete": Command("deleted", within=tuple(state for state in ScenarioState if state != RUNNING)),
}


# The state of a chain's campaign is that of the scenario which the engine runs.
CAMPAIGN_STATES = {
    ScenarioState.DRAFT: CampaignState.DRAFT,
    ScenarioState.SCHEDULED: CampaignState.SCHEDULED,
    ScenarioState.RUNNING: CampaignState.SENDING,
    ScenarioState.PAUSED: CampaignState.PAUSED,
    ScenarioState.PAUSED_ERROR: CampaignState.PAUSED_ERROR,
    ScenarioState.PAUSED_BALANCE: CampaignState.PAUSED_BALANCE,
    ScenarioState.STOPPED: CampaignState.CANCELLED,
    ScenarioState.COMPLETED: CampaignState.SENT,
    ScenarioState.COMPLETED_PARTIAL: CampaignState.SENT,
}


def possible(state: str) -> set[str]:
    """The commands that a scenario in this state takes."""
    return {name for name, command in COMMANDS.items() if state in (*command.of, *command.within)}


def may(scenario: Scenario, command: str) -> bool:
    return command in possible(scenario.state)


def refusal(scenario: Scenario, command: str) -> WrongState:
    state = scenario.get_state_display()
    return WrongState(f"This scenario cannot be {COMMANDS[command].done}: it is {state[0].lower()}{state[1:]}.")


def move(scenario: Scenario, command: str, to: str, **fields: Any) -> None:
    """Put the scenario into another state, with what the new state needs to know; the old state's reason is gone.

    Waits for the batches that are moving at this moment. Raises WrongState, and then nothing has changed.
    """
    assert to in COMMANDS[command].to
    fields = {"state_reason": "", **fields}
    changed = Scenario.objects.filter(pk=scenario.pk, state__in=COMMANDS[command].of).update(state=to, **fields)
    scenario.refresh_from_db()
    if not changed:
        raise refusal(scenario, command)
    if scenario.campaign_id:
        Campaign.objects.filter(pk=scenario.campaign_id).update(
            state=CAMPAIGN_STATES[ScenarioState(to)],
            state_reason=scenario.state_reason,
            starts_at=scenario.starts_at,
            started_at=scenario.started_at,
            finished_at=None,
        )


def completed(scenarios: Iterable[int], now: datetime) -> None:
    """Tell the campaigns of the chains among these scenarios, which have just been completed, that they are sent."""
    chains = Scenario.objects.filter(pk__in=list(scenarios), state__in=COMPLETED, campaign__isnull=False)
    Campaign.objects.filter(pk__in=chains.values("campaign")).update(
        state=CampaignState.SENT, state_reason="", finished_at=now
    )


def take(scenario: Scenario, command: str) -> Scenario:
    """The scenario as it is now, locked until the transaction ends; raises WrongState where the command is not
    possible."""
    assert transaction.get_connection().in_atomic_block
    locked = Scenario.objects.select_for_update(no_key=True, of=("self",)).select_related("flow").get(pk=scenario.pk)
    if not may(locked, command):
        raise refusal(locked, command)
    return locked


def before_start(scenario: Scenario) -> str:
    """What a scenario that was to start is again when it does not."""
    return STOPPED if scenario.started_at else DRAFT


def inside(scenario: Scenario) -> QuerySet[Execution]:
    """The passes that are not over."""
    return Execution.objects.filter(scenario=scenario, state__in=INSIDE)


def still_leaving(scenario: Scenario) -> QuerySet[Execution]:
    """The passes that are to end, because the scenario was stopped or cleared, and have not ended yet."""
    return inside(scenario).filter(pk__lte=scenario.cleared_upto or 0)
