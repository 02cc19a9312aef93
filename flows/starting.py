"""Starts scenarios, and finishes those that nobody is inside of and nobody can enter any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from campaigns import outbox
from campaigns.mailings import audience_files
from contacts import lanes
from contacts.models import Contact
from flows import entering, overdue, stopping, validation
from flows.graph import Problem, saved_trigger
from flows.kept_graphs import graph_of
from flows.models import INSIDE, EntryRun, Errand, Execution, ExecutionState, Flow, Scenario, ScenarioState
from flows.nodes import registry
from flows.nodes.base import Trigger
from flows.overdue import Policy
from flows.transitions import COMMANDS, PAUSED, STARTABLE, NotReady, WrongState, completed, move, take

__all__ = ["PAUSED", "STARTABLE", "NotReady", "WrongState", "audience_count", "begin", "check", "complete", "start"]


def check(scenario: Scenario, at: datetime) -> list[Problem]:
    """Everything that keeps the scenario from starting at that moment."""
    if scenario.flow is None:
        return [Problem(None, "Draw the scenario and save it first.")]
    problems = validation.problems(scenario.flow.graph)
    if scenario.campaign and (sentence := audience_files.unfinished(scenario.campaign)):
        problems.append(Problem(None, sentence))
    if not problems and not scenario.listens_to:
        scenario = Scenario.objects.select_related("flow").get(pk=scenario.pk)
        scenario.started_at = at
        if entering.next_run_at(scenario, at) is None:
            trigger = saved_trigger(scenario.flow.graph)
            problems = [Problem(trigger["id"] if trigger else None, "Nobody would ever enter: its time has passed.")]
    return problems


def audience_count(scenario: Scenario, now: datetime) -> int | None:
    """How many contacts would enter at the trigger's next run, or None where they enter one by one, by events."""
    if scenario.flow is None or scenario.listens_to or check(scenario, now):
        return None
    kind, config = entering.trigger_of(scenario)
    return _audience(kind, config, now)


def reached(scenario: Scenario, now: datetime) -> "QuerySet[Contact]":
    """Who would enter at the trigger's next run, where `audience_count` knows how many."""
    kind, config = entering.trigger_of(scenario)
    return kind.reach(config, now)


def _audience(kind: Trigger, config: dict, now: datetime) -> int:
    return kind.reach(config, now).count()


@transaction.atomic
def start(scenario: Scenario, now: datetime, policy: Policy = overdue.AT_ONCE) -> None:
    """Let contacts in from now on; who was kept inside goes on. Raises NotReady with the reasons, or WrongState."""
    begin(take(scenario, "start"), now, policy)
    scenario.refresh_from_db()


def begin(scenario: Scenario, now: datetime, policy: Policy) -> None:
    """Start a scenario whose row is locked; where it takes long to deal with what is overdue, it starts when
    `flows.catching_up` is through with that."""
    if problems := check(scenario, _since(scenario, now)):
        raise NotReady(problems)
    stopping.end_runs(scenario, now)
    if overdue.settle(scenario, policy, now, "start"):
        go_on(scenario, now)
    lanes.nudge("advance")


def _since(scenario: Scenario, now: datetime) -> datetime:
    """When it should have started, where the workers are late: nobody whose moment lay between stays out."""
    return min(now, scenario.starts_at or now)


def go_on(scenario: Scenario, now: datetime) -> None:
    """Start a scenario that has been checked and locked, and whose overdue work has been dealt with."""
    scenario.started_at = now
    move(
        scenario,
        "start",
        ScenarioState.RUNNING,
        started_at=now,
        starts_at=None,
        overdue=overdue.remembered(scenario),
        next_run_at=None if scenario.listens_to else entering.next_run_at(scenario, _since(scenario, now)),
    )
    release(scenario, late_from=now)


def release(scenario: Scenario, late_from: datetime | None = None) -> None:
    """Let the messages of a scenario that runs now go out. While contacts still leave it, `flows.clearing` does so
    when it has taken back the messages of those. `late_from`: see outbox.release."""
    nodes, types = graph_of(scenario.flow_id).nodes.values(), registry()
    outbox.prepare(
        [f"{scenario.origin}:{node.id}" for node in nodes if types[node.type].sends], scenario.origin_priority
    )
    if scenario.cleared_upto is None:
        outbox.release(scenario.origin, late_from)
    lanes.nudge("advance")


def complete(now: datetime) -> bool:
    """Finish the running scenarios that nobody is inside of and nobody can enter any more."""
    if ended := list(_ended().values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked first and then asked again: somebody may be putting contacts back into the queue.
            rows = Scenario.objects.select_for_update(no_key=True).filter(pk__in=ended).order_by("pk")
            ended = [scenario.pk for scenario in rows]
            failed = Execution.objects.filter(scenario=OuterRef("pk"), state=ExecutionState.FAILED)
            whole, in_part = COMMANDS["complete"].to
            _ended().filter(Exists(failed), pk__in=ended).update(state=in_part)
            _ended().filter(pk__in=ended).update(state=whole)
            completed(ended, now)
    return False


def _ended() -> QuerySet[Scenario]:
    open_runs = EntryRun.objects.filter(scenario=OuterRef("pk"), finished_at=None)
    # The first of them by the index on what is due, asked for as a value: as a plain EXISTS the planner may take all
    # executions of all scenarios in hand, every second.
    inside = Execution.objects.filter(scenario=OuterRef("pk"), state__in=INSIDE).order_by("due_at").values("pk")[:1]
    over = Scenario.objects.filter(state=ScenarioState.RUNNING, listens_to="", next_run_at=None, cleared_upto=None)
    over = over.exclude(overdue__has_key="requeue")  # more will be inside
    # A version that still has to send contacts on lets them come back.
    unsettled = Flow.objects.filter(pk=OuterRef("flow"), settled_at=None)
    errands = Errand.objects.filter(scenario=OuterRef("pk"))
    over = over.exclude(Exists(unsettled)).exclude(Exists(open_runs)).exclude(Exists(errands))
    return over.alias(inside=Subquery(inside)).filter(inside=None)
