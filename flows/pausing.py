"""Pauses scenarios, by hand or because something is wrong, and lets them go on."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from campaigns import outbox
from contacts import lanes
from flows import entering, obstacles, overdue, validation
from flows.graph import Problem
from flows.models import Scenario, ScenarioState
from flows.overdue import Policy
from flows.starting import release
from flows.transitions import NotReady, WrongState, before_start, move, take


@transaction.atomic
def pause(scenario: Scenario, now: datetime) -> None:
    """Nobody enters, nobody moves, nothing more is sent. Waits for the batches that are moving at this moment.

    One that was about to go on as soon as what is overdue had been dealt with stays as it is.
    """
    locked = Scenario.objects.select_for_update(no_key=True).get(pk=scenario.pk)
    if overdue.progress(locked) and locked.state == ScenarioState.SCHEDULED:
        # Left scheduled, it would start after all, and as if nothing had been chosen.
        move(scenario, "unschedule", before_start(locked), starts_at=None, overdue={})
        return
    if overdue.progress(locked):
        Scenario.objects.filter(pk=scenario.pk).update(overdue=overdue.requeues(locked))
        scenario.refresh_from_db()
        return
    move(scenario, "pause", ScenarioState.PAUSED)
    _hold(scenario, now)


def suspend(scenario_ids: Iterable[int], state: str, reason: str, now: datetime) -> list[int]:
    """Pause those of the scenarios that run because of `state` ("paused_error" or "paused_balance"), with a sentence
    for people to read; returns their ids. Each in a transaction of its own."""
    suspended = []
    for scenario in Scenario.objects.filter(pk__in=list(scenario_ids)).order_by("pk"):
        try:
            with transaction.atomic():
                move(scenario, "suspend", state, state_reason=reason)
                _hold(scenario, now)
        except WrongState:
            continue
        suspended.append(scenario.pk)
    return suspended


def _hold(scenario: Scenario, now: datetime) -> None:
    if scenario.next_run_at and scenario.next_run_at <= now:
        # What became due before the pause is not lost in it: who presses Start and then Pause still has their contacts.
        entering.plan_due(scenario, now)
    outbox.hold(scenario.origin)


@transaction.atomic
def resume(scenario: Scenario, now: datetime, policy: Policy = overdue.AT_ONCE, *, itself: bool = False) -> None:
    """Everybody goes on; what is overdue as the policy says. Where that takes long, it stands still until
    `flows.catching_up` is through. Runs of the trigger that fell into the pause are not made up for. Where it goes
    on by `itself`, and no operator chose, what is too late by now is not sent. Raises NotReady or WrongState."""
    locked = take(scenario, "resume")
    check(locked, now)
    if overdue.settle(locked, policy, now, "resume"):
        go_on(locked, now, itself)
    lanes.nudge("advance")
    scenario.refresh_from_db()


def check(scenario: Scenario, now: datetime) -> None:
    """Raises NotReady where something keeps a paused scenario from going on."""
    assert scenario.flow is not None
    if problems := validation.problems(scenario.flow.graph):
        raise NotReady(problems)
    if found := obstacles.obstacles(scenario, now):
        raise NotReady([Problem(None, sentence) for sentence in found])


def go_on(scenario: Scenario, now: datetime, itself: bool = False) -> None:
    """Resume a scenario that has been checked and locked, and whose overdue work has been dealt with."""
    move(
        scenario,
        "resume",
        ScenarioState.RUNNING,
        overdue=overdue.remembered(scenario),
        next_run_at=None if scenario.listens_to else entering.next_run_at(scenario, now),
    )
    release(scenario, late_from=None if itself else now)
