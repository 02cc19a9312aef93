"""Puts contacts who failed, or are stuck, back into the queue: slice by slice, each in a transaction of its own.

What is left after the first slice is written down in the scenario (`Scenario.overdue`, "requeue": node, or "" for all
of them → how far it has come), in the same transaction. Executions are looked at in the order of their ids and once
each, so that whoever fails again is not put back again.
"""

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
from flows.transitions import NotReady, may, move, take

# Whoever should have gone on so long ago and still stands there is stuck.
PATIENCE = timedelta(minutes=5)
TRIES = 5
# So many are put back in one transaction; so many can be named, too.
SLICE = 10_000

_NEXT = "{which} AND id > %(after)s AND id <= %(upto)s ORDER BY id LIMIT %(limit)s"
# Who rested goes on from there (their due moment was kept), whoever had just arrived arrives anew. Of several passes of
# a contact who may be inside once only, the one that holds the place goes on, else the newest. The day on which they
# failed is the one that counts fewer: its number is that of passes which failed then and still have.
_FAILED = f"""
WITH wanted AS (
    SELECT id, contact_id, single, (finished_at AT TIME ZONE %(zone)s)::date AS failed_on
    FROM flows_execution WHERE scenario_id = %(scenario)s AND state = 'failed' AND {_NEXT}
), free AS (
    SELECT id, failed_on FROM wanted w WHERE NOT %(one_place)s OR single OR NOT EXISTS (
        SELECT FROM flows_execution WHERE scenario_id = %(scenario)s AND contact_id = w.contact_id
        AND (single OR state = 'failed' AND {{which}} AND id > w.id AND id <= %(upto)s)
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
SELECT (SELECT count(*) FROM moved), count(*), max(id) FROM wanted
"""  # noqa: S608 - our own words
_IS_STUCK = """scenario_id = %(scenario)s AND state IN ('pending', 'waiting')
    AND (due_at < %(long_ago)s OR due_at IS NULL AND (state = 'pending' OR node <> ALL(%(awaiting)s)))"""
_STUCK = f"""
WITH wanted AS (
    SELECT id FROM flows_execution WHERE {_IS_STUCK} AND {_NEXT} FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE flows_execution e SET due_at = %(now)s FROM wanted WHERE e.id = wanted.id
)
SELECT count(*), count(*), max(id) FROM wanted
"""  # noqa: S608
_COUNT_FAILED = "SELECT count(*) FROM flows_execution WHERE scenario_id = %(scenario)s AND state = 'failed' AND {which}"
_COUNT_STUCK = f"SELECT count(*) FROM flows_execution WHERE {_IS_STUCK} AND {{which}}"  # noqa: S608


@dataclass(frozen=True)
class Requeued:
    """How many go on; how many could not: they are inside again by another pass, or neither failed nor stuck; and how
    many are looked at from here on."""

    requeued: int
    refused: int
    left: int = 0


def requeue(
    scenario: Scenario, now: datetime, *, node: str | None = None, ids: Sequence[int] | None = None
) -> Requeued:
    """Let the failed and the stuck go on: those at a node, those of the passes (SLICE at most), or all. Raises
    WrongState or NotReady.

    A scenario that had completed in part runs again. More than a slice is left to `go_on`.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                done = _requeue(scenario, now, node, ids)
            break
        except IntegrityError:
            # A contact entered while we looked; the next look sees it.
            if not tries_left:
                raise
    lanes.nudge("advance")
    scenario.refresh_from_db()
    return done


def _requeue(scenario: Scenario, now: datetime, node: str | None, ids: Sequence[int] | None) -> Requeued:
    locked = take(scenario, "requeue")
    if locked.state == ScenarioState.COMPLETED_PARTIAL:
        if problems := validation.problems(locked.flow.graph):
            raise NotReady(problems)
        move(locked, "requeue", ScenarioState.RUNNING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM flows_execution")
        task = {"since": now.isoformat(), "upto": cursor.fetchone()[0], "after": 0, "requeued": 0, "looked": 0}
    task |= {"stuck": False, "ids": list(ids)} if ids is not None else {"stuck": False}
    more = _slice(locked, node, task, now)
    left = 0
    if more and ids is None:
        left = task["left"] = _count(locked, node, task, now)
        _write_down(locked, node, task)
    looked = len(set(ids)) if ids is not None else task["looked"]
    return Requeued(task["requeued"], looked - task["requeued"], left)


def go_on(now: datetime) -> bool:
    """Put back one more slice of each scenario where some are left. Returns whether there may be more."""
    begun = Scenario.objects.filter(overdue__has_key="requeue").order_by("pk")
    more = [_more(pk, now) for pk in begun.values_list("pk", flat=True)]
    return any(more)


def _more(pk: int, now: datetime) -> bool:
    """Nothing where another worker is at it."""
    try:
        with transaction.atomic():
            found = Scenario.objects.select_for_update(skip_locked=True, no_key=True)
            scenario = found.filter(pk=pk, overdue__has_key="requeue").first()
            if scenario is None:
                return False
            node, task = next(iter(scenario.overdue["requeue"].items()))
            before = task["looked"]
            # One that was stopped has let go of it.
            more = may(scenario, "requeue") and _slice(scenario, node or None, task, now)
            task["left"] = max(0, task["left"] - task["looked"] + before)
            _write_down(scenario, node, task if more else None)
    except IntegrityError:
        pass  # a contact entered while we looked: the next look sees it
    return True


def _write_down(scenario: Scenario, node: str | None, task: dict[str, Any] | None) -> None:
    tasks = scenario.overdue.get("requeue", {}) | {node or "": task}
    if tasks := {key: kept for key, kept in tasks.items() if kept}:
        scenario.overdue["requeue"] = tasks
    else:
        del scenario.overdue["requeue"]
    Scenario.objects.filter(pk=scenario.pk).update(overdue=scenario.overdue)


def _slice(scenario: Scenario, node: str | None, task: dict[str, Any], now: datetime) -> bool:
    """The failed first, and in a scenario that runs then the stuck. Returns whether there may be more."""
    which, values = _which(node, task.get("ids"))
    one_place = reentry.keeps_place(scenario.reentry, finished=False)
    values |= {"scenario": scenario.pk, "now": now, "one_place": one_place, "upto": task["upto"]}
    values |= {"day": day_of(now), "zone": zone_of_days()}
    left = SLICE
    while True:
        statement, signs = (_STUCK, _signs(scenario, _since(task))) if task["stuck"] else (_FAILED, {})
        with connection.cursor() as cursor:
            places = {"after": task["after"], "limit": left}
            cursor.execute(statement.format(which=which), values | signs | places)
            requeued, looked, last = cursor.fetchone()
        task["requeued"] += requeued
        task["looked"] += looked
        if looked == left:
            task["after"] = last
            return True
        if task["stuck"] or scenario.state != ScenarioState.RUNNING:
            return False
        task["stuck"], task["after"], left = True, 0, left - looked


def _since(task: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(task["since"])


def _count(scenario: Scenario, node: str | None, task: dict[str, Any], now: datetime) -> int:
    """How many are left to look at."""
    which, values = _which(node, None)
    values |= {"scenario": scenario.pk, "after": task["after"], **_signs(scenario, now)}
    behind = f"{which} AND id > %(after)s"
    with connection.cursor() as cursor:
        counts = []
        if not task["stuck"]:
            cursor.execute(_COUNT_FAILED.format(which=behind), values)
            counts += cursor.fetchone()
        if scenario.state == ScenarioState.RUNNING:
            cursor.execute(_COUNT_STUCK.format(which=behind if task["stuck"] else which), values)
            counts += cursor.fetchone()
    return sum(counts)


def left(scenario: Scenario, node: str | None = None) -> int:
    """How many who failed or are stuck are still to be put back: at a node, or in the whole scenario."""
    tasks = scenario.overdue.get("requeue", {})
    return sum(task["left"] for key, task in tasks.items() if node is None or key in ("", node))


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
    return ("node = %(node)s", {"node": node}) if node else ("true", {})


def _signs(scenario: Scenario, now: datetime) -> dict[str, Any]:
    """By what one sees that somebody is stuck."""
    flows = (
        [scenario.flow_id]
        if scenario.follows == Follows.LIVE
        else list(Flow.objects.filter(scenario=scenario).values_list("pk", flat=True))
    )
    awaiting = {node for flow in flows for nodes in graph_of(flow).awaited.values() for node in nodes}
    return {"long_ago": now - PATIENCE, "awaiting": sorted(awaiting)}
