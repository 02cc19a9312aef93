"""Writes down what stretches of movement came to: executions, steps and counts, in one statement for all of them.

Whoever came to rest together, by the same way, is a group: what is sent is its ids, and once what they have in common.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection

from contacts.columns import literal
from contacts.days import day_of, zone_of_days
from flows import reentry
from flows.cohorts import COHORT, cohort_of
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
    settled: list[Settled] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))


def _each(array: str) -> str:
    """An array of which a single element stands for all of the group."""
    return f"CASE cardinality({array}) WHEN 1 THEN array_fill({array}[1], ARRAY[cardinality(ids)]) ELSE {array} END"


# The groups come as one JSON value, in which arrays of numbers and moments are texts that PostgreSQL reads as arrays.
# They are taken apart where they are used, beside what all of the group have in common.
_SETTLED = f"""
WITH settled AS (
    SELECT scenario_id, flow_id, node, state, single, finished_at, now, nodes, outcomes, reasons, ids, contacts,
        {_each("events")} AS events, {_each("before")} AS before, {_each("due")} AS due
    FROM json_to_recordset(%s::json) AS one (scenario_id bigint, flow_id bigint, node text, state text, single bool,
        finished_at timestamptz, now timestamptz, nodes text[], outcomes text[], reasons text[], ids bigint[],
        contacts bigint[], events bigint[], before int[], due timestamptz[])
),
trail AS (
    INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
    SELECT e.id, e.moves + step.nth - 1, step.node, step.outcome, step.reason, now
    FROM settled CROSS JOIN LATERAL (SELECT unnest(ids) AS id, unnest(before) AS moves) AS e
    CROSS JOIN LATERAL unnest(nodes, outcomes, reasons) WITH ORDINALITY AS step (node, outcome, reason, nth)
), counted AS (
    INSERT INTO flows_nodecount (scenario_id, day, node, metric, n)
    SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::bigint[])
)
"""  # noqa: S608 - our own columns
# No array may be among the columns of `u`: an UPDATE carries whole rows of what it is joined with.
_MOVE = """
UPDATE flows_execution e SET state = u.state, node = u.node, due_at = u.due_at, moves = u.moves + u.made,
    flow_id = u.flow_id, single = e.single AND u.single, finished_at = u.finished_at,
    -- Who was woken and rests on came there when they came.
    arrived_at = CASE WHEN u.made = 0 THEN e.arrived_at ELSE u.now END
FROM (SELECT unnest(ids) AS id, unnest(before) AS moves, unnest(due) AS due_at, cardinality(nodes) AS made, state, node,
      flow_id, single, finished_at, now FROM settled) AS u WHERE e.id = u.id
"""
# As above, where some of them have completed: which are counted for the week in which they had entered, too.
_COMPLETE = f"""
, moved AS (
    {_MOVE.strip()} RETURNING e.scenario_id, e.state, e.entered_at, e.finished_at
)
INSERT INTO flows_nodecount (scenario_id, day, node, metric, n)
SELECT scenario_id, (finished_at AT TIME ZONE %s)::date, '',
    '{COHORT}' || date_trunc('week', entered_at AT TIME ZONE %s)::date, count(*)
FROM moved WHERE state = 'completed' GROUP BY 1, 2, 4
"""  # noqa: S608 - our own words
_ENTER = """
INSERT INTO flows_execution (id, contact_id, event_id, moves, due_at, scenario_id, flow_id, state, node, single,
                             entered_at, arrived_at, finished_at, error)
SELECT unnest(ids), unnest(contacts), unnest(events), unnest(before) + cardinality(nodes), unnest(due),
    scenario_id, flow_id, state, node, single, now, now, finished_at, '' FROM settled
"""


def write(movements: Sequence[Movement]) -> None:
    """Put it all down; all of them are entering, or none. Where some who are could not, raises AlreadyInside: there is
    no ON CONFLICT, for it costs a third of the time, and conflicts hardly ever happen."""
    groups = [_group(moved, settled) for moved in movements for settled in moved.settled]
    if not groups:
        return
    counts = [count for moved in movements for count in _counts(moved)]
    # As columns; there is nothing to count where all rest on where they rested.
    counted = [list(column) for column in zip(*counts, strict=True)] or [[]] * 5
    values: list[Any] = [json.dumps(groups), *counted]
    done = _ENTER if movements[0].entering else _MOVE
    if done is _MOVE and any(one.state == ExecutionState.COMPLETED for moved in movements for one in moved.settled):
        done = _COMPLETE
        values += [zone_of_days()] * 2
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SETTLED + done, values)
    except IntegrityError as error:
        if "execution_single_pass" in str(error):
            raise AlreadyInside from error
        raise


def _group(moved: Movement, settled: Settled) -> dict[str, Any]:
    batch, now = settled.batch, moved.now.isoformat()
    nodes, outcomes, reasons = zip(*batch.trail, strict=True) if batch.trail else ((), (), ())
    return {
        "scenario_id": moved.scenario.pk,
        "flow_id": moved.flow.id,
        "node": batch.node_id,
        "state": settled.state,
        "single": reentry.keeps_place(moved.scenario.reentry, settled.finished),
        "finished_at": now if settled.finished else None,
        "now": now,
        "nodes": nodes,
        "outcomes": outcomes,
        "reasons": reasons,
        "ids": literal(batch.ids),
        "contacts": literal(batch.contacts) if moved.entering else None,
        "events": _packed(batch.events) if moved.entering else None,
        "before": _packed(batch.moves),
        "due": _packed(settled.due_at),
    }


def _packed(values: Any) -> str:
    """See `_each`: a value for all, or a list with one for each."""
    if not isinstance(values, list | tuple):
        return literal([values])
    return literal(values[:1] if values.count(values[0]) == len(values) else values)


def _counts(moved: Movement) -> Iterator[tuple[int, date, str, str, int]]:
    over = Counter[str]()
    for settled in moved.settled:
        if settled.finished:
            over[settled.state] += len(settled.batch)
    day = day_of(moved.now)
    for (node, metric), n in moved.counts.items():
        if n:
            yield moved.scenario.pk, day, node, metric, n
    for state, n in over.items():
        yield moved.scenario.pk, day, "", state, n
    if moved.entering and over[ExecutionState.COMPLETED]:
        yield moved.scenario.pk, day, "", cohort_of(day), over[ExecutionState.COMPLETED]
