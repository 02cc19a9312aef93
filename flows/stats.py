"""Reads the counts of scenarios and their nodes: sums of differences, never a scan of history."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Sum

from campaigns import stats as message_stats
from flows.models import NodeCount, Scenario
from flows.validation import trigger_id

MESSAGES = ("sent", "delivered", "skipped", "failed", "unknown", "bounced", "opened", "clicked", "unsubscribed")


def live(scenario: Scenario) -> dict[str, dict[str, int]]:
    """Per node: entered, waiting, ended, exited, failed, "left:PORT" and the counts of its messages."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = NodeCount.objects.filter(scenario=scenario).values_list("node", "metric").annotate(sum=Sum("n"))
    for node, metric, n in rows:
        if n:
            counts[node][metric] = n
    nodes = [node["id"] for node in scenario.flow.graph["nodes"]] if scenario.flow else []
    origins = {f"scenario:{scenario.pk}:{node}": node for node in {*nodes, *counts}}
    for origin, metrics in message_stats.counts(list(origins)).items():
        # A node that failed for some contacts and a message that failed are two things.
        counts[origins[origin]].update({metric if metric != "failed" else "not_sent": n for metric, n in metrics.items()})
    return dict(counts)


def overview(scenarios: Sequence[Scenario]) -> dict[int, dict[str, int]]:
    """Per scenario: entered, inside and sent, in two queries for a whole list."""
    found: dict[int, dict[str, int]] = {scenario.pk: {"entered": 0, "inside": 0, "sent": 0} for scenario in scenarios}
    triggers = {scenario.pk: trigger_id(scenario.flow.graph) if scenario.flow else None for scenario in scenarios}
    rows = (
        NodeCount.objects.filter(scenario__in=list(found), metric__in=["entered", "waiting"])
        .values_list("scenario_id", "node", "metric")
        .annotate(sum=Sum("n"))
    )
    for scenario_id, node, metric, n in rows:
        if metric == "waiting":
            found[scenario_id]["inside"] += n
        elif node == triggers[scenario_id]:
            found[scenario_id]["entered"] += n
    for scenario_id, sent in message_stats.sent_by_scenario(list(found)).items():
        found[scenario_id]["sent"] = sent
    return found
