"""Says what keeps a graph from being saved or started, as sentences pinned to its nodes."""

import json
from collections.abc import Iterator
from typing import Any

from contacts.remembering import remembered, remembering
from flows import graph as graphs
from flows.graph import Graph, GraphError, Problem
from flows.nodes import registry
from flows.nodes.base import Node, Trigger

__all__ = ["Problem", "of_config", "problems", "structure", "tidy"]


def structure(graph_json: Any) -> list[Problem]:
    """What cannot even be saved: JSON that is no graph, a second trigger, an endless loop. An unfinished graph can."""
    try:
        graph = graphs.parse(graph_json)
    except GraphError as error:
        return error.problems
    return [*_second_triggers(graph), *_endless(graph)]


def problems(graph_json: Any, launching: bool = True) -> list[Problem]:
    """What prevents a start, the structure included; without `launching`, of the graph itself only, whether or not
    its channels have providers now."""
    try:
        graph = graphs.parse(graph_json)
    except GraphError as error:
        return error.problems
    with remembering():
        return [
            *_no_trigger(graph),
            *_second_triggers(graph),
            *_unreachable(graph),
            *_endless(graph),
            *_unconfigured(graph),
            *_messages(graph),
            *_entries(graph),
            *(_unavailable(graph) if launching else ()),
        ]


def of_config(kind: Node, config: dict[str, Any]) -> list[str]:
    """What is wrong with a node's config; said once for all nodes with the same one, within `remembering`."""
    written = json.dumps(config, sort_keys=True, default=str)
    return remembered(("problems", kind.key, written), lambda: kind.problems(config))


def tidy(graph_json: Any) -> dict[str, Any]:
    """The well-formed graph as it is kept: configs in the types that nodes run with ("7" becomes 7).

    Unfinished configs stay as they are, and so does everything that no form knows. Raises GraphError.
    """
    graph = graphs.parse(graph_json)
    with remembering():
        return {
            "nodes": [
                {"id": node.id, "type": node.type, "x": node.x, "y": node.y, "config": node.kind.tidy(node.config)}
                for node in graph.nodes.values()
            ],
            "edges": [{"from": edge.source, "port": edge.port, "to": edge.target} for edge in graph.edges],
        }


def _no_trigger(graph: Graph) -> Iterator[Problem]:
    if not graph.triggers:
        yield Problem(None, "The scenario has no trigger. Add one, so that contacts can enter.")


def _second_triggers(graph: Graph) -> Iterator[Problem]:
    triggers = graph.triggers
    for extra in triggers[1:]:
        yield Problem(extra.id, f"A scenario has one trigger; this is one more beside “{triggers[0].kind.label}”.")


def _unreachable(graph: Graph) -> Iterator[Problem]:
    successors = graph.successors()
    reached = {node.id for node in graph.triggers}
    open_ends = list(reached)
    while open_ends:
        for target in successors[open_ends.pop()]:
            if target not in reached:
                reached.add(target)
                open_ends.append(target)
    for node in graph.nodes.values():
        if node.id not in reached:
            yield Problem(node.id, "No contact can get here. Connect it, or remove it.")


def _endless(graph: Graph) -> Iterator[Problem]:
    """One problem for each loop in which nobody rests: contacts would go round it without end."""
    ways: dict[str, set[str]] = {node_id: set() for node_id in graph.nodes}
    for edge in graph.edges:
        node = graph.nodes[edge.source]
        if not node.kind.holds(node.config, edge.port):
            ways[edge.source].add(edge.target)
    while _peel(ways):
        loop = _loop(ways)
        yield Problem(loop[0], "Contacts would go round this loop without end. Put a Wait into it.")
        for node_id in loop:
            del ways[node_id]
        for targets in ways.values():
            targets.difference_update(loop)


def _peel(ways: dict[str, set[str]]) -> bool:
    """Remove, in place, the nodes from which no loop can be reached; whether any are left."""
    sources: dict[str, list[str]] = {}
    for source, targets in ways.items():
        for target in targets:
            sources.setdefault(target, []).append(source)
    done = [node_id for node_id, targets in ways.items() if not targets]
    while done:
        node_id = done.pop()
        del ways[node_id]
        for source in sources.get(node_id, ()):
            if source in ways:
                ways[source].discard(node_id)
                if not ways[source]:
                    done.append(source)
    return bool(ways)


def _loop(ways: dict[str, set[str]]) -> list[str]:
    """A loop among nodes that all lead on."""
    path: dict[str, int] = {}
    node_id = next(iter(ways))
    while node_id not in path:
        path[node_id] = len(path)
        node_id = min(ways[node_id])
    return list(path)[path[node_id] :]


def _unconfigured(graph: Graph) -> Iterator[Problem]:
    for node in graph.nodes.values():
        for sentence in of_config(node.kind, node.config):
            yield Problem(node.id, sentence)


def _unavailable(graph: Graph) -> Iterator[Problem]:
    unavailable = {kind: registry()[kind].unavailable() for kind in {node.type for node in graph.nodes.values()}}
    for node in graph.nodes.values():
        if missing := unavailable[node.type]:
            yield Problem(node.id, missing[0])


def _messages(graph: Graph) -> Iterator[Problem]:
    """Rules about messages of this very scenario must name a node that is there and sends."""
    for node in graph.nodes.values():
        for named in _named_nodes(node.config):
            target = graph.nodes.get(named)
            if target is None:
                yield Problem(node.id, f"A rule asks about the message of a shape that is not there ({named}).")
            elif not target.kind.sends:
                yield Problem(node.id, f"A rule asks about the message of “{target.kind.label}”, which sends none.")


def _entries(graph: Graph) -> Iterator[Problem]:
    """Rules about the event that let contacts in need a trigger that lets them in by one."""
    trigger = graph.trigger
    if trigger is None or not isinstance(trigger.kind, Trigger) or type(trigger.kind).event is not Trigger.event:
        return
    for node in graph.nodes.values():
        if not of_config(node.kind, node.config) and node.kind.asks_entry(node.config):
            message = f"A rule asks about the event by which contacts enter, and “{trigger.kind.label}” is none."
            yield Problem(node.id, message)


def _named_nodes(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        elsewhere = config.get("scenario") or config.get("campaign")
        if config.get("rule") == "message" and isinstance(config.get("node"), str) and not elsewhere:
            yield config["node"]
        for value in config.values():
            yield from _named_nodes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _named_nodes(value)
