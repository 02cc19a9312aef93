"""Reads the counts of scenarios and their nodes: sums of differences, never a scan of history."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Sum

from campaigns import conversion_stats
from campaigns import stats as message_stats
from flows import present, variants
from flows.crediting import CONVERTED, REVENUE
from flows.graph import saved_trigger
from flows.models import NodeCount, Scenario, ScenarioState
from flows.transitions import still_leaving

# What the API reports of every node, zeros included.
ALWAYS = ("entered", "waiting", "ended", "exited", "failed", "sent", "skipped", "opened", "clicked", "converted")


def live(scenario: Scenario) -> dict[str, dict[str, int]]:
    """Per node: entered, waiting, ended, exited, failed, "left:PORT" and the counts of its messages, of which so many
    are "converted"; where ports are compared, "converted:PORT" besides."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    kept = NodeCount.objects.filter(scenario=scenario).exclude(node="").exclude(metric__startswith=REVENUE)
    rows = kept.values_list("node", "metric")
    for node, metric, n in rows.annotate(sum=Sum("n")):
        if n:
            counts[node][metric] = n
    nodes = [node["id"] for node in scenario.flow.graph["nodes"]] if scenario.flow else []
    origins = {f"{scenario.origin}:{node}": node for node in {*nodes, *counts}}
    for origin, metrics in message_stats.counts(list(origins)).items():
        for metric, n in metrics.items():
            # Passes fail, and messages fail.
            metric = "messages_failed" if metric == "failed" else metric
            counts[origins[origin]][metric] = counts[origins[origin]].get(metric, 0) + n
    return dict(counts)


def overview(scenarios: Sequence[Scenario]) -> dict[int, dict[str, int]]:
    """Per scenario: entered, inside and sent, in three queries for a whole list (whose flows have been selected)."""
    found: dict[int, dict[str, int]] = {scenario.pk: {"entered": 0, "inside": 0, "sent": 0} for scenario in scenarios}
    keys = {scenario.pk: scenario.origin for scenario in scenarios}
    triggers = {scenario.pk: saved_trigger(scenario.flow.graph) for scenario in scenarios if scenario.flow}
    rows = (
        NodeCount.objects.filter(scenario__in=list(found), metric__in=["entered", "waiting"])
        .values_list("scenario_id", "node", "metric")
        .annotate(sum=Sum("n"))
    )
    origins: dict[str, int] = {}
    for scenario_id, node, metric, n in rows:
        if metric == "waiting":
            found[scenario_id]["inside"] += n
        else:
            origins[f"{keys[scenario_id]}:{node}"] = scenario_id
            trigger = triggers.get(scenario_id)
            if trigger and node == trigger["id"]:
                found[scenario_id]["entered"] += n
    for origin, metrics in message_stats.counts(list(origins)).items():
        found[origins[origin]]["sent"] += metrics.get("sent", 0)
    for scenario_id, n in present.pending(list(found)).items() if found else ():
        found[scenario_id]["inside"] += n
    return found


def achieved(scenarios: Sequence[Scenario]) -> dict[int, dict[str, Any]]:
    """Per scenario: how many messages were "converted", and the "revenue" by currency; in one query for a list."""
    found = conversion_stats.of([scenario.origin for scenario in scenarios])
    return {scenario.pk: found[scenario.origin] for scenario in scenarios}


def leaving(scenario: Scenario) -> int:
    """How many contacts were told to leave and have not left yet: for who watches, so cheap while nobody enters."""
    if scenario.cleared_upto is None:
        return 0
    if scenario.state == ScenarioState.RUNNING:
        return still_leaving(scenario).count()
    return NodeCount.objects.filter(scenario=scenario, metric="waiting").aggregate(n=Sum("n"))["n"] or 0


def report(scenario: Scenario) -> dict[str, Any]:
    """The API's statistics: `{"entered", "inside", "sent", "converted", "conversion_rate", "revenue": {currency:
    amount}, "nodes": {id: {"entered", "waiting", "left": {port: n}, "converted", "conversion_rate", "revenue", …}}}`.
    Nodes whose ports are compared have "variants", "verdict" and "winner" besides."""
    counts = live(scenario)
    nodes: dict[str, dict[str, Any]] = {}
    for node, metrics in counts.items():
        left = {metric.removeprefix("left:"): n for metric, n in metrics.items() if metric.startswith("left:")}
        plain = {metric: n for metric, n in metrics.items() if not metric.startswith(("left:", CONVERTED))}
        nodes[node] = {**dict.fromkeys(ALWAYS, 0), **plain, "left": left}
    for node in scenario.flow.graph["nodes"] if scenario.flow else []:
        nodes.setdefault(node["id"], {**dict.fromkeys(ALWAYS, 0), "left": {}})
    worth = conversion_stats.of([f"{scenario.origin}:{node}" for node in nodes])
    for node, told in nodes.items():
        told["conversion_rate"] = rate(told["converted"], told["sent"])
        told["revenue"] = conversion_stats.plain(worth[f"{scenario.origin}:{node}"]["revenue"])
    for node, found in variants.compared(scenario).items():
        nodes[node] |= variants.as_json(found)
    totals, won = overview([scenario])[scenario.pk], achieved([scenario])[scenario.pk]
    return {
        **totals,
        "converted": won["converted"],
        "conversion_rate": rate(won["converted"], totals["sent"]),
        "revenue": conversion_stats.plain(won["revenue"]),
        "nodes": nodes,
    }


def rate(converted: int, sent: int) -> float | None:
    """How many of the messages that were sent achieved something; None where none was sent."""
    return round(converted / sent, 4) if sent else None
