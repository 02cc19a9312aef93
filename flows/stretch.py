"""Carries a batch of executions node after node until each of them rests or ends, and writes it all down at once.

This is the only module that writes executions, steps and counts. Ids travel as array literals and rows are written by
`INSERT … SELECT unnest(…)`: a stretch costs a fixed handful of statements whatever the size of its batch.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from contacts import contact_zones
from contacts.columns import Columns
from flows import announcing
from flows.graph import Graph
from flows.models import ExecutionState, Reentry, Scenario
from flows.nodes import registry
from flows.nodes.base import Batch, Do, End, Leave, Outcome, Rest

# A graph whose loops all pass a wait can never carry a batch further than through each of its nodes once.
MOST_NODES_PER_STRETCH = 10_000


class AlreadyInside(Exception):
    """Some contacts entered elsewhere while this stretch was being worked: roll back and leave them out."""

    def __init__(self, entered: set[int]) -> None:
        self.entered = entered


class Wandering(Exception):
    """A batch went round and round without ever resting."""


@dataclass
class _Settled:
    """Executions whose stretch is over: where they are now."""

    batch: Batch
    state: str
    due_at: datetime | Sequence[datetime] | None = None


@dataclass
class Stretch:
    """One transaction's worth of movement in one scenario."""

    scenario: Scenario
    graph: Graph
    now: datetime
    # The steps each set of executions makes, in order, keyed by the identity of its list of ids, which stays the same
    # object while the set moves undivided.
    _steps: dict[int, tuple[Batch, list[tuple[str, str, str]]]] = field(default_factory=dict)
    _settled: list[_Settled] = field(default_factory=list)
    _later: list[tuple[Any, Batch]] = field(default_factory=list)
    _counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _zones: dict[int, str] = field(default_factory=dict)

    def batch(
        self, node: str, ids: list[int], contacts: list[int], visits: list[int], events: list[int | None]
    ) -> Batch:
        config = self.graph.nodes[node].config if node in self.graph.nodes else {}
        return Batch(self.scenario.pk, node, config, self.now, ids, contacts, visits, events, self._zone_of)

    def _zone_of(self, contacts: Sequence[int]) -> dict[int, str]:
        missing = [contact for contact in contacts if contact not in self._zones]
        if missing:
            self._zones.update(contact_zones.zones_of(missing))
        return self._zones

    def carry(self, arrived: Sequence[Batch] = (), woken: Sequence[Batch] = ()) -> None:
        """Work out where everybody gets to. `arrived` newly stand at their node, `woken` rested there and are due."""
        types = registry()
        todo: list[tuple[Batch, bool]] = [(batch, True) for batch in woken] + [(batch, False) for batch in arrived]
        for batch in arrived:
            self._count(batch, "entered")
        passed = 0
        while todo:
            passed += 1
            if passed > MOST_NODES_PER_STRETCH:
                raise Wandering("The flow goes round in a circle without waiting.")
            batch, was_resting = todo.pop()
            if was_resting:
                self._count(batch, "waiting", -1)
            node = self.graph.nodes.get(batch.node_id)
            if node is None:
                self._leave_for_good(batch, ExecutionState.EXITED, "exited", "The step was removed from the scenario.")
                continue
            kind = types[node.type]
            for outcome in kind.wake(batch) if was_resting else kind.run(batch):
                if len(outcome.batch):
                    todo.extend((onward, False) for onward in self._take(outcome))

    def _take(self, outcome: Outcome) -> list[Batch]:
        """Note one outcome; returns the batch that goes on, if any."""
        batch = outcome.batch
        if isinstance(outcome, Rest):
            self._count(batch, "waiting")
            self._settled.append(_Settled(batch, ExecutionState.WAITING, outcome.due_at))
            return []
        if isinstance(outcome, End):
            self._leave_for_good(batch, ExecutionState.COMPLETED, "end", outcome.reason)
            return []
        if isinstance(outcome, Do):
            if outcome.later:
                self._later.append((outcome.perform, batch))
            else:
                outcome.perform(batch)
        return self._go_on(batch, outcome)

    def _go_on(self, batch: Batch, outcome: Leave | Do) -> list[Batch]:
        self._step(batch, outcome.port, outcome.reason)
        self._count(batch, f"left:{outcome.port}")
        target = self.graph.follow(batch.node_id, outcome.port)
        if target is None:
            self._settled.append(_Settled(self._onward(batch, batch.node_id), ExecutionState.COMPLETED))
            return []
        onward = self._onward(batch, target)
        self._count(onward, "entered")
        return [onward]

    def _onward(self, batch: Batch, node: str) -> Batch:
        return self.batch(node, batch.ids, batch.contacts, [visit + 1 for visit in batch.visits], batch.events)

    def _leave_for_good(self, batch: Batch, state: str, outcome: str, reason: str) -> None:
        self._step(batch, outcome, reason)
        self._count(batch, outcome if outcome != "end" else "ended")
        self._settled.append(_Settled(self._onward(batch, batch.node_id), state))

    def _step(self, batch: Batch, outcome: str, reason: str) -> None:
        _, made = self._steps.setdefault(id(batch.ids), (batch, []))
        made.append((batch.node_id, outcome, reason))

    def _count(self, batch: Batch, metric: str, sign: int = 1) -> None:
        self._counts[batch.node_id, metric] += sign * len(batch)

    # Writing. Every method below is one statement per group of executions that share everything but their ids.

    def write(self, entering: bool) -> None:
        """Put it all down. With `entering` the executions are new; raises AlreadyInside if some could not enter."""
        with connection.cursor() as cursor:
            for settled in self._settled:
                if entering:
                    self._insert(cursor, settled)
                else:
                    self._update(cursor, settled)
            for batch, made in self._steps.values():
                self._write_steps(cursor, batch, made)
            self._write_counts(cursor)
        for perform, batch in self._later:
            perform(batch)
        entered = self._contacts(*ExecutionState) if entering else []
        announcing.announce(self.scenario, entered, self._contacts(ExecutionState.COMPLETED), self.now)

    def _contacts(self, *states: str) -> list[int]:
        return [contact for one in self._settled if one.state in states for contact in one.batch.contacts]

    def _insert(self, cursor: Any, settled: _Settled) -> None:
        batch, columns = settled.batch, Columns()
        finished = settled.state != ExecutionState.WAITING
        cursor.execute(
            f"""INSERT INTO flows_execution (id, contact_id, event_id, moves, due_at, scenario_id, flow_id, state, node,
                                             single, entered_at, finished_at, error)
            SELECT {columns.many("bigint", batch.ids)}, {columns.many("bigint", batch.contacts)},
                   {columns.any("bigint", batch.events)}, {columns.any("int", batch.visits)},
                   {columns.any("timestamptz", settled.due_at)},
                   %s, %s, %s, %s, %s, %s, %s, ''
            ON CONFLICT DO NOTHING RETURNING id""",
            [
                *columns.values,
                self.scenario.pk,
                self.scenario.flow_id,
                settled.state,
                batch.node_id,
                self._keeps_place(finished),
                self.now,
                self.now if finished else None,
            ],
        )
        if cursor.rowcount < len(batch):
            raise AlreadyInside({row[0] for row in cursor.fetchall()})

    def _update(self, cursor: Any, settled: _Settled) -> None:
        batch, columns = settled.batch, Columns()
        finished = settled.state != ExecutionState.WAITING
        cursor.execute(
            f"""UPDATE flows_execution e
            SET state = %s, node = %s, due_at = u.due_at, moves = u.moves, single = e.single AND %s, finished_at = %s
            FROM (SELECT {columns.many("bigint", batch.ids)} AS id, {columns.any("int", batch.visits)} AS moves,
                         {columns.any("timestamptz", settled.due_at)} AS due_at) u
            WHERE e.id = u.id""",  # noqa: S608 - only column lists of our own
            [
                settled.state,
                batch.node_id,
                self._keeps_place(finished),
                self.now if finished else None,
                *columns.values,
            ],
        )

    def _keeps_place(self, finished: bool) -> bool:
        return not finished or self.scenario.reentry == Reentry.ONCE

    def _write_steps(self, cursor: Any, batch: Batch, made: list[tuple[str, str, str]]) -> None:
        columns = Columns()
        rows = ", ".join(["(%s::int, %s, %s, %s)"] * len(made))
        cursor.execute(
            f"""INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
            SELECT u.id, u.visit + v.n, v.node, v.outcome, v.reason, %s
            FROM (SELECT {columns.many("bigint", batch.ids)} AS id, {columns.any("int", batch.visits)} AS visit) u
            CROSS JOIN (VALUES {rows}) v (n, node, outcome, reason)""",  # noqa: S608 - placeholders only
            [self.now, *columns.values, *(part for n, step in enumerate(made) for part in (n, *step))],
        )

    def _write_counts(self, cursor: Any) -> None:
        counts = [(node, metric, n) for (node, metric), n in self._counts.items() if n]
        if counts:
            cursor.execute(
                """INSERT INTO flows_nodecount (scenario_id, node, metric, n)
                SELECT %s, * FROM unnest(%s::text[], %s::text[], %s::bigint[])""",
                [self.scenario.pk, *map(list, zip(*counts, strict=True))],
            )
