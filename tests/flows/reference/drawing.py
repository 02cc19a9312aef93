"""A graph as one reads it off the canvas, and what differs between two of them."""

from typing import Any

from tests.flows.reference.rhythm import TRIGGERS
from tests.flows.reference.rounds import back_edges

PORTS = {"condition": ["yes", "no"], "wait_for": ["happened", "timeout"], "end": []}


class Drawing:
    """The `nodes` by their ids, the `edges`, the `trigger`, and the ways that lead `back`."""

    def __init__(self, graph: dict[str, Any]) -> None:
        self.nodes = {node["id"]: node for node in graph["nodes"]}
        self.edges = graph["edges"]
        self.trigger = next(node for node in graph["nodes"] if node["type"] in TRIGGERS)
        self.back = back_edges(graph, self.trigger["id"])

    def onward(self, node: str, port: str) -> str | None:
        targets = [edge["to"] for edge in self.edges if edge["from"] == node and edge.get("port", "next") == port]
        return targets[0] if targets else None

    def ports(self, node: str) -> list[str]:
        if self.nodes[node]["type"] == "ab_test":
            return ["a", "b", "c", "d"][: len(self.nodes[node]["config"]["variants"])]
        return PORTS.get(self.nodes[node]["type"], ["next"])

    def ends(self, node: str, port: str) -> bool:
        """Whether whoever leaves a node by the port has come to an end."""
        target = self.onward(node, port)
        return target is None or self.nodes[target]["type"] == "end"


def changed_waits(old: Drawing, new: Drawing) -> set[str]:
    """The nodes of both at which contacts rest, and would rest otherwise now."""
    return {
        name
        for name in old.nodes.keys() & new.nodes.keys()
        if new.nodes[name]["type"] in ("wait", "wait_for") and old.nodes[name]["config"] != new.nodes[name]["config"]
    }


def opened(old: Drawing, new: Drawing) -> set[tuple[str, str]]:
    """The (node, port) at which the old one came to an end and the new one goes on."""
    return {
        (name, port)
        for name in old.nodes.keys() & new.nodes.keys()
        for port in set(old.ports(name)) & set(new.ports(name))
        if old.ends(name, port) and not new.ends(name, port)
    }
