"""Says what a scenario sends and costs, and what stands in its way: a provider that is left alone, or no money."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from campaigns import suspending
from campaigns.models import Budget, Price
from campaigns.suspending import Sent
from flows.graph import Graph, GraphNode
from flows.kept_graphs import graph_of
from flows.models import Scenario
from flows.nodes._send import Send


def sent_by(graph: Graph) -> list[Sent]:
    """What the nodes of a graph send."""
    return [_sent(node, node.kind) for node in graph.nodes.values() if isinstance(node.kind, Send)]


def _sent(node: GraphNode, kind: Send) -> Sent:
    provider, topic = node.config.get("provider"), node.config.get("topic")
    return Sent(str(kind.channel), provider if isinstance(provider, int) else None, str(topic or ""))


def obstacles(scenario: Scenario, now: datetime) -> list[str]:
    """Why its messages would not get far at this moment, as sentences."""
    sent = sent_by(graph_of(scenario.flow_id)) if scenario.flow_id else []
    return suspending.obstacles(sent, now) if sent else []


@dataclass(frozen=True)
class Cost:
    """What a run costs at most: if each contact of the audience gets every message, at the prices of no country in
    particular. `balance` is what there is to spend."""

    most: Decimal
    balance: Decimal
    currency: str

    @property
    def too_little(self) -> bool:
        return self.most > self.balance


def cost(scenario: Scenario, audience: int | None) -> Cost | None:
    """None where there is no budget, no price, or nobody knows how many come."""
    budget = Budget.objects.first()
    if budget is None or audience is None or not scenario.flow_id:
        return None
    prices = dict(Price.objects.filter(country="").values_list("channel", "amount"))
    each = sum((prices.get(one.channel, Decimal(0)) for one in sent_by(graph_of(scenario.flow_id))), Decimal(0))
    return Cost(each * audience, budget.balance, settings.CURRENCY) if each else None
