"""Works off what new versions mean to contacts who were in their scenarios already: slice by slice, each once.

Contacts of removed nodes go where the version sends them, those at changed waits are timed anew, those who had
finished where it leads on go on, and those who passed where steps were inserted get them: who stands right behind goes
back to them, for whom is further on that is written down (`flows.errands`). Whoever is done falls out of the condition
by which they are found, in the same transaction: how often a slice is begun, and by how many workers, does not matter.
`settled_up_to` only spares looking at the same rows again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from contacts.columns import Columns, literal
from contacts.days import zone_of_days
from flows import engine, errands, reentry
from flows.asking import FINISHED, LAST_WAY
from flows.claiming import COLUMNS, Crowd, Standing, gathered, locked
from flows.cohorts import COHORT
from flows.kept_graphs import Kept, kept
from flows.models import ExecutionState, Flow, Follows, Scenario, ScenarioState
from flows.stretch import Stretch, write

# So many ids are looked at in one slice, however few of them are concerned.
WINDOW = 200_000
INSIDE = (ExecutionState.PENDING, ExecutionState.WAITING)

# Whom a version concerns: at removed nodes; resting at changed waits since before it; finished where it leads on now.
# Who waits for an event and is due may have had it: they are left to their node.
_CONCERNED = f"""e.scenario_id = %(scenario)s AND (
    (e.state IN ('pending', 'waiting') AND e.node = ANY(%(removed)s))
    OR (e.state = 'waiting' AND e.node = ANY(%(retimed)s) AND e.flow_id <> %(flow)s
        AND (e.due_at IS NULL OR e.due_at > %(now)s OR e.node <> ALL(%(hearing)s)))
    OR (e.state IN ('pending', 'waiting') AND e.node = ANY(%(behind)s)
        AND {LAST_WAY} || ' ' || e.node = ANY(%(inserted)s))
    OR (e.node = ANY(%(ended)s) AND {FINISHED} AND {LAST_WAY} = ANY(%(ways)s)))"""


def settle(now: datetime) -> bool:
    """Work off a slice of one version. Returns whether there may be more."""
    unsettled = Scenario.objects.filter(flow__settled_at=None, flow__isnull=False)
    for pk, flow, backfills, inserts in unsettled.values_list("pk", "flow", "flow__backfills", "flow__inserts"):
        try:
            with transaction.atomic():
                if backfills or inserts:
                    # Whoever is sent on takes their place again: nobody may enter meanwhile, or the two would wait for
                    # each other.
                    Scenario.objects.select_for_update(no_key=True).filter(pk=pk).first()
                if _settle(pk, flow, now):
                    return True
        except IntegrityError:
            return True  # somebody who had finished is entering anew at this moment: look again
    return False


def _settle(pk: int, flow: int, now: datetime) -> bool:
    """A slice of this version, unless another worker is at it, or a newer one has taken over."""
    unsettled = Flow.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=flow, settled_at=None)
    # The scenario first, as publishing does, which waits for this slice or comes before it.
    for scenario in locked([pk], list(ScenarioState)):
        for version in unsettled if scenario.flow_id == flow else ():
            return _slice(scenario, version, now)
    return False


def _slice(scenario: Scenario, version: Flow, now: datetime) -> bool:
    """Whether it came to anything."""
    condition = _condition(scenario, version, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM flows_execution")
        last = cursor.fetchone()[0]
    until = min(version.settled_up_to + WINDOW, last)
    concerned = _ids(condition, version.settled_up_to, until)
    if len(concerned) >= engine.BATCH:
        until = concerned[-1]
    claimed = _claim(condition, concerned)
    _work(scenario, version, claimed, now)
    held = set(concerned) - set(claimed.ids)
    # Somebody else is moving these: unless that comes to nothing, they will not be concerned any more.
    until = min(held) - 1 if held else until
    if version.inserts:
        errands.write_down(scenario, version, version.settled_up_to, until, now)
    version.settled_up_to = until
    if version.settled_up_to >= last:
        version.settled_at = now
    version.save(update_fields=["settled_up_to", "settled_at"])
    return bool(claimed) or not held


def _condition(scenario: Scenario, version: Flow, now: datetime) -> dict[str, Any]:
    follow = scenario.follows == Follows.LIVE
    graph = kept(version.pk).graph
    retimed = [node for node in version.retimes if follow and node in graph.nodes]
    ended = _ended(version) if version.backfills else set()
    inserted = errands.targets(graph, version.inserts) if follow else {}
    return {
        "scenario": scenario.pk,
        "cleared_upto": scenario.cleared_upto,
        "flow": version.pk,
        "now": now,
        "removed": [node for node in version.redirects if follow and node not in graph.nodes],
        "retimed": retimed,
        "hearing": [node for node in retimed if graph.nodes[node].kind.awaits(graph.nodes[node].config)],
        "behind": sorted({node for _, node in inserted}),
        "inserted": [f"{way} {node}" for way, node in inserted],
        "ended": sorted(ended),
        "ways": [" ".join(end) for end in version.backfills],
    }


def _ended(version: Flow) -> set[str]:
    """Where those stand who had finished where the version leads on: at the node whose port was open, or at a shape
    that ended passes behind it in any earlier version, however long ago it was removed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT edge ->> 'to' FROM flows_flow f, jsonb_array_elements(f.graph -> 'edges') edge
            WHERE f.scenario_id = %s AND f.number < %s AND edge ->> 'from' || ' ' || (edge ->> 'port') = ANY(%s)""",
            [version.scenario_id, version.number, [" ".join(end) for end in version.backfills]],
        )
        return {node for node, _ in version.backfills} | {to for (to,) in cursor.fetchall()}


def _ids(condition: dict[str, Any], after: int, until: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT e.id FROM flows_execution e WHERE e.id > %(after)s AND e.id <= %(until)s AND {_CONCERNED}
            ORDER BY e.id LIMIT %(limit)s""",  # noqa: S608 - our own conditions
            condition | {"after": after, "until": until, "limit": engine.BATCH},
        )
        return [row[0] for row in cursor.fetchall()]


def _claim(condition: dict[str, Any], ids: Sequence[int]) -> Crowd:
    """Those of them whom nobody else is moving, locked and looked at again: waiting for a worker who waits for the
    scenario would never end."""
    return gathered(
        f"""SELECT {COLUMNS}, false AS late, (e.id <= %(cleared_upto)s) IS TRUE AS cleared FROM flows_execution e
        WHERE e.id = ANY(%(ids)s::bigint[]) AND {_CONCERNED}
        ORDER BY e.id FOR UPDATE SKIP LOCKED""",  # noqa: S608 - our own columns
        condition | {"ids": literal(ids)},
    )


def _work(scenario: Scenario, version: Flow, claimed: Crowd, now: datetime) -> None:
    flow = kept(version.pk)
    # Whoever is leaving anyhow is left to do so.
    inside = [one for one in claimed.standings if one.state in INSIDE and not one.cleared]
    removed = [one for one in inside if one.node not in flow.graph.nodes]
    if scenario.state == ScenarioState.RUNNING:
        engine.carry([scenario], Crowd(removed), now)
    else:
        _place(scenario, flow, removed, now)
    targets = errands.targets(flow.graph, version.inserts)
    behind = {node for _, node in targets}
    for one in inside:
        if one.node in behind and (one := _back(scenario, flow, targets, one, now)) is None:
            continue
        if one.node in version.retimes and one.node in flow.graph.nodes:
            _retime(scenario, flow, one, now)
    finished = Crowd(one for one in claimed.standings if one.state not in INSIDE)
    if finished:
        _send_on(scenario, version, finished.ids, now)


def _place(scenario: Scenario, flow: Kept, standings: Sequence[Standing], now: datetime) -> None:
    """While nobody moves: they stand at their new node, and are worked on when the scenario goes on."""
    stretch = Stretch(scenario, flow, now)
    for one in standings:
        stretch.place(stretch.batch(one), resting=one.state == ExecutionState.WAITING)
    write([stretch])


def _back(
    scenario: Scenario, flow: Kept, targets: dict[tuple[str, str], str], one: Standing, now: datetime
) -> Standing | None:
    """Those who came to this node by a way that leads to an inserted step now are before that one, whose time is
    counted from when they came here. Returns the others."""
    ways = errands.last_ways(one.ids)
    places: dict[str, list[int]] = {}
    rest: list[int] = []
    for place, pk in enumerate(one.ids):
        target = targets.get((ways.get(pk, ""), one.node))
        places.setdefault(target, []).append(place) if target else rest.append(place)
    stretch = Stretch(scenario, flow, now)
    for target, whose in places.items():
        stretch.put_before(stretch.batch(one.part(whose)), target, one.state == ExecutionState.WAITING)
    write([stretch])
    return one.part(rest) if rest else None


def _retime(scenario: Scenario, flow: Kept, one: Standing, now: datetime) -> None:
    """They rest until the version's own moment, counted from when they came; where that is over, they are due now."""
    batch = Stretch(scenario, flow, now).batch(one)
    moments = flow.graph.nodes[one.node].kind.until(batch)
    if moments is None:
        return
    due = [moment and max(moment, now) for moment in moments]
    columns = Columns()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE flows_execution e SET due_at = u.due_at, flow_id = %s
            FROM (SELECT {columns.many("bigint", batch.ids)} AS id, {columns.any("timestamptz", due)} AS due_at) u
            WHERE e.id = u.id""",  # noqa: S608 - only column lists of our own
            [flow.id, *columns.values],
        )


def _send_on(scenario: Scenario, version: Flow, ids: Sequence[int], now: datetime) -> None:
    """They stand before what has been added behind the end that they had come to. The day on which they came to it
    counts fewer."""
    graph = kept(version.pk).graph
    ways = {" ".join(end): graph.follow(*end) for end in version.backfills}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO flows_nodecount (scenario_id, node, metric, day, n)
            SELECT %s, '', v.metric, (finished_at AT TIME ZONE %s)::date, -count(*) FROM flows_execution e
            CROSS JOIN LATERAL (VALUES
                ('completed'), ('{COHORT}' || date_trunc('week', entered_at AT TIME ZONE %s)::date)
            ) v (metric) WHERE e.id = ANY(%s::bigint[]) AND {LAST_WAY} = ANY(%s::text[])
            GROUP BY 3, 4""",  # noqa: S608 - as below
            [scenario.pk, zone_of_days(), zone_of_days(), literal(ids), list(ways)],
        )
        cursor.execute(
            f"""UPDATE flows_execution e SET state = 'pending', node = t.node, due_at = %s, arrived_at = %s,
                finished_at = NULL, flow_id = %s, single = %s
            FROM unnest(%s::text[], %s::text[]) AS t (way, node)
            WHERE e.id = ANY(%s::bigint[]) AND {LAST_WAY} = t.way""",  # noqa: S608 - our own condition
            [
                now,
                now,
                version.pk,
                reentry.keeps_place(scenario.reentry, finished=False),
                list(ways),
                list(ways.values()),
                literal(ids),
            ],
        )
