"""Starts, pauses, resumes and finishes scenarios: every change of state is one guarded update."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from campaigns import outbox
from contacts import lanes
from flows import entering, validation
from flows.graph import Problem, saved_trigger
from flows.models import EntryRun, Execution, Scenario, ScenarioState
from flows.models.execution import STANDING
from flows.nodes.base import Trigger

STARTABLE = [ScenarioState.DRAFT, ScenarioState.SCHEDULED, ScenarioState.STOPPED, ScenarioState.COMPLETED]
PAUSED = [ScenarioState.PAUSED, ScenarioState.PAUSED_ERROR, ScenarioState.PAUSED_BALANCE]


class NotReady(Exception):
    """The scenario cannot start; `problems` says why, node by node."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class WrongState(Exception):
    """The scenario is not in a state from which this is possible."""


def _readable(scenario: Scenario) -> str:
    return scenario.get_state_display().lower()


def check(scenario: Scenario, now: datetime) -> list[Problem]:
    """Everything that keeps the scenario from starting now."""
    if scenario.flow is None:
        return [Problem(None, "Draw the scenario and save it first.")]
    problems = validation.problems(scenario.flow.graph)
    if not problems and not scenario.listens_to:
        scenario = Scenario.objects.select_related("flow").get(pk=scenario.pk)
        scenario.started_at = now
        if entering.next_run_at(scenario, now) is None:
            trigger = saved_trigger(scenario.flow.graph)
            problems = [Problem(trigger["id"] if trigger else None, "Nobody would ever enter: its time has passed.")]
    return problems


def audience_count(scenario: Scenario, now: datetime) -> int | None:
    """How many contacts would enter at the trigger's next run, or None where they enter one by one, by events."""
    if scenario.flow is None or scenario.listens_to or check(scenario, now):
        return None
    kind, config = entering.trigger_of(scenario)
    return _audience(kind, config, now)


def _audience(kind: Trigger, config: dict, now: datetime) -> int:
    return kind.reach(config, now).count()


@transaction.atomic
def start(scenario: Scenario, now: datetime) -> None:
    """Let contacts in from now on. Raises NotReady with the reasons, or WrongState."""
    locked = Scenario.objects.select_for_update(no_key=True, of=("self",)).select_related("flow").get(pk=scenario.pk)
    if locked.state not in STARTABLE:
        raise WrongState(f"This scenario cannot be started: it is {_readable(locked)}.")
    if problems := check(locked, now):
        raise NotReady(problems)
    locked.started_at = now
    changed = Scenario.objects.filter(pk=locked.pk, state=locked.state).update(
        state=ScenarioState.RUNNING,
        started_at=now,
        next_run_at=None if locked.listens_to else entering.next_run_at(locked, now),
    )
    assert changed == 1  # the row is locked
    outbox.release(f"scenario:{locked.pk}")
    lanes.nudge("advance")
    scenario.refresh_from_db()


@transaction.atomic
def pause(scenario: Scenario, now: datetime) -> None:
    """Nobody enters, nobody moves, nothing more is sent. Waits for the batches that are moving at this moment."""
    changed = Scenario.objects.filter(pk=scenario.pk, state=ScenarioState.RUNNING).update(state=ScenarioState.PAUSED)
    scenario.refresh_from_db()
    if not changed:
        raise WrongState(f"This scenario cannot be paused: it is {_readable(scenario)}.")
    if scenario.next_run_at and scenario.next_run_at <= now:
        # What became due before the pause is not lost in it: who presses Start and then Pause still has their contacts.
        entering.plan_due(scenario, now)
    outbox.hold(f"scenario:{scenario.pk}")


@transaction.atomic
def resume(scenario: Scenario, now: datetime) -> None:
    """Everybody goes on. Runs of the trigger that fell into the pause are not made up for."""
    locked = Scenario.objects.select_for_update(no_key=True, of=("self",)).select_related("flow").get(pk=scenario.pk)
    if locked.state not in PAUSED:
        raise WrongState(f"This scenario cannot be resumed: it is {_readable(locked)}.")
    assert locked.flow is not None
    if problems := validation.problems(locked.flow.graph):
        raise NotReady(problems)
    Scenario.objects.filter(pk=locked.pk, state=locked.state).update(
        state=ScenarioState.RUNNING,
        next_run_at=None if locked.listens_to else entering.next_run_at(locked, now),
    )
    outbox.release(f"scenario:{locked.pk}")
    lanes.nudge("advance")
    scenario.refresh_from_db()


def complete(now: datetime) -> bool:
    """Finish the running scenarios that nobody is inside of and nobody can enter any more."""
    open_runs = EntryRun.objects.filter(scenario=OuterRef("pk"), finished_at=None)
    # The first of them by the index on what is due, asked for as a value: as a plain EXISTS the planner may take all
    # executions of all scenarios in hand, every second.
    inside = Execution.objects.filter(scenario=OuterRef("pk"), state__in=STANDING).order_by("due_at").values("pk")[:1]
    ended = (
        Scenario.objects.filter(state=ScenarioState.RUNNING, listens_to="", next_run_at=None)
        .exclude(Exists(open_runs))
        .alias(inside=Subquery(inside))
        .filter(inside=None)
    )
    ended.update(state=ScenarioState.COMPLETED)
    return False
