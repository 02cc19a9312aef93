"""Tells the canvas what it may not know itself: node types, and what each node of a graph says, asks and leads to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse

from contacts.remembering import remembering
from flows import graph as graphs
from flows import starting, validation
from flows.graph import GraphError, Problem
from flows.models import Scenario
from flows.nodes import registry
from flows.nodes.base import Group, Node, Trigger

EMPTY: dict[str, Any] = {"nodes": [], "edges": []}


def types() -> list[dict[str, Any]]:
    """The node types in the palette's order, as plain JSON."""
    return [
        {
            "key": kind.key,
            "label": kind.label,
            "group": kind.group.value,
            "icon": kind.icon,
            "hint": kind.hint,
            "has_input": not isinstance(kind, Trigger),
            "holding": list(kind.holding),
            "unavailable": _unavailable(kind),
            **{part: value for part, value in described(kind, {}).items() if part in ("ports", "problems")},
        }
        for kind in registry().values()
    ]


def palette(listed: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """What `types` gave, under its headings."""
    return [(group.value, [kind for kind in listed if kind["group"] == group.value]) for group in Group]


def _unavailable(kind: Node) -> dict[str, str] | None:
    found = kind.unavailable()
    if found is None:
        return None
    sentence, page = found
    try:
        return {"hint": sentence, "url": reverse(page)}
    except NoReverseMatch:
        return {"hint": sentence, "url": ""}


def described(kind: Node, config: dict[str, Any], nodes: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """What a card shows of a config: `{"summary", "problems", "ports"}`. An unfinished config has no summary.

    `nodes` are the sending nodes around it, as `named_nodes` gives them.
    """
    problems = validation.of_config(kind, config)
    return {
        "summary": "" if problems else kind.summary_among(config, nodes),
        "problems": problems,
        "ports": [asdict(port) for port in kind.ports(config)],
    }


def drawn(scenario: Scenario, now: datetime, graph: dict[str, Any] | None = None) -> dict[str, Any]:
    """A graph of the scenario (the draft, else the live one) with what its nodes say (`summaries`, `problems`, `ports`
    by node id) and `found`, what keeps it from starting, or from being published."""
    graph = graph or scenario.draft
    with remembering():
        found = validation.problems(graph) if graph else starting.check(scenario, now) if scenario.flow else []
        graph = graph or (scenario.flow.graph if scenario.flow else EMPTY)
        nodes = named_nodes(graph)
        said = {node["id"]: described(registry()[node["type"]], node["config"], nodes) for node in graph["nodes"]}
        return {
            **graph,
            "summaries": {node: parts["summary"] for node, parts in said.items()},
            "problems": {node: parts["problems"] for node, parts in said.items()},
            "ports": {node: parts["ports"] for node, parts in said.items()},
            "found": pinned(found),
        }


def pinned(problems: list[Problem]) -> list[dict[str, Any]]:
    return [asdict(problem) for problem in problems]


def named_nodes(graph: Any, but: str = "") -> list[tuple[str, str]]:
    """The sending nodes of a graph that is still being drawn, as (id, what to call it): what a rule may ask about."""
    try:
        nodes = [node for node in graphs.parse(graph).nodes.values() if node.kind.sends and node.id != but]
    except GraphError:
        return []
    with remembering():
        summaries = [described(node.kind, node.config)["summary"] for node in nodes]
    shared = {summary for summary, times in Counter(summaries).items() if times > 1}
    found = []
    for node, summary in zip(nodes, summaries, strict=True):
        name = f"{node.kind.label} {summary}" if summary in shared else summary
        found.append((node.id, name if summary else f"{node.kind.label} {node.id}"))
    return found


def event_of(graph: Any) -> str | None:
    """The name of the event that lets contacts into a graph that is still being drawn, if it is one that does."""
    try:
        nodes = graphs.parse(graph).nodes.values()
    except GraphError:
        return None
    events = (node.kind.event(node.config) for node in nodes if isinstance(node.kind, Trigger))
    return next((event.strip() for event in events if isinstance(event, str) and event.strip()), None)


def names(graph: dict[str, Any]) -> dict[str, str]:
    """What people call each node of a saved graph, by its id."""
    with remembering():
        nodes = named_nodes(graph)
        return {node["id"]: _name(registry()[node["type"]], node["config"], nodes) for node in graph["nodes"]}


def _name(kind: Node, config: dict[str, Any], nodes: Sequence[tuple[str, str]]) -> str:
    summary = described(kind, config, nodes)["summary"]
    return f"{kind.label}: {summary}" if summary else kind.label


def called(graph: dict[str, Any], node_id: str) -> tuple[str, dict[str, str]]:
    """What people call a node of a saved graph, such as “Wait: 7 days”, and the labels of its connectors by name."""
    node = next((node for node in graph["nodes"] if node["id"] == node_id), None)
    if node is None:
        return "a step that was removed", {}
    kind, config = registry()[node["type"]], node["config"]
    labels = {port.name: port.label for port in kind.ports(config) if port.label}
    return _name(kind, config, named_nodes(graph)), labels
