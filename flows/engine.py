"""Moves executions that are due: claimed, carried and committed in one transaction, so that a crash undoes it whole."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.db import transaction
from django.db.models import F

from contacts.contact_zones import Zones
from contacts.days import day_of
from contacts.remembering import remembering
from flows import reentry
from flows.claiming import Crowd, Standing, claim, running
from flows.isolating import isolating_apart, reason_of
from flows.kept_graphs import kept
from flows.models import ExecutionState, Follows, NodeCount, Scenario, Step
from flows.models.execution import Execution
from flows.nodes.base import Batch
from flows.stretch import Stretch, write

BATCH = 10_000


def advance(now: datetime) -> bool:
    """Move one batch of what is due in running scenarios. Returns whether there may be more: where somebody moved, who
    came to rest may be due again at once, to look whether what is waited for has happened meanwhile."""
    with transaction.atomic(), remembering():
        claimed = claim(now, BATCH)
        if claimed:
            carry(running({one.scenario for one in claimed.standings}), claimed, now)
    return bool(claimed)


def carry(scenarios: Sequence[Scenario], crowd: Crowd, now: datetime) -> None:
    """Move claimed executions of scenarios whose rows are locked; whichever cannot be moved fails alone.

    All scenarios' at once. Where that breaks, each scenario's apart, so that one does not use up the patience that
    others need; where nearly everybody's breaks, the rest stay due for the next time.
    """
    known = {scenario.pk: scenario for scenario in scenarios}
    apart: dict[int, list[Standing]] = defaultdict(list)
    for one in crowd.standings:
        if one.scenario in known:
            apart[one.scenario].append(one)
    isolating_apart(
        lambda part: _move(known, cast(Crowd, part), now),
        Crowd(one for theirs in apart.values() for one in theirs),
        [Crowd(theirs) for theirs in apart.values()],
        lambda one, error: _fail(known[one.scenario], one, error, now),
    )


def _move(scenarios: dict[int, Scenario], crowd: Crowd, now: datetime) -> None:
    zones = Zones([contact for one in crowd.standings for contact in one.contacts])
    by_version: dict[tuple[int, int], list[Standing]] = defaultdict(list)
    for one in crowd.standings:
        scenario = scenarios[one.scenario]
        by_version[scenario.pk, one.flow if scenario.follows == Follows.ENTERED else scenario.flow_id].append(one)
    moved = []
    for (pk, flow), standings in by_version.items():
        one_version = Stretch(scenarios[pk], kept(flow), now, zone_of=zones.of)
        _carry(one_version, standings)
        moved.append(one_version)
    write(moved)


def _carry(stretch: Stretch, standings: Sequence[Standing]) -> None:
    arrived: list[Batch] = []
    woken: list[Batch] = []
    for one in standings:
        batch = stretch.batch(one)
        resting = one.state == ExecutionState.WAITING
        if one.cleared:
            stretch.leave(batch, stretch.scenario.get_cleared_because_display(), resting)
        else:
            (woken if resting else arrived).append(batch)
    stretch.carry(arrived, woken)


def _fail(scenario: Scenario, one: Standing, error: Exception, now: datetime) -> None:
    """Take one execution out of the running, with what went wrong. Only of one that rested is it kept when it was due:
    whoever puts it back into the queue sees by that whether it goes on from there or arrives there anew."""
    (pk,), (moves,) = one.ids, one.moves
    resting = one.state == ExecutionState.WAITING
    reason = reason_of(error)
    # It keeps its place or lets go of it; where another pass has taken the place, it has none.
    place = {} if reentry.keeps_place(scenario.reentry, finished=True) else {"single": False}
    Execution.objects.filter(pk=pk).update(
        state=ExecutionState.FAILED,
        error=reason,
        due_at=F("due_at") if resting else None,
        finished_at=now,
        moves=moves + 1,
        **place,
    )
    Step.objects.create(execution_id=pk, number=moves, node=one.node, outcome="failed", reason=reason, at=now)
    counts = [(one.node, "failed", 1), ("", "failed", 1)]
    counts.append((one.node, "waiting", -1) if resting else (one.node, "entered", 1))
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node=node, metric=metric, day=day_of(now), n=n) for node, metric, n in counts
    )
