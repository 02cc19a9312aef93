"""Puts contacts who failed, or are stuck, back into the queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction

from contacts import lanes
from contacts.columns import literal
from contacts.days import day_of, zone_of_days
from flows import reentry, validation
from flows.kept_graphs import graph_of
from flows.models import Flow, Follows, Scenario, ScenarioState
from flows.transitions import NotReady, move, take

# Whoever should have gone on so long ago and still stands there is stuck.
PATIENCE = timedelta(minutes=5)
TRIES = 5

# Who rested goes on from there (their due moment was kept), whoever had just arrived arrives anew. Of several passes of
# a contact who may be inside once only, the one that holds the place goes on, else the newest. The day on which they
# failed is the one that counts fewer: its number is that of passes which failed then and still have.
_FAILED = """
WITH wanted AS (
    SELECT id, contact_id, single, (finished_at AT TIME ZONE %(zone)s)::date AS failed_on,
        row_number() OVER (PARTITION BY contact_id ORDER BY single DESC, id DESC) AS nth
    FROM flows_execution WHERE scenario_id = %(scenario)s AND state = 'failed' AND {which}
), free AS (
    SELECT id, failed_on FROM wanted w WHERE NOT %(one_place)s OR single OR nth = 1 AND NOT EXISTS (
        SELECT FROM flows_execution WHERE scenario_id = %(scenario)s AND contact_id = w.contact_id AND single
    )
), moved AS (
    UPDATE flows_execution e SET state = CASE WHEN due_at IS NULL THEN 'pending' ELSE 'waiting' END,
        arrived_at = CASE WHEN due_at IS NULL THEN %(now)s ELSE arrived_at END,
        due_at = %(now)s, error = '', finished_at = NULL, single = %(one_place)s
    FROM free WHERE e.id = free.id AND e.state = 'failed' RETURNING e.node, e.state, free.failed_on
), counted AS (
    INSERT INTO flows_nodecount (scenario_id, day, node, metric, n)
    SELECT %(scenario)s, v.day, v.node, metric, sum(n) FROM moved CROSS JOIN LATERAL (
        VALUES (moved.node, failed_on, 'failed', -1), ('', failed_on, 'failed', -1),
            (moved.node, %(day)s, 'waiting', (state = 'waiting')::int),
            (moved.node, %(day)s, 'entered', (state = 'waiting')::int)
    ) v (node, day, metric, n) GROUP BY v.day, v.node, metric HAVING sum(n) <> 0
)
SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM wanted)
"""
_IS_STUCK = """scenario_id = %(scenario)s AND state IN ('pending', 'waiting') AND {which}
    AND (due_at < %(long_ago)s OR due_at IS NULL AND (state = 'pending' OR node <> ALL(%(awaiting)s)))"""
_STUCK = f"""
UPDATE flows_execution SET due_at = %(now)s WHERE id IN (
    SELECT id FROM flows_execution WHERE {_IS_STUCK} FOR UPDATE SKIP LOCKED
)"""  # noqa: S608 - our own words
_COUNT_STUCK = f"SELECT count(*) FROM flows_execution WHERE {_IS_STUCK}"  # noqa: S608


@dataclass(frozen=True)
class Requeued:
    """How many go on, and how many could not: they are inside again by another pass, or neither failed nor stuck."""

    requeued: int
    refused: int


def requeue(
    scenario: Scenario, now: datetime, *, node: str | None = None, ids: Sequence[int] | None = None
) -> Requeued:
    """Let the failed and the stuck go on: those at a node, or those of the passes. Raises WrongState or NotReady.

    A scenario that had completed in part runs again.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return _requeue(scenario, now, node, ids)
        except IntegrityError:
            # A contact entered while we looked; the next look sees it.
            if not tries_left:
                raise
    raise AssertionError


def _requeue(scenario: Scenario, now: datetime, node: str | None, ids: Sequence[int] | None) -> Requeued:
    locked = take(scenario, "requeue")
    if locked.state == ScenarioState.COMPLETED_PARTIAL:
        if problems := validation.problems(locked.flow.graph):
            raise NotReady(problems)
        move(locked, "requeue", ScenarioState.RUNNING)
    which, values = _which(node, ids)
    values |= {
        "scenario": locked.pk,
        "now": now,
        "day": day_of(now),
        "zone": zone_of_days(),
        "one_place": reentry.keeps_place(locked.reentry, finished=False),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FAILED.format(which=which), values)
        requeued, wanted = cursor.fetchone()
        if locked.state == ScenarioState.RUNNING:
            cursor.execute(_STUCK.format(which=which), values | _signs(locked, now))
            requeued, wanted = requeued + cursor.rowcount, wanted + cursor.rowcount
    lanes.nudge("advance")
    scenario.refresh_from_db()
    return Requeued(requeued, (len(set(ids)) if ids is not None else wanted) - requeued)


def stuck(scenario: Scenario, node: str, now: datetime) -> int:
    """How many are stuck at a node of a running scenario."""
    if scenario.state != ScenarioState.RUNNING:
        return 0
    which, values = _which(node, None)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_STUCK.format(which=which), values | {"scenario": scenario.pk} | _signs(scenario, now))
        return cursor.fetchone()[0]


def _which(node: str | None, ids: Sequence[int] | None) -> tuple[str, dict[str, Any]]:
    if ids is not None:
        return "id = ANY(%(ids)s::bigint[])", {"ids": literal(ids)}
    return "node = %(node)s", {"node": node}


def _signs(scenario: Scenario, now: datetime) -> dict[str, Any]:
    """By what one sees that somebody is stuck."""
    flows = (
        [scenario.flow_id]
        if scenario.follows == Follows.LIVE
        else list(Flow.objects.filter(scenario=scenario).values_list("pk", flat=True))
    )
    awaiting = {node for flow in flows for nodes in graph_of(flow).awaited.values() for node in nodes}
    return {"long_ago": now - PATIENCE, "awaiting": sorted(awaiting)}
