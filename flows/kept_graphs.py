"""Keeps the parsed graphs of flows and where they send contacts of removed nodes, for flows never change."""

from typing import NamedTuple

from flows.graph import Graph, parse
from flows.models import Flow

MOST_KEPT = 500


class Kept(NamedTuple):
    """`redirects`: removed node → the node where its contacts go, or None: they leave."""

    id: int
    graph: Graph
    redirects: dict[str, str | None]


_kept: dict[int, Kept] = {}


def kept(flow_id: int) -> Kept:
    """A flow, read once by each process."""
    if flow_id not in _kept:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        graph, redirects = Flow.objects.values_list("graph", "redirects").get(pk=flow_id)
        _kept[flow_id] = Kept(flow_id, parse(graph), redirects)
    return _kept[flow_id]


def graph_of(flow_id: int) -> Graph:
    return kept(flow_id).graph
