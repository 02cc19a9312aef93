"""Says what a scenario sends and costs, and what stands in its way: a provider that is left alone, or no money."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from campaigns import suspending
from campaigns.models import Budget, Price
from campaigns.suspending import Sent
from contacts import reaching
from contacts.models import Contact
from contacts.segments.where import Where
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
    """What a run costs at most: if each contact of the audience gets every message, at the prices of the countries in
    which they are at home. `balance` is what there is to spend."""

    most: Decimal
    balance: Decimal
    currency: str

    @property
    def too_little(self) -> bool:
        return self.most > self.balance


def cost(scenario: Scenario, audience: int | None, who: "QuerySet[Contact] | None" = None) -> Cost | None:
    """None where there is no budget, no price, or nobody knows how many come. `who` they are is only asked where a
    price depends on the country: then those count who can be written to, once for each such channel."""
    budget = Budget.objects.first()
    if budget is None or audience is None or not scenario.flow_id:
        return None
    messages = Counter(one.channel for one in sent_by(graph_of(scenario.flow_id)))
    prices: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for channel, country, amount in Price.objects.values_list("channel", "country", "amount"):
        prices[channel][country] = amount
    most = sum((n * _of_each(channel, prices[channel], audience, who) for channel, n in messages.items()), Decimal(0))
    return Cost(most, budget.balance, settings.CURRENCY) if most else None


def _of_each(channel: str, prices: dict[str, Decimal], audience: int, who: "QuerySet[Contact] | None") -> Decimal:
    """What one message to all of them costs."""
    usual = prices.get("", Decimal(0))
    if who is None or set(prices) <= {""}:
        return usual * audience
    sql, values = who.order_by().values("pk").query.sql_with_params()
    countries = reaching.countries(channel, Where(f"contacts_contact.id IN ({sql})", tuple(values)))
    return sum((prices.get(country, usual) * n for country, n in countries.items()), Decimal(0))
