"""Brings contacts the steps that were inserted where they had passed already, without moving them from where they are.

Whom a version concerns is written down while it is settled (`written_down`), each pass once; `run` then works off what
is due. An errand's steps are numbered below zero, downwards by a hundred thousand for each time it goes on: they are no
part of the pass's own way, whose numbers say how far it has come and where it came from.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from contacts import contact_zones
from contacts.columns import literal
from contacts.days import day_of
from flows import exits
from flows.asking import LAST_WAY
from flows.chains.compiling import step_of
from flows.claiming import running
from flows.isolating import isolating, reason_of
from flows.kept_graphs import graph_of
from flows.models import Flow, NodeCount, Scenario
from flows.nodes import registry
from flows.nodes.base import Batch, Do, Group, Leave, Node, Rest
from flows.stretch import MOST_NODES_PER_STRETCH

BATCH = 5_000
# The metric of those who have an errand at a node.
LATE = "late"
BLOCK = 100_000

# Passes that have taken one of the ways which lead to an inserted step now, and neither got it nor stand before it.
_PASSED = """FROM flows_execution e JOIN flows_step s ON s.execution_id = e.id
JOIN unnest(%(ways)s::text[], %(targets)s::text[]) AS t (way, target) ON t.way = s.node || ' ' || s.outcome
WHERE e.scenario_id = %(scenario)s AND e.state IN ('pending', 'waiting', 'completed')
    AND (e.id <= %(cleared_upto)s) IS NOT TRUE AND s.number >= 0
    AND NOT (e.node = t.target AND e.state <> 'completed')
    AND NOT EXISTS (SELECT FROM flows_step g WHERE g.execution_id = e.id AND g.node = t.target)
    AND NOT EXISTS (SELECT FROM flows_errand d WHERE d.execution_id = e.id AND d.node = t.target)"""
_WRITE_DOWN = f"""
WITH made AS (
    INSERT INTO flows_errand (scenario_id, execution_id, flow_id, node, since, due_at, resting)
    SELECT DISTINCT ON (e.id) e.scenario_id, e.id, %(flow)s, t.target, s.at, %(now)s, false
    {_PASSED} AND e.id > %(after)s AND e.id <= %(until)s ORDER BY e.id, s.number
    ON CONFLICT DO NOTHING RETURNING node
)
INSERT INTO flows_nodecount (scenario_id, node, metric, day, n)
SELECT %(scenario)s, node, '{LATE}', %(day)s, count(*) FROM made GROUP BY node
"""  # noqa: S608 - our own words
_COUNT = f"SELECT count(DISTINCT e.id) {_PASSED}"
_CLAIM = """
SELECT r.id, r.scenario_id, r.flow_id, r.node, r.resting, r.since, r.execution_id, e.contact_id, e.event_id,
    (e.state IN ('pending', 'waiting', 'completed')) IS TRUE AND (e.id <= s.cleared_upto) IS NOT TRUE,
    (SELECT least(min(p.number), 0) FROM flows_step p WHERE p.execution_id = e.id),
    (r.due_at < (s.overdue ->> 'resumed')::timestamptz
        - make_interval(secs => (s.overdue ->> 'skip_older_than')::float)) IS TRUE
FROM flows_errand r JOIN flows_scenario s ON s.id = r.scenario_id LEFT JOIN flows_execution e ON e.id = r.execution_id
WHERE s.state = 'running' AND r.due_at <= %s ORDER BY r.due_at, r.id LIMIT %s FOR UPDATE OF r SKIP LOCKED
"""


@dataclass(frozen=True)
class Errand:
    """As it was claimed; `goes` is false where the contact has left meanwhile, `late` true where it was due so long
    before the chain was resumed that its messages are to be skipped."""

    id: int
    scenario: int
    flow: int
    node: str
    resting: bool
    since: datetime
    execution: int
    contact: int
    event: int | None
    goes: bool
    lowest: int
    late: bool


@dataclass
class _Done:
    """What a batch of errands came to: steps, counts, and where those that are not over rest."""

    now: datetime
    steps: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    resting: list[tuple[int, str, datetime]] = field(default_factory=list)


def passed(scenario: Scenario, graph: Any, inserts: dict[str, Any]) -> int:
    """How many contacts are past the place where steps are inserted, and not at the one right after it."""
    if not inserts.get("ways"):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _ways(scenario, graph, inserts))
        return cursor.fetchone()[0]


def write_down(scenario: Scenario, version: Flow, after: int, until: int, now: datetime) -> None:
    """The errands of passes with ids in (after, until], as the version inserts steps before where they are."""
    values = _ways(scenario, graph_of(version.pk), version.inserts)
    with connection.cursor() as cursor:
        values |= {"flow": version.pk, "after": after, "until": until, "now": now, "day": day_of(now)}
        cursor.execute(_WRITE_DOWN, values)


def _ways(scenario: Scenario, graph: Any, inserts: dict[str, Any]) -> dict[str, Any]:
    ways = [(node, port) for node, port, _ in inserts["ways"] if graph.follow(node, port)]
    return {
        "scenario": scenario.pk,
        "cleared_upto": scenario.cleared_upto,
        "ways": [" ".join(way) for way in ways],
        "targets": [graph.follow(*way) for way in ways],
    }


def targets(graph: Any, inserts: dict[str, Any]) -> dict[tuple[str, str], str]:
    """("NODE PORT", node before which they stand) → where those go who have come there that way."""
    found = {(f"{node} {port}", old): graph.follow(node, port) for node, port, old in inserts.get("ways", [])}
    return {key: target for key, target in found.items() if target and target != key[1]}


def last_ways(executions: Sequence[int]) -> dict[int, str]:
    """The connector by which each came to where it stands, as "NODE PORT"."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.id, {LAST_WAY} FROM flows_execution e WHERE e.id = ANY(%s::bigint[])",  # noqa: S608 - our own
            [literal(list(executions))],
        )
        return dict(cursor.fetchall())


def run(now: datetime) -> bool:
    """Work off what is due of running scenarios: one batch. Returns whether there may be more."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [now, BATCH])
            claimed = [Errand(*row) for row in cursor.fetchall()]
        scenarios = {scenario.pk: scenario for scenario in running({one.scenario for one in claimed})}
        groups: dict[tuple[int, int, str, bool, bool], list[Errand]] = defaultdict(list)
        for one in claimed:
            if one.scenario in scenarios:
                groups[one.scenario, one.flow, one.node, one.resting, one.late].append(one)
        for (pk, *_), errands in groups.items():
            scenario = scenarios[pk]
            isolating(
                lambda part, scenario=scenario: _work(scenario, part, now),  # type: ignore[misc]
                errands,
                lambda one, error, scenario=scenario: _fail(scenario, one, error, now),  # type: ignore[misc]
            )
    return len(claimed) == BATCH


def _work(scenario: Scenario, errands: Sequence[Errand], now: datetime) -> None:
    """Errands of one scenario that stand at the same node in the same way."""
    first, done, graph = errands[0], _Done(now), graph_of(scenario.flow_id)
    inserted = set(Flow.objects.values_list("inserts__steps", flat=True).get(pk=first.flow))
    going = [one for one in errands if one.goes]
    since = {one.execution: one.since for one in going}
    batch = Batch(
        scenario.origin,
        first.node,
        {},
        now,
        [one.execution for one in going],
        [one.contact for one in going],
        [one.lowest - BLOCK for one in going],
        [one.event for one in going],
        contact_zones.zones_of,
        lambda _: since,
        late=first.late,
    )
    todo = [(batch, first.resting)] if going else []
    for _ in range(MOST_NODES_PER_STRETCH):
        if not todo:
            break
        batch, resting = todo.pop()
        node = graph.nodes.get(batch.node_id)
        if node is None or not len(batch):
            continue  # the step has been removed again
        batch = replace(batch, config=node.config)
        kind = registry()[node.type]
        if kind.group is Group.ACTIONS and exits.any_for(scenario):
            batch, _leaving = exits.sort(scenario, batch, False)
        for outcome in _outcomes(kind, batch, resting):
            if not len(outcome.batch):
                continue
            if isinstance(outcome, Rest):
                _rest(done, outcome)
            elif isinstance(outcome, (Leave, Do)):
                if isinstance(outcome, Do):
                    outcome.perform([outcome.batch])
                onward = _leave(done, outcome)
                target = graph.follow(batch.node_id, outcome.port)
                if target and step_of(target) in inserted:
                    since = dict.fromkeys(onward.ids, now)
                    todo.append((replace(onward, node_id=target, arrivals_of=lambda _: {}), False))
    _write(scenario, errands, done)


def _outcomes(kind: Node, batch: Batch, resting: bool) -> Sequence[Any]:
    """What becomes of them; at a wait it is counted from when the step before had run."""
    if resting:
        return list(kind.wake(batch))
    moments = kind.until(batch)
    if moments is None:
        return list(kind.run(batch))
    later = [i for i, moment in enumerate(moments) if moment and moment > batch.now]
    over = [i for i, moment in enumerate(moments) if not moment or moment <= batch.now]
    rest = Rest(batch.part(later), [moment for moment in moments if moment and moment > batch.now])
    return [rest, Leave(batch.part(over), reason="Its time was over when the step was added.")]


def _rest(done: _Done, outcome: Rest) -> None:
    batch = outcome.batch
    assert isinstance(outcome.due_at, Sequence)
    for execution, moment in zip(batch.ids, outcome.due_at, strict=True):
        done.resting.append((execution, batch.node_id, moment))


def _leave(done: _Done, outcome: Leave | Do) -> Batch:
    batch = outcome.batch
    done.counts[batch.node_id, "entered"] += len(batch)
    done.counts[batch.node_id, f"left:{outcome.port}"] += len(batch)
    onward = replace(batch, trail=(*batch.trail, (batch.node_id, outcome.port, outcome.reason)))
    for execution, number in zip(batch.ids, batch.visits, strict=True):
        done.steps.append((execution, number, batch.node_id, outcome.port, outcome.reason))
    return onward


def _write(scenario: Scenario, errands: Sequence[Errand], done: _Done) -> None:
    by_execution = {one.execution: one for one in errands}
    for one in errands:
        done.counts[one.node, LATE] -= 1
    for _, node, _moment in done.resting:
        done.counts[node, LATE] += 1
    rest = {execution for execution, _, _ in done.resting}
    over = [one.id for one in errands if one.execution not in rest]
    kept = [(by_execution[execution].id, node, due) for execution, node, due in done.resting]
    with connection.cursor() as cursor:
        if done.steps:
            columns = [list(column) for column in zip(*done.steps, strict=True)]
            cursor.execute(
                """INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
                SELECT *, %s FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[]) AS one""",
                [done.now, *columns],
            )
        if kept:
            columns = [list(column) for column in zip(*kept, strict=True)]
            cursor.execute(
                """UPDATE flows_errand r SET node = u.node, due_at = u.due_at, resting = true
                FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS u (id, node, due_at) WHERE r.id = u.id""",
                columns,
            )
        cursor.execute("DELETE FROM flows_errand WHERE id = ANY(%s)", [over])
    _count(scenario, done.counts, done.now)


def _count(scenario: Scenario, counts: dict[tuple[str, str], int], now: datetime) -> None:
    NodeCount.objects.bulk_create(
        NodeCount(scenario=scenario, node=node, metric=metric, day=day_of(now), n=n)
        for (node, metric), n in counts.items()
        if n
    )


def _fail(scenario: Scenario, one: Errand, error: Exception, now: datetime) -> None:
    """It is over, with what went wrong; the pass itself goes on where it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
            VALUES (%s, %s, %s, 'failed', %s, %s)""",
            [one.execution, one.lowest - BLOCK, one.node, reason_of(error), now],
        )
        cursor.execute("DELETE FROM flows_errand WHERE id = %s", [one.id])
    _count(scenario, {(one.node, "entered"): 1, (one.node, LATE): -1}, now)
