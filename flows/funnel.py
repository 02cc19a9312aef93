"""Says how far contacts came in a scenario: how many reached each node, and where they were lost."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from flows.graph import Graph, GraphNode
from flows.kept_graphs import graph_of
from flows.models import NodeCount, Scenario

LEFT = "left:"


@dataclass(frozen=True)
class Stage:
    """A node and what became of who reached it in the period; `share` is of those who entered.

    `went_on` left by a port, `ended` came to their end here, `lost` left before an end or failed, `waiting` stayed. In
    a period, those may go on who had come before it.
    """

    node: str
    icon: str
    label: str
    text: str
    reached: int
    share: float | None
    went_on: int
    ended: int
    lost: int
    waiting: int
    is_end: bool = False

    @property
    def bar(self) -> str:
        """The length of its bar in per cent."""
        return f"{100 * min(self.share or 0, 1):.2f}"

    @property
    def drop_off(self) -> float | None:
        """The share of those who came here and no further; an end is meant to be one."""
        if self.is_end:
            return self.lost / self.reached if self.reached else None
        return (self.ended + self.lost) / self.reached if self.reached else None


def funnel(scenario: Scenario, since: date | None, until: date | None) -> list[Stage]:
    """The nodes of the live graph in the order of the way through it, then those that were taken out of it.

    A period counts what happened on its days; without one, everything. One query. A contact who comes by twice is
    counted twice.
    """
    rows = NodeCount.objects.filter(scenario=scenario).exclude(node="")
    if since and until:
        rows = rows.filter(day__range=(since, until))
    wanted = Q(metric__in=["entered", "waiting", "ended", "exited", "failed"]) | Q(metric__startswith=LEFT)
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for node, metric, n in rows.filter(wanted).values_list("node", "metric").annotate(sum=Sum("n")):
        counts[node][LEFT if metric.startswith(LEFT) else metric] += n
    graph = graph_of(scenario.flow_id) if scenario.flow_id else None
    nodes = list(_in_order(graph)) if graph else []
    entered = counts[graph.trigger.id]["entered"] if graph and graph.trigger else 0
    stages = [_stage(node.id, counts[node.id], entered, node) for node in nodes]
    known = {node.id for node in nodes}
    gone = [_stage(node, metrics, entered, None) for node, metrics in counts.items() if node not in known]
    return stages + [stage for stage in sorted(gone, key=lambda stage: -stage.reached) if stage.reached]


def _stage(node_id: str, counts: dict[str, int], entered: int, node: GraphNode | None) -> Stage:
    return Stage(
        node=node_id,
        icon=node.kind.icon if node else "circle-off",
        label=node.kind.label if node else node_id,
        text=node.kind.summary(node.config) if node else "Taken out of the scenario",
        reached=counts["entered"],
        share=counts["entered"] / entered if entered else None,
        went_on=counts[LEFT],
        ended=counts["ended"],
        lost=counts["exited"] + counts["failed"],
        waiting=max(counts["waiting"], 0),  # of a period in which more went on than came
        is_end=node is not None and not node.kind.ports(node.config),
    )


def _in_order(graph: Graph) -> Iterator[GraphNode]:
    """From the trigger on, those that fewer steps lead to first."""
    ways: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        ways[edge.source].append(edge.target)
    line = [node.id for node in graph.triggers]
    seen = set(line)
    for node_id in line:
        yield graph.nodes[node_id]
        for target in ways[node_id]:
            if target not in seen:
                seen.add(target)
                line.append(target)
