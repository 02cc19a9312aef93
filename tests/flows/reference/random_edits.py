"""Random changes of graphs while contacts are inside, with what is to become of those."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.flows.reference.random_graphs import KINDS, configs, lasting, ports, reachable
from tests.flows.reference.shapes import Edit

Graph = dict[str, Any]


@st.composite
def edits(draw: st.DrawFn, graph: Graph, used: set[str]) -> Edit | None:
    """Another graph that could be started, or None. `used` are the ids of nodes that there have been."""
    used, changed = set(used), graph
    for _ in range(draw(st.integers(1, 3))):
        change: Callable[..., Graph] = draw(
            st.sampled_from([_removed, _removed, _inserted, _inserted, _set_anew, _set_anew, _led])
        )
        changed = change(draw, changed, used)
    changed = reachable(changed)
    if changed == graph or _circular(changed):
        return None
    there = [node["id"] for node in changed["nodes"]]
    gone = [node["id"] for node in graph["nodes"] if node["id"] not in there]
    redirects = {node: draw(st.sampled_from([None, *there[1:], *there[1:]])) for node in gone}
    return Edit(changed, redirects, draw(st.booleans()), draw(st.sampled_from([True, True, False])))


def _waits(graph: Graph) -> list[Graph]:
    """Where contacts stand."""
    return [node for node in graph["nodes"] if node["type"] in ("wait", "wait_for")]


def _removed(draw: st.DrawFn, graph: Graph, used: set[str]) -> Graph:
    """A node is gone, and those who led to it lead to what came after it."""
    if len(graph["nodes"]) < 3:
        return graph
    gone = draw(st.sampled_from([*_waits(graph), *_waits(graph), *graph["nodes"][1:]]))["id"]
    after = [edge["to"] for edge in graph["edges"] if edge["from"] == gone and edge["to"] != gone][:1]
    edges = []
    for edge in graph["edges"]:
        if edge["to"] == gone and edge["from"] != gone:
            edges += [{**edge, "to": target} for target in after]
        elif gone not in (edge["from"], edge["to"]):
            edges.append(edge)
    return {"nodes": [node for node in graph["nodes"] if node["id"] != gone], "edges": edges}


def _inserted(draw: st.DrawFn, graph: Graph, used: set[str]) -> Graph:
    """A node more, behind any port: at an end, or on the way to the next one."""
    ways = [(node["id"], port) for node in graph["nodes"] for port in ports(node)]
    led = {(edge["from"], edge["port"]) for edge in graph["edges"]}
    source, port = draw(st.sampled_from([*ways, *(way for way in ways if way not in led)] * 2))
    kind = draw(st.sampled_from(KINDS))
    number = 1 + max(int(name[1:]) for name in used)
    node = {"id": f"n{number}", "type": kind, "x": number * 240, "y": 240, "config": draw(configs[kind])}
    used.add(node["id"])
    edges, onward = [], []
    for edge in graph["edges"]:
        if (edge["from"], edge["port"]) == (source, port):
            onward.append(edge["to"])
        else:
            edges.append(edge)
    edges.append({"from": source, "port": port, "to": node["id"]})
    edges += [{"from": node["id"], "port": way, "to": onward[0]} for way in ports(node)[:1] if onward]
    return {"nodes": [*graph["nodes"], node], "edges": edges}


def _set_anew(draw: st.DrawFn, graph: Graph, used: set[str]) -> Graph:
    """A node has other settings."""
    chosen = draw(st.sampled_from([*_waits(graph), *_waits(graph), *graph["nodes"][1:]] or graph["nodes"]))
    if chosen["type"] not in configs:
        return graph
    other = {**chosen, "config": draw(configs[chosen["type"]])}
    nodes = [other if node is chosen else node for node in graph["nodes"]]
    edges = [edge for edge in graph["edges"] if edge["from"] != chosen["id"] or edge["port"] in ports(other)]
    return {"nodes": nodes, "edges": edges}


def _led(draw: st.DrawFn, graph: Graph, used: set[str]) -> Graph:
    """A connection leads elsewhere, or is gone."""
    if not graph["edges"]:
        return graph
    chosen = draw(st.sampled_from(graph["edges"]))
    target = draw(st.sampled_from([None, *(node["id"] for node in graph["nodes"][1:])]))
    edges = [edge for edge in graph["edges"] if edge is not chosen]
    return {"nodes": graph["nodes"], "edges": [*edges, *([{**chosen, "to": target}] if target else [])]}


def _circular(graph: Graph) -> bool:
    """Whether somebody could go round without resting."""
    nodes = {node["id"]: node for node in graph["nodes"]}
    ways = {name: [] for name in nodes}
    for edge in graph["edges"]:
        if not lasting(nodes[edge["from"]], edge["port"]):
            ways[edge["from"]].append(edge["to"])

    def returns(node: str, path: tuple[str, ...]) -> bool:
        return node in path or any(returns(onward, (*path, node)) for onward in ways[node])

    return any(returns(name, ()) for name in nodes)
