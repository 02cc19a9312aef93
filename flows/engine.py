"""Moves executions that are due: claimed, carried and committed in one transaction, so that a crash undoes it whole."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import starmap
from typing import NamedTuple, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

from flows.graph import Graph, parse
from flows.models import ExecutionState, Flow, NodeCount, Reentry, Scenario, ScenarioState, Step
from flows.models.execution import Execution
from flows.nodes.base import Batch
from flows.stretch import Stretch

logger = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 5_000

_graphs: dict[int, Graph] = {}


class Standing(NamedTuple):
    """A claimed execution and where it stands."""

    id: int
    scenario: int
    node: str
    contact: int
    moves: int
    event: int | None
    state: str


def graph_of(flow_id: int) -> Graph:
    """The parsed graph of a flow. Flows never change, so it is kept."""
    if flow_id not in _graphs:
        if len(_graphs) > 500:
            _graphs.clear()
        _graphs[flow_id] = parse(Flow.objects.values_list("graph", flat=True).get(pk=flow_id))
    return _graphs[flow_id]


def advance(now: datetime) -> bool:
    """Move one batch of what is due in running scenarios. Returns whether there may be more."""
    with transaction.atomic():
        claimed = _claim(now, BATCH)
        by_scenario: dict[int, list[Standing]] = defaultdict(list)
        for standing in claimed:
            by_scenario[standing.scenario].append(standing)
        for scenario in running(by_scenario):
            _carry(scenario, by_scenario[scenario.pk], now)
    return len(claimed) >= BATCH


def running(ids: Collection[int]) -> list[Scenario]:
    """Those of the scenarios that run, locked so that a pause waits for the transaction that is moving contacts."""
    if not ids:
        return []
    # The ORM knows FOR UPDATE only, which two workers could not hold at once.
    return list(
        Scenario.objects.raw(
            "SELECT * FROM flows_scenario WHERE id = ANY(%s) AND state = %s FOR SHARE",
            [list(ids), ScenarioState.RUNNING],
        )
    )


def _claim(now: datetime, limit: int) -> list[Standing]:
    """Due executions of running scenarios. Paused ones are never looked at, however much of theirs is overdue; the
    random order lets everybody have a turn where one scenario alone would fill every batch."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.* FROM (SELECT id FROM flows_scenario WHERE state = 'running' ORDER BY random()) s
            CROSS JOIN LATERAL (
                SELECT id, scenario_id, node, contact_id, moves, event_id, state FROM flows_execution
                WHERE scenario_id = s.id AND state IN ('pending', 'waiting') AND due_at IS NOT NULL AND due_at <= %s
                ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
            ) e LIMIT %s""",
            [now, limit, limit],
        )
        return list(starmap(Standing, cursor.fetchall()))


def _carry(scenario: Scenario, standings: list[Standing], now: datetime) -> None:
    graph = graph_of(scenario.flow_id)

    def work(part: Sequence[Standing]) -> None:
        stretch = Stretch(scenario, graph, now)
        groups: dict[tuple[str, str], list[Standing]] = defaultdict(list)
        for standing in part:
            groups[standing.node, standing.state].append(standing)
        arrived: list[Batch] = []
        woken: list[Batch] = []
        for (node, state), group in groups.items():
            batch = stretch.batch(
                node,
                [one.id for one in group],
                [one.contact for one in group],
                [one.moves for one in group],
                [one.event for one in group],
            )
            (woken if state == ExecutionState.WAITING else arrived).append(batch)
        stretch.carry(arrived, woken)
        stretch.write(entering=False)

    isolating(work, standings, lambda standing, error: _fail(scenario, standing, error, now))


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
        single=scenario.reentry == Reentry.ONCE,
    )
    Step.objects.create(
        execution_id=standing.id, number=standing.moves, node=standing.node, outcome="failed", reason=reason, at=now
    )
    counts = {"failed": 1} | ({"waiting": -1} if standing.state == ExecutionState.WAITING else {})
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node=standing.node, metric=metric, n=n) for metric, n in counts.items()
    )
