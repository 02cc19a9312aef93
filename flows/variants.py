"""Tells what came of the ports that were tried against each other: how many took each, converted, and for how much."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from campaigns import conversion_stats
from campaigns.mailings import ab_results
from campaigns.mailings.ab_results import Judged, Result
from flows.crediting import CONVERTED, PARTS, REVENUE
from flows.models import NodeCount, Scenario
from flows.nodes import registry


@dataclass
class Way:
    """What was counted at one port: passages, those of them that converted, and what they brought in."""

    taken: int = 0
    converted: int = 0
    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass(frozen=True)
class Compared:
    """A node whose ports are compared: each with its name, what was judged of it and what it brought in."""

    node: str
    rows: list[tuple[str, Judged, dict[str, Decimal]]]
    result: Result

    @property
    def told(self) -> list[dict[str, Any]]:
        """The rows as pages show them; rates only where somebody took that way."""
        return [
            {
                "name": name,
                "shown": one.shown,
                "converted": one.converted,
                "rate": f"{100 * one.rate:.1f} %" if one.shown else "–",
                "between": f"{100 * one.low:.1f} and {100 * one.high:.1f} %" if one.shown else "–",
                "best": f"{100 * one.best:.0f} %" if one.shown and not self.result.too_early else "–",
                "money": conversion_stats.money(revenue),
            }
            for name, one, revenue in self.rows
        ]


def compared(scenario: Scenario, nodes: Collection[str] | None = None) -> dict[str, Compared]:
    """By node, for those of the live version (only these `nodes`, if given) whose ports are compared. One query."""
    kinds = registry()
    drawn = scenario.flow.graph["nodes"] if scenario.flow else []
    asked = [node for node in drawn if kinds[node["type"]].compares and (nodes is None or node["id"] in nodes)]
    if not asked:
        return {}
    ways = _ways(scenario, [node["id"] for node in asked])
    found = {}
    for node in asked:
        ports = {port.name: port.label or port.name.upper() for port in kinds[node["type"]].ports(node["config"])}
        counted = {port: ways[node["id"]].get(port, Way()) for port in ports}
        result = ab_results.judge([(port, way.taken, way.converted) for port, way in counted.items()], ports)
        rows = [(ports[one.key], one, dict(counted[one.key].revenue)) for one in result.variants]
        found[node["id"]] = Compared(node["id"], rows, result)
    return found


def _ways(scenario: Scenario, nodes: Collection[str]) -> dict[str, dict[str, Way]]:
    ways: dict[str, dict[str, Way]] = {node: defaultdict(Way) for node in nodes}
    prefixes = Q(metric__startswith="left:") | Q(metric__startswith=CONVERTED) | Q(metric__startswith=REVENUE)
    rows = NodeCount.objects.filter(prefixes, scenario=scenario, node__in=nodes).values_list("node", "metric")
    for node, metric, n in rows.annotate(sum=Sum("n")):
        kind, port, *currency = metric.split(":")
        way = ways[node][port]
        if kind == "left":
            way.taken = n
        elif not currency:
            way.converted = n
        elif n:
            way.revenue[currency[0]] = Decimal(n) / PARTS
    return ways


def as_json(found: Compared) -> dict[str, Any]:
    """For the API: `{"variants": {port: {"name", "shown", …}}, "verdict", "winner", "too_early"}`."""
    variants = {}
    for name, one, revenue in found.rows:
        judged = asdict(one)
        variants[judged.pop("key")] = {"name": name, **judged, "revenue": conversion_stats.plain(revenue)}
    result = found.result
    return {
        "variants": variants,
        "verdict": result.sentence,
        "winner": result.winner or None,
        "too_early": result.too_early,
    }
