"""Pauses scenarios, by hand or because something is wrong, and lets them go on."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from campaigns import outbox
from flows import entering, overdue, validation
from flows.models import Scenario, ScenarioState
from flows.overdue import Policy
from flows.starting import release
from flows.transitions import NotReady, WrongState, move, take


@transaction.atomic
def pause(scenario: Scenario, now: datetime) -> None:
    """Nobody enters, nobody moves, nothing more is sent. Waits for the batches that are moving at this moment."""
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
def resume(scenario: Scenario, now: datetime, policy: Policy = overdue.AT_ONCE) -> None:
    """Everybody goes on; what is overdue as the policy says. Runs of the trigger that fell into the pause are not made
    up for. Raises NotReady or WrongState."""
    locked = take(scenario, "resume")
    assert locked.flow is not None
    if problems := validation.problems(locked.flow.graph):
        raise NotReady(problems)
    move(
        scenario,
        "resume",
        ScenarioState.RUNNING,
        overdue=overdue.settle(locked, policy, now),
        next_run_at=None if locked.listens_to else entering.next_run_at(locked, now),
    )
    release(scenario)
