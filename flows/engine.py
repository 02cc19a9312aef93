"""Moves executions that are due: claimed, carried and committed in one transaction, so that a crash undoes it whole."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

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


def advance(now: datetime) -> bool:
    """Move one batch of what is due in running scenarios. Returns whether there may be more."""
    with transaction.atomic():
        claimed = claim(now, BATCH)
        by_scenario: dict[int, list[Standing]] = defaultdict(list)
        for standing in claimed:
            by_scenario[standing.scenario].append(standing)
        for scenario in running(by_scenario):
            carry(scenario, by_scenario[scenario.pk], now)
    return len(claimed) >= BATCH


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
    groups: dict[tuple[str, str, bool, bool], list[Standing]] = defaultdict(list)
    for one in standings:
        groups[one.node, one.state, one.late, one.cleared].append(one)
    arrived: list[Batch] = []
    woken: list[Batch] = []
    for (node, state, late, cleared), group in groups.items():
        batch = standing_batch(stretch, node, group)
        batch.late = late
        if cleared:
            stretch.leave(batch, scenario.get_cleared_because_display(), resting=state == ExecutionState.WAITING)
        else:
            (woken if state == ExecutionState.WAITING else arrived).append(batch)
    stretch.carry(arrived, woken)
    stretch.write()


def standing_batch(stretch: Stretch, node: str, standings: Sequence[Standing]) -> Batch:
    """Claimed executions that stand at the same node, as nodes see them."""
    return stretch.batch(
        node,
        [one.id for one in standings],
        [one.contact for one in standings],
        [one.moves for one in standings],
        [one.event for one in standings],
    )


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
    """Take one execution out of the running, with what went wrong. Only of one that rested is it kept when it was due:
    whoever puts it back into the queue sees by that whether it goes on from there or arrives there anew."""
    resting = standing.state == ExecutionState.WAITING
    reason = f"{type(error).__name__}: {error}"[:2000]
    Execution.objects.filter(pk=standing.id).update(
        state=ExecutionState.FAILED,
        error=reason,
        due_at=F("due_at") if resting else None,
        finished_at=now,
        moves=standing.moves + 1,
        single=reentry.keeps_place(scenario.reentry, finished=True),
    )
    Step.objects.create(
        execution_id=standing.id, number=standing.moves, node=standing.node, outcome="failed", reason=reason, at=now
    )
    counts = {"failed": 1, "waiting": -1} if resting else {"failed": 1, "entered": 1}
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node=standing.node, metric=metric, n=n) for metric, n in counts.items()
    )
