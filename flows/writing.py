"""Writes down what a stretch of movement came to: executions, steps and counts.

Ids travel as array literals and rows are written by `INSERT … SELECT unnest(…)`: a stretch costs a fixed handful of
statements whatever the size of its batch.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection

from contacts.columns import Columns
from contacts.days import day_of
from flows import reentry
from flows.kept_graphs import Kept
from flows.models import ExecutionState, Scenario
from flows.nodes.base import Batch


class AlreadyInside(Exception):
    """Some contacts entered elsewhere while this stretch was being worked: roll back and leave them out."""


@dataclass
class Settled:
    """Executions whose stretch is over: where they are now."""

    batch: Batch
    state: str
    due_at: datetime | Sequence[datetime | None] | None = None

    @property
    def finished(self) -> bool:
        return self.state not in (ExecutionState.WAITING, ExecutionState.PENDING)


@dataclass
class Movement:
    """What became of executions in one version of one scenario. With `entering` they are new."""

    scenario: Scenario
    flow: Kept
    now: datetime
    entering: bool = False
    # The steps each set of executions makes, in order, keyed by the identity of its list of ids, which stays the same
    # object while the set moves undivided.
    steps: dict[int, tuple[Batch, list[tuple[str, str, str]]]] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))


def write(moved: Movement) -> None:
    """Every kind of row is one statement per group of executions that share everything but their ids."""
    with connection.cursor() as cursor:
        for settled in moved.settled:
            if moved.entering:
                _insert(cursor, moved, settled)
            else:
                _update(cursor, moved, settled)
        for batch, made in moved.steps.values():
            _write_steps(cursor, batch, made, moved.now)
        _write_counts(cursor, moved)


def _insert(cursor: Any, moved: Movement, settled: Settled) -> None:
    """Raises AlreadyInside. No ON CONFLICT: it costs a third of the time, and conflicts hardly ever happen."""
    batch, columns, now = settled.batch, Columns(), moved.now
    try:
        cursor.execute(
            f"""INSERT INTO flows_execution (id, contact_id, event_id, moves, due_at, scenario_id, flow_id, state, node,
                                             single, entered_at, arrived_at, finished_at, error)
            SELECT {columns.many("bigint", batch.ids)}, {columns.many("bigint", batch.contacts)},
                   {columns.any("bigint", batch.events)}, {columns.any("int", batch.visits)},
                   {columns.any("timestamptz", settled.due_at)},
                   %s, %s, %s, %s, %s, %s, %s, %s, ''""",
            [
                *columns.values,
                moved.scenario.pk,
                moved.flow.id,
                settled.state,
                batch.node_id,
                reentry.keeps_place(moved.scenario.reentry, settled.finished),
                now,
                now,
                now if settled.finished else None,
            ],
        )
    except IntegrityError as error:
        if "execution_single_pass" in str(error):
            raise AlreadyInside from error
        raise


def _update(cursor: Any, moved: Movement, settled: Settled) -> None:
    batch, columns = settled.batch, Columns()
    cursor.execute(
        f"""UPDATE flows_execution e
        SET state = %s, node = %s, due_at = u.due_at, moves = u.moves, flow_id = %s, single = e.single AND %s,
            -- Who was woken and rests on came there when they came.
            arrived_at = CASE WHEN e.moves = u.moves THEN e.arrived_at ELSE %s END, finished_at = %s
        FROM (SELECT {columns.many("bigint", batch.ids)} AS id, {columns.any("int", batch.visits)} AS moves,
                     {columns.any("timestamptz", settled.due_at)} AS due_at) u
        WHERE e.id = u.id""",  # noqa: S608 - only column lists of our own
        [
            settled.state,
            batch.node_id,
            moved.flow.id,
            reentry.keeps_place(moved.scenario.reentry, settled.finished),
            moved.now,
            moved.now if settled.finished else None,
            *columns.values,
        ],
    )


def _write_steps(cursor: Any, batch: Batch, made: list[tuple[str, str, str]], now: datetime) -> None:
    columns = Columns()
    rows = ", ".join(["(%s::int, %s, %s, %s)"] * len(made))
    cursor.execute(
        f"""INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
        SELECT u.id, u.visit + v.n, v.node, v.outcome, v.reason, %s
        FROM (SELECT {columns.many("bigint", batch.ids)} AS id, {columns.any("int", batch.visits)} AS visit) u
        CROSS JOIN (VALUES {rows}) v (n, node, outcome, reason)""",  # noqa: S608 - placeholders only
        [now, *columns.values, *(part for n, step in enumerate(made) for part in (n, *step))],
    )


def _write_counts(cursor: Any, moved: Movement) -> None:
    over = Counter[str]()
    for settled in moved.settled:
        if settled.finished:
            over[settled.state] += len(settled.batch)
    counts = [(node, metric, n) for (node, metric), n in moved.counts.items() if n]
    counts += [("", state, n) for state, n in over.items()]
    if counts:
        cursor.execute(
            """INSERT INTO flows_nodecount (scenario_id, day, node, metric, n)
            SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])""",
            [moved.scenario.pk, day_of(moved.now), *map(list, zip(*counts, strict=True))],
        )
