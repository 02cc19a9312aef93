"""Moves executions that are due: claimed, carried and committed in one transaction, so that a crash undoes it whole."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction

from flows import reentry
from flows.claiming import Standing, claim, running
from flows.kept_graphs import kept
from flows.models import ExecutionState, Follows, NodeCount, Scenario, Step
from flows.models.execution import Execution
from flows.nodes.base import Batch
from flows.stretch import Stretch

logger = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 5_000
CLEARED = "All contacts were taken out of the scenario."


def advance(now: datetime) -> bool:
    """Move one batch of what is due in running scenarios. Returns whether there may be more: where somebody moved, who
    came to rest may be due again at once, to look whether what is waited for has happened meanwhile."""
    with transaction.atomic():
        claimed = claim(now, BATCH)
        by_scenario: dict[int, list[Standing]] = defaultdict(list)
        for standing in claimed:
            by_scenario[standing.scenario].append(standing)
        for scenario in running(by_scenario):
            carry(scenario, by_scenario[scenario.pk], now)
    return bool(claimed)


def carry(scenario: Scenario, standings: Sequence[Standing], now: datetime) -> None:
    """Move claimed executions of a scenario whose row is locked; whichever cannot be moved fails alone."""
    by_flow: dict[int, list[Standing]] = defaultdict(list)
    for standing in standings:
        by_flow[standing.flow if scenario.follows == Follows.ENTERED else scenario.flow_id].append(standing)
    for flow_id, theirs in by_flow.items():
        isolating(
            lambda part, flow_id=flow_id: _move(scenario, flow_id, part, now),
            theirs,
            lambda standing, error: _fail(scenario, standing, error, now),
        )


def _move(scenario: Scenario, flow_id: int, standings: Sequence[Standing], now: datetime) -> None:
    stretch = Stretch(scenario, kept(flow_id), now)
    late = _lateness(scenario)
    groups: dict[tuple[str, str, bool, bool], list[Standing]] = defaultdict(list)
    for one in standings:
        cleared = scenario.cleared_at is not None and one.entered_at < scenario.cleared_at
        groups[one.node, one.state, late is not None and one.due_at < late, cleared].append(one)
    arrived: list[Batch] = []
    woken: list[Batch] = []
    for (node, state, is_late, cleared), group in groups.items():
        batch = standing_batch(stretch, node, group, is_late)
        if cleared:
            stretch.leave(batch, CLEARED, resting=state == ExecutionState.WAITING)
        else:
            (woken if state == ExecutionState.WAITING else arrived).append(batch)
    stretch.carry(arrived, woken)
    stretch.write()


def standing_batch(stretch: Stretch, node: str, standings: Sequence[Standing], late: bool = False) -> Batch:
    """Claimed executions that stand at the same node, as nodes see them."""
    batch = stretch.batch(
        node,
        [one.id for one in standings],
        [one.contact for one in standings],
        [one.moves for one in standings],
        [one.event for one in standings],
    )
    batch.arrived = [one.arrived_at for one in standings]
    batch.late = late
    return batch


def _lateness(scenario: Scenario) -> datetime | None:
    """Whoever was due before that moment is too late for messages; None where all are sent."""
    seconds = scenario.overdue.get("skip_older_than")
    if seconds is None:
        return None
    return datetime.fromisoformat(scenario.overdue["resumed"]) - timedelta(seconds=seconds)


def isolating(work: Callable[[Sequence[T]], None], items: Sequence[T], fail: Callable[[T, Exception], None]) -> None:
    """Run `work` on all items, each try in a savepoint; where it breaks, halve until the one that breaks it stands
    alone, and `fail` that one. A database that is gone or a deadlock is nobody's fault and goes on to the caller."""
    try:
        with transaction.atomic():
            work(items)
            return
    except (OperationalError, InterfaceError):
        raise
    except Exception as caught:
        error = caught
    if len(items) == 1:
        logger.error("%s failed", items[0], exc_info=error)
        fail(items[0], error)
    else:
        middle = len(items) // 2
        isolating(work, items[:middle], fail)
        isolating(work, items[middle:], fail)


def _fail(scenario: Scenario, standing: Standing, error: Exception, now: datetime) -> None:
    """Take one execution out of the running, with what went wrong."""
    reason = f"{type(error).__name__}: {error}"[:2000]
    Execution.objects.filter(pk=standing.id).update(
        state=ExecutionState.FAILED,
        error=reason,
        due_at=None,
        finished_at=now,
        moves=standing.moves + 1,
        single=reentry.keeps_place(scenario.reentry, finished=True),
    )
    Step.objects.create(
        execution_id=standing.id, number=standing.moves, node=standing.node, outcome="failed", reason=reason, at=now
    )
    counts = {"failed": 1} | ({"waiting": -1} if standing.state == ExecutionState.WAITING else {})
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node=standing.node, metric=metric, n=n) for metric, n in counts.items()
    )
