"""Finds out what has to be asked before a graph becomes the live one: whom it leaves without a place, and how many."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from flows.graph import Graph, parse
from flows.models import Execution, ExecutionState, Follows, NodeCount, Scenario, ScenarioState
from flows.nodes.base import Node

# The last connector by which an execution `e` left a node, as "NODE PORT"; an end is not left.
LAST_WAY = """(SELECT s.node || ' ' || s.outcome FROM flows_step s WHERE s.execution_id = e.id
    AND s.number >= e.moves - 2 AND s.outcome <> 'end' ORDER BY s.number DESC LIMIT 1)"""
# That an execution `e` came to its end, and that its contact has not entered again since and is not inside.
FINISHED = """e.state = 'completed' AND NOT EXISTS (SELECT FROM flows_execution o WHERE o.contact_id = e.contact_id
    AND o.scenario_id = e.scenario_id AND o.id <> e.id AND (o.id > e.id OR o.finished_at IS NULL))"""

End = tuple[str, str]


@dataclass(frozen=True)
class Questions:
    """How many contacts stand at each removed node, rest at each changed wait, and finished at each end that leads on
    now, as (node, port). What concerns nobody is not asked."""

    removed: dict[str, int]
    waits: dict[str, int]
    ends: dict[End, int]

    def __bool__(self) -> bool:
        return bool(self.removed or self.waits or self.ends)


def questions(scenario: Scenario, graph: dict[str, Any]) -> Questions:
    """What the tidy `graph` asks; its scenario was read together with its live flow."""
    if scenario.flow is None or scenario.state == ScenarioState.DRAFT:
        return Questions({}, {}, {})
    live, new = parse(scenario.flow.graph), parse(graph)
    return Questions(
        displaced(scenario, new),
        inside(scenario, changed_waits(live, new)) if scenario.follows == Follows.LIVE else {},
        finished(scenario, opened_ends(live, new)),
    )


def displaced(scenario: Scenario, graph: Graph) -> dict[str, int]:
    """How many stand at nodes that the graph no longer has, by node; none of those who finish an older version, or
    whom the live version already sends somewhere."""
    if scenario.follows != Follows.LIVE or scenario.flow is None:
        return {}
    known = scenario.flow.graph["nodes"]
    return inside(scenario, {node["id"] for node in known} - graph.nodes.keys())


def changed_waits(old: Graph, new: Graph) -> set[str]:
    """The nodes whose contacts would be due at another moment had they come under the new graph."""
    return {
        node.id
        for node in new.nodes.values()
        if type(node.kind).until is not Node.until
        and node.id in old.nodes
        and old.nodes[node.id].type == node.type
        and old.nodes[node.id].config != node.config
    }


def opened_ends(old: Graph, new: Graph) -> set[End]:
    """The (node, port) at which the old graph came to an end and the new one leads on."""
    return {
        (edge.source, edge.port)
        for edge in new.edges
        if edge.source in old.nodes
        and edge.port in {port.name for port in old.nodes[edge.source].kind.ports(old.nodes[edge.source].config)}
        and _ends(old, edge.source, edge.port)
        and not _ends(new, edge.source, edge.port)
    }


def _ends(graph: Graph, node: str, port: str) -> bool:
    target = graph.follow(node, port)
    return target is None or not graph.nodes[target].kind.ports(graph.nodes[target].config)


def inside(scenario: Scenario, nodes: Collection[str]) -> dict[str, int]:
    """How many contacts stand at these nodes, where anybody does."""
    if not nodes:
        return {}
    found: dict[str, int] = defaultdict(int)
    resting = NodeCount.objects.filter(scenario=scenario, node__in=nodes, metric="waiting")
    # Whoever is about to be worked on is in no count yet.
    about = Execution.objects.filter(
        scenario=scenario, node__in=nodes, state=ExecutionState.PENDING, due_at__isnull=False
    )
    for rows, number in ((resting, Sum("n")), (about, Count("pk"))):
        for node, n in rows.values_list("node").annotate(number=number):
            found[node] += n
    return {node: n for node, n in sorted(found.items()) if n}


def finished(scenario: Scenario, ends: Collection[End]) -> dict[End, int]:
    """How many contacts came to the end of their last pass at these ends, where anybody did."""
    if not ends:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT way, count(*) FROM (
                SELECT {LAST_WAY} AS way FROM flows_execution e WHERE e.scenario_id = %s AND {FINISHED}
            ) x WHERE way = ANY(%s) GROUP BY way ORDER BY way""",  # noqa: S608 - our own conditions
            [scenario.pk, [" ".join(end) for end in ends]],
        )
        return {(way.split(" ")[0], way.split(" ")[1]): n for way, n in cursor.fetchall()}
