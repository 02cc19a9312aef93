"""Reads the graph that the canvas, the API and the presets save, and refuses what is not a graph at all."""

import math
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flows.nodes import registry
from flows.nodes.base import Node, Trigger

MAX_NODES = 2_000
MAX_DEPTH = 240  # of the JSON: as deep as rule trees may be, of which each level takes two
MAX_COORDINATE = 1_000_000
NODE_ID = re.compile(r"[A-Za-z0-9_-]{1,50}")
SURROGATE = re.compile("[\x00\ud800-\udfff]")  # what PostgreSQL's jsonb cannot hold


@dataclass(frozen=True)
class Problem:
    """Why a graph cannot be saved or started; `node` is the id of the node it is pinned to, None for the whole."""

    node: str | None
    message: str


class GraphError(ValueError):
    """The JSON is not a graph; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class GraphNode:
    """One shape: `kind` is the node type that behaves for it."""

    id: str
    type: str
    config: dict[str, Any]
    x: float = 0
    y: float = 0

    @property
    def kind(self) -> Node:
        return registry()[self.type]

    @property
    def is_trigger(self) -> bool:
        return isinstance(self.kind, Trigger)


@dataclass(frozen=True)
class Edge:
    """A connection from a port of one node to another node."""

    source: str
    port: str
    target: str


@dataclass(frozen=True)
class Graph:
    """A well-formed graph; `flows.validation` says whether it also makes sense."""

    nodes: dict[str, GraphNode]
    edges: tuple[Edge, ...]
    _ways: dict[tuple[str, str], str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ways", {(edge.source, edge.port): edge.target for edge in self.edges})

    def follow(self, node_id: str, port: str) -> str | None:
        """The id of the node behind a port, or None where the way ends."""
        return self._ways.get((node_id, port))

    @property
    def triggers(self) -> list[GraphNode]:
        return [node for node in self.nodes.values() if node.is_trigger]

    @property
    def trigger(self) -> GraphNode | None:
        """The node through which contacts enter; None unless there is exactly one."""
        triggers = self.triggers
        return triggers[0] if len(triggers) == 1 else None

    @cached_property
    def back_edges(self) -> frozenset[tuple[str, str]]:
        """The (node id, port) of the edges that lead back to where contacts have been: each closes a loop."""
        ways: dict[str, list[Edge]] = {node_id: [] for node_id in self.nodes}
        for edge in self.edges:
            ways[edge.source].append(edge)
        found: set[tuple[str, str]] = set()
        done: set[str] = set()
        for trigger in self.triggers:
            path, open_ways = {trigger.id}, [(trigger.id, iter(ways[trigger.id]))]
            while open_ways:
                node_id, rest = open_ways[-1]
                edge = next(rest, None)
                if edge is None:
                    open_ways.pop()
                    path.discard(node_id)
                    done.add(node_id)
                elif edge.target in path:
                    found.add((edge.source, edge.port))
                elif edge.target not in done:
                    path.add(edge.target)
                    open_ways.append((edge.target, iter(ways[edge.target])))
        return frozenset(found)

    @cached_property
    def awaited(self) -> dict[str, list[str]]:
        """The ids of the nodes where contacts wait for an event, by the event's name."""
        found: dict[str, list[str]] = {}
        for node in self.nodes.values():
            if name := node.kind.awaits(node.config):
                found.setdefault(name, []).append(node.id)
        return found

    def successors(self) -> dict[str, list[str]]:
        """For every node id, the ids behind its ports."""
        found: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge.target)
        return found


def parse(graph_json: Any) -> Graph:
    """The graph in `{"nodes": […], "edges": […]}`; keys that are not known are ignored.

    Raises:
        GraphError: whatever JSON can hold in the wrong place, each reason as a sentence.
    """
    if not isinstance(graph_json, dict):
        raise GraphError([Problem(None, "A graph is an object with “nodes” and “edges”.")])
    problems = list(unstorable(graph_json))
    if problems:
        raise GraphError(problems)
    nodes = _nodes(graph_json.get("nodes", []), problems)
    # Edges to nodes that were refused would only repeat what was said about the nodes.
    edges = _edges(graph_json.get("edges", []), nodes, problems) if not problems else ()
    if problems:
        raise GraphError(problems)
    return Graph(nodes, edges)


def unstorable(graph_json: Any) -> list[Problem]:
    """What JSON can say and the database cannot keep: NUL, half characters, infinities, endless depth."""
    level = [graph_json]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and SURROGATE.search(item):
                return [Problem(None, "A text holds a character that cannot be stored.")]
            elif isinstance(item, float) and not math.isfinite(item):
                return [Problem(None, "A number is not finite.")]
            elif isinstance(item, int) and abs(item) > 10**18:
                return [Problem(None, "A number is too large.")]
        if not below:
            return []
        level = below
    return [Problem(None, f"The graph is nested more than {MAX_DEPTH} levels deep.")]


def _nodes(listed: Any, problems: list[Problem]) -> dict[str, GraphNode]:
    if not isinstance(listed, list):
        problems.append(Problem(None, "“nodes” is a list of nodes."))
        return {}
    if len(listed) > MAX_NODES:
        problems.append(Problem(None, f"A scenario has at most {MAX_NODES:,} nodes; this one has {len(listed):,}."))
        return {}
    nodes: dict[str, GraphNode] = {}
    for place, item in enumerate(listed, 1):
        node_id = item.get("id") if isinstance(item, dict) else None
        if not isinstance(node_id, str) or not NODE_ID.fullmatch(node_id):
            message = "needs an “id” of up to 50 letters, digits, “-” and “_”."
            problems.append(Problem(None, f"Node {place} of the list {message}"))
        elif node_id in nodes:
            problems.append(Problem(node_id, f"Two nodes have the id “{node_id}”."))
        else:
            refusal, node = _node(node_id, item)
            problems += [Problem(node_id, refusal)] if refusal else []
            nodes[node_id] = node
    return nodes


def _node(node_id: str, item: dict[str, Any]) -> tuple[str, GraphNode]:
    kind, config = item.get("type"), item.get("config")
    node = GraphNode(node_id, str(kind), {} if config is None else config, item.get("x", 0), item.get("y", 0))
    if not isinstance(kind, str) or kind not in registry():
        return f"There is no node type “{str(kind)[:50]}”. Types are {', '.join(registry())}.", node
    if not isinstance(node.config, dict):
        return "“config” is an object.", node
    if not _is_coordinate(node.x) or not _is_coordinate(node.y):
        return f"“x” and “y” are numbers between -{MAX_COORDINATE:,} and {MAX_COORDINATE:,}.", node
    return "", node


def _is_coordinate(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_COORDINATE


def _edges(listed: Any, nodes: dict[str, GraphNode], problems: list[Problem]) -> tuple[Edge, ...]:
    if not isinstance(listed, list):
        problems.append(Problem(None, "“edges” is a list of edges."))
        return ()
    ports = {node.id: {port.name for port in node.kind.ports(node.config)} for node in nodes.values()}
    edges: dict[tuple[str, str], Edge] = {}
    for place, item in enumerate(listed, 1):
        pinned, refusal = _edge_problem(item, nodes, ports, edges)
        if refusal:
            problems.append(Problem(pinned, f"Edge {place} of the list {refusal}" if pinned is None else refusal))
            if len(problems) >= 100:
                break
        else:
            edge = Edge(item["from"], item.get("port", "next"), item["to"])
            edges[edge.source, edge.port] = edge
    return tuple(edges.values())


def _edge_problem(
    item: Any, nodes: dict[str, GraphNode], ports: dict[str, set[str]], edges: dict[tuple[str, str], Edge]
) -> tuple[str | None, str]:
    """(id of the node concerned or None, sentence), the sentence empty when the edge is good."""
    if not isinstance(item, dict):
        return None, "is not an object with “from”, “port” and “to”."
    source, port, target = item.get("from"), item.get("port", "next"), item.get("to")
    if not isinstance(source, str) or source not in nodes:
        return None, f"comes from “{str(source)[:50]}”, and there is no such node."
    if not isinstance(port, str) or port not in ports[source]:
        known = ", ".join(f"“{name}”" for name in sorted(ports[source])) or "none"
        return source, f"This node has no output “{str(port)[:50]}”. Its outputs: {known}."
    if not isinstance(target, str) or target not in nodes:
        return source, f"The output “{port}” leads to “{str(target)[:50]}”, and there is no such node."
    if nodes[target].is_trigger:
        return target, "A trigger has no input: contacts enter the scenario through it."
    if (source, port) in edges:
        return source, f"The output “{port}” has two connections. An output leads to one node only."
    return None, ""


def saved_trigger(graph_json: dict[str, Any]) -> dict[str, Any] | None:
    """The trigger node of a graph that was saved, as JSON, without parsing the rest; None while it has none."""
    return next((node for node in graph_json["nodes"] if isinstance(registry()[node["type"]], Trigger)), None)
