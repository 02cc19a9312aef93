"""Finds the connections that lead back, by walking every way on from the trigger once."""

from typing import Any


def back_edges(graph: dict[str, Any], trigger: str) -> set[tuple[str, str]]:
    """(node, port) of each connection that leads to a node on the way by which one came."""
    found: set[tuple[str, str]] = set()
    been: set[str] = set()

    def go(node: str, way: tuple[str, ...]) -> None:
        been.add(node)
        for edge in graph["edges"]:
            if edge["from"] == node:
                if edge["to"] in (*way, node):
                    found.add((node, edge.get("port", "next")))
                elif edge["to"] not in been:
                    go(edge["to"], (*way, node))

    go(trigger, ())
    return found
