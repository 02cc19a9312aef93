"""Moves executions that are due: claimed, carried and committed in one transaction, so that a crash undoes it whole."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import F

from contacts.days import day_of
from flows import reentry
from flows.claiming import Standing, claim, running
from flows.isolating import isolating, reason_of
from flows.kept_graphs import kept
from flows.models import ExecutionState, Follows, NodeCount, Scenario, Step
from flows.models.execution import Execution
from flows.nodes.base import Batch
from flows.stretch import Stretch

BATCH = 5_000


def advance(now: datetime) -> bool:
    """Move one batch of what is due in running scenarios. Returns whether there may be more: where somebody moved, who
    came to rest may be due again at once, to look whether what is waited for has happened meanwhile."""
    with transaction.atomic():
        claimed = claim(now, BATCH)
        # They come scenario by scenario.
        by_scenario = {pk: list(theirs) for pk, theirs in groupby(claimed, attrgetter("scenario"))}
        for scenario in running(by_scenario):
            carry(scenario, by_scenario[scenario.pk], now)
    return bool(claimed)


def carry(scenario: Scenario, standings: Sequence[Standing], now: datetime) -> None:
    """Move claimed executions of a scenario whose row is locked; whichever cannot be moved fails alone.

    Where that is nearly everybody, the others stay due for the next time.
    """
    by_flow: dict[int, Sequence[Standing]] = {scenario.flow_id: standings}
    if scenario.follows == Follows.ENTERED:
        by_flow = grouped(standings, "flow")
    for flow_id, theirs in by_flow.items():
        isolating(
            lambda part, flow_id=flow_id: _move(scenario, flow_id, part, now),
            theirs,
            lambda standing, error: _fail(scenario, standing, error, now),
        )


def _move(scenario: Scenario, flow_id: int, standings: Sequence[Standing], now: datetime) -> None:
    stretch = Stretch(scenario, kept(flow_id), now)
    groups = grouped(standings, "node", "state", "late", "cleared")
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


def grouped(standings: Sequence[Standing], *names: str) -> dict[Any, Sequence[Standing]]:
    """Claimed executions by what they have in common: a value, or several of them."""
    key, groups = attrgetter(*names), defaultdict[Any, list[Standing]](list)
    for standing in standings:
        groups[key(standing)].append(standing)
    return dict(groups)


def standing_batch(stretch: Stretch, node: str, standings: Sequence[Standing]) -> Batch:
    """Claimed executions that stand at the same node, as nodes see them."""
    columns = Standing(*map(list, zip(*standings, strict=True)))  # type: ignore[arg-type]  # a list for each field
    return stretch.batch(node, columns.id, columns.contact, columns.moves, columns.event)  # type: ignore[arg-type]


def _fail(scenario: Scenario, standing: Standing, error: Exception, now: datetime) -> None:
    """Take one execution out of the running, with what went wrong. Only of one that rested is it kept when it was due:
    whoever puts it back into the queue sees by that whether it goes on from there or arrives there anew."""
    resting = standing.state == ExecutionState.WAITING
    reason = reason_of(error)
    # It keeps its place or lets go of it; where another pass has taken the place, it has none.
    place = {} if reentry.keeps_place(scenario.reentry, finished=True) else {"single": False}
    Execution.objects.filter(pk=standing.id).update(
        state=ExecutionState.FAILED,
        error=reason,
        due_at=F("due_at") if resting else None,
        finished_at=now,
        moves=standing.moves + 1,
        **place,
    )
    Step.objects.create(
        execution_id=standing.id, number=standing.moves, node=standing.node, outcome="failed", reason=reason, at=now
    )
    counts = [(standing.node, "failed", 1), ("", "failed", 1)]
    counts.append((standing.node, "waiting", -1) if resting else (standing.node, "entered", 1))
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node=node, metric=metric, day=day_of(now), n=n) for node, metric, n in counts
    )
