"""Reads the counts of scenarios and their nodes: sums of differences, never a scan of history."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Sum

from campaigns import stats as message_stats
from flows.graph import saved_trigger
from flows.models import NodeCount, Scenario, ScenarioState
from flows.transitions import still_leaving

# What the API reports of every node, zeros included.
ALWAYS = ("entered", "waiting", "ended", "exited", "failed", "sent", "skipped", "opened", "clicked")


def live(scenario: Scenario) -> dict[str, dict[str, int]]:
    """Per node: entered, waiting, ended, exited, failed, "left:PORT" and the counts of its messages."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = NodeCount.objects.filter(scenario=scenario).exclude(node="").values_list("node", "metric")
    for node, metric, n in rows.annotate(sum=Sum("n")):
        if n:
            counts[node][metric] = n
    nodes = [node["id"] for node in scenario.flow.graph["nodes"]] if scenario.flow else []
    origins = {f"{scenario.origin}:{node}": node for node in {*nodes, *counts}}
    for origin, metrics in message_stats.counts(list(origins)).items():
        for metric, n in metrics.items():
            counts[origins[origin]][metric] = counts[origins[origin]].get(metric, 0) + n
    return dict(counts)


def overview(scenarios: Sequence[Scenario]) -> dict[int, dict[str, int]]:
    """Per scenario: entered, inside and sent, in two queries for a whole list (whose flows have been selected)."""
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
    return found


def leaving(scenario: Scenario) -> int:
    """How many contacts were told to leave and have not left yet: for who watches, so cheap while nobody enters."""
    if scenario.cleared_upto is None:
        return 0
    if scenario.state == ScenarioState.RUNNING:
        return still_leaving(scenario).count()
    return NodeCount.objects.filter(scenario=scenario, metric="waiting").aggregate(n=Sum("n"))["n"] or 0


def report(scenario: Scenario) -> dict[str, Any]:
    """The API's statistics: `{"entered", "inside", "nodes": {id: {"entered", "waiting", "left": {port: n}, …}}}`."""
    counts = live(scenario)
    nodes = {}
    for node, metrics in counts.items():
        left = {metric.removeprefix("left:"): n for metric, n in metrics.items() if metric.startswith("left:")}
        plain = {metric: n for metric, n in metrics.items() if not metric.startswith("left:")}
        nodes[node] = {**dict.fromkeys(ALWAYS, 0), **plain, "left": left}
    for node in scenario.flow.graph["nodes"] if scenario.flow else []:
        nodes.setdefault(node["id"], {**dict.fromkeys(ALWAYS, 0), "left": {}})
    totals = overview([scenario])[scenario.pk]
    return {**totals, "nodes": nodes}
