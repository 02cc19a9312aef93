"""Reads what a scenario and its nodes came to in a period, day by day: sums of counts, never a scan of history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet, Sum

from campaigns import stats as message_stats
from campaigns.reports import day_stats
from contacts.periods import FIRST, Period
from flows.errands import LATE
from flows.graph import saved_trigger
from flows.models import NodeCount, Scenario

# Of passes: who entered at the trigger, and how they were over, by the day on which that was.
PASSES = ("entered", "completed", "exited", "failed")
# Of messages; what failed of those is told apart from passes that failed.
MESSAGES = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "skipped", "messages_failed",
    "unknown", "converted",
)  # fmt: skip
METRICS = (*PASSES, *MESSAGES)
_NAMES = {"failed": "messages_failed"}
# What goes up and down again says how it is now, and nothing of a period.
NOW = ("waiting", LATE)


@dataclass(frozen=True)
class Numbers:
    """What came of a scenario: `totals` of the period, and (day, {metric: n}) without gaps, zeros included."""

    period: Period
    totals: dict[str, int]
    days: list[tuple[date, dict[str, int]]]

    def of(self, metric: str) -> list[tuple[date, int]]:
        return [(day, counts[metric]) for day, counts in self.days]


def of_scenario(scenario: Scenario, period: Period) -> Numbers:
    """In three queries; one more for "all", which also has what was counted before days were kept."""
    days: dict[date, dict[str, int]] = {}
    totals = dict.fromkeys(METRICS, 0)
    for metric, day, n in _passes(scenario, period):
        totals[metric] += n
        if day is not None:
            days.setdefault(day, {})[metric] = n
    origins = day_stats.origins(scenario.origin)
    for day, counts in day_stats.by_day(origins, period).items():
        days.setdefault(day, {}).update(_renamed(counts))
    if period.everything:
        totals |= _sums(_renamed(counts) for counts in message_stats.counts(origins.values()).values())
    else:
        totals |= _sums({metric: counts.get(metric, 0) for metric in MESSAGES} for counts in days.values())
    shown = period.since(min(days, default=period.last)) if period.first == FIRST else period
    zeros = dict.fromkeys(METRICS, 0)
    return Numbers(shown, totals, [(day, zeros | days.get(day, {})) for day in shown.days()])


def _passes(scenario: Scenario, period: Period) -> Iterable[tuple[str, date | None, int]]:
    trigger = saved_trigger(scenario.flow.graph) if scenario.flow else None
    wanted = Q(node="", metric__in=PASSES[1:])
    if trigger:
        wanted |= Q(node=trigger["id"], metric="entered")
    rows = _within(NodeCount.objects.filter(wanted, scenario=scenario), period)
    return rows.values_list("metric", "day").annotate(sum=Sum("n")).order_by("day")


def _within(rows: "QuerySet[NodeCount]", period: Period) -> "QuerySet[NodeCount]":
    return rows if period.everything else rows.filter(day__range=(period.first, period.last))


def _renamed(counts: dict[str, int]) -> dict[str, int]:
    return {_NAMES.get(metric, metric): n for metric, n in counts.items()}


def _sums(rows: Iterable[dict[str, int]]) -> dict[str, int]:
    sums = dict.fromkeys(MESSAGES, 0)
    for counts in rows:
        for metric in MESSAGES:
            sums[metric] += counts.get(metric, 0)
    return sums


def of_nodes(scenario: Scenario, period: Period) -> dict[str, dict[str, int]]:
    """Node → metric → n in the period: entered, "left:PORT", ended, exited, failed, and its messages' metrics; with
    "all" also "skipped:REASON". What waits is not of a period and left out. Three queries."""
    found: dict[str, dict[str, int]] = {}
    rows = NodeCount.objects.filter(scenario=scenario).exclude(node="").exclude(metric__in=NOW)
    for node, metric, n in _within(rows, period).values_list("node", "metric").annotate(sum=Sum("n")):
        found.setdefault(node, {})[metric] = n
    prefix = f"{scenario.origin}:"
    origins = day_stats.origins(scenario.origin)
    if period.everything:
        messages = message_stats.counts(origins.values())
    else:
        messages = {origins[pk]: counts for pk, counts in day_stats.by_origin(origins, period).items()}
    for key, counts in messages.items():
        found.setdefault(key.removeprefix(prefix), {}).update(_renamed(counts))
    return found


def of_node(scenario: Scenario, node: str, period: Period) -> dict[str, int]:
    """Metric → n of one node, as `of_nodes` has it, in three queries that read nothing of the other nodes."""
    rows = NodeCount.objects.filter(scenario=scenario, node=node).exclude(metric__in=NOW)
    found = dict(_within(rows, period).values_list("metric").annotate(sum=Sum("n")))
    key = f"{scenario.origin}:{node}"
    if period.everything:
        return found | _renamed(message_stats.counts([key]).get(key, {}))
    origins = day_stats.origin(key)
    return found | _renamed(day_stats.by_origin(origins, period).get(next(iter(origins), 0), {}))


def report(scenario: Scenario, period: Period) -> dict[str, Any]:
    """The API's numbers of a period: `{"from", "to", "totals", "days": [{"day", …}], "nodes": {id: {…}}}`."""
    numbers = of_scenario(scenario, period)
    return {
        "from": numbers.period.first.isoformat(),
        "to": numbers.period.last.isoformat(),
        "totals": numbers.totals,
        "days": [{"day": day.isoformat(), **counts} for day, counts in numbers.days],
        "nodes": of_nodes(scenario, period),
    }
