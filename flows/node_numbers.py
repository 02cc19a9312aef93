"""Tells in words what came of a node in a period: of passes, of its messages, and why some did not go out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Sum

from campaigns import conversion_stats
from campaigns import stats as message_stats
from campaigns.counting import REASON
from campaigns.mailings import ab_results
from campaigns.models.message import MessageState
from campaigns.reports import reasons
from campaigns.reports.query import MEANINGS
from contacts.periods import Period
from flows import canvas, period_stats, present
from flows.journeys import OUTCOMES
from flows.models import NodeCount, Scenario
from flows.nodes import registry

# Of messages: (metric, what it is called, what its share is of). What bounces at once was never counted as sent.
_MESSAGES = (
    ("queued", "Queued", ""),
    ("sent", "Sent", ""),
    ("delivered", "Delivered", "sent"),
    ("opened", "Opened", "sent"),
    ("clicked", "Clicked", "sent"),
    ("bounced", "Bounced", "sent and bounced"),
    ("complained", "Complained", "sent"),
    ("unsubscribed", "Unsubscribed", "sent"),
    ("skipped", "Skipped", ""),
    ("messages_failed", "Failed to be sent", ""),
    ("machine_opened", "Machine-made opens", ""),
    ("machine_clicked", "Machine-made clicks", ""),
    ("unknown", MessageState.UNKNOWN.label, ""),
)


@dataclass(frozen=True)
class Line:
    """One number; `share` is what part of another number it is, in percent, None where that says nothing."""

    words: str
    n: int
    share: float | None = None
    shared_with: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class NodeNumbers:
    """`passes` always; `messages` where it sends or has sent. Reasons and errors are (sentence, how often): those of
    skipped messages of the period, of failed ones among the newest, and the errors of who cannot go on now."""

    passes: list[Line]
    messages: list[Line]
    skipped: list[tuple[str, int]]
    failed: list[tuple[str, int]]
    errors: list[tuple[str, int]]
    judged: str  # which of the ways that are tried against each other is the best, as a sentence
    revenue: str


def of_node(scenario: Scenario, node: str, period: Period) -> NodeNumbers:
    """In a handful of queries whatever the number of contacts."""
    counts = period_stats.of_node(scenario, node, period)
    ever = counts if period.everything else period_stats.of_node(scenario, node, _always(period))
    shape, origin = _shape(scenario, node), f"{scenario.origin}:{node}"
    sends = shape is not None and registry()[shape["type"]].sends
    sends = sends or any(counts.get(metric) for metric, _, _ in _MESSAGES)
    skipped = {metric.removeprefix(REASON): n for metric, n in ever.items() if metric.startswith(REASON) and n}
    revenue = conversion_stats.of([origin])[origin]["revenue"] if period.everything else None
    if not period.everything:
        skipped = message_stats.reasons(origin, period.first, period.last) if counts.get("skipped") else {}
        revenue = conversion_stats.earned(origin, period.first, period.last)
    return NodeNumbers(
        list(_passes(scenario, node, counts)),
        list(_of_messages(counts)) if sends else [],
        sorted(skipped.items(), key=lambda each: -each[1]),
        reasons.of_failed(origin) if ever.get("messages_failed") else [],
        present.errors_at(scenario, node) if ever.get("failed") else [],
        _judged(scenario, node, counts),
        conversion_stats.money(revenue or {}),
    )


def _judged(scenario: Scenario, node: str, counts: dict[str, int]) -> str:
    """The result where the node's ports are tried against each other: conversions count for the last way taken."""
    shape = _shape(scenario, node)
    if shape is None or not registry()[shape["type"]].compares:
        return ""
    ports = registry()[shape["type"]].ports(shape["config"])
    rows = [(port.name, counts.get(f"left:{port.name}", 0), counts.get(f"converted:{port.name}", 0)) for port in ports]
    return ab_results.judge(rows, {port.name: port.label for port in ports}).sentence


def _always(period: Period) -> Period:
    return Period(period.first, period.last, "all")


def _shape(scenario: Scenario, node: str) -> dict[str, Any] | None:
    return next((shape for shape in _graph(scenario)["nodes"] if shape["id"] == node), None)


def _graph(scenario: Scenario) -> dict[str, Any]:
    return scenario.flow.graph if scenario.flow else canvas.EMPTY


def _passes(scenario: Scenario, node: str, counts: dict[str, int]) -> Iterator[Line]:
    reached = counts.get("entered", 0)
    yield Line("Reached", reached)
    _, ports = canvas.called(_graph(scenario), node)
    left = {metric.partition(":")[2]: n for metric, n in counts.items() if metric.startswith("left:") and n}
    for port in [*(port for port in ports if port in left), *sorted(left.keys() - ports.keys())]:
        label = ports.get(port)
        words = f"Left by “{label}”" if label else OUTCOMES.get(port, port).capitalize()
        yield _line(words, left[port], reached, "reached")
        if converted := counts.get(f"converted:{port}"):
            yield _line(f"{words}, and converted", converted, left[port], words)
    for metric, words in (("ended", "Came to the end"), ("exited", "Left the scenario"), ("failed", "Could not go on")):
        if counts.get(metric):
            yield _line(words, counts[metric], reached, "reached")
    if counts.get("converted"):
        yield _line("Converted", counts["converted"], counts.get("sent", 0), "sent")


def _of_messages(counts: dict[str, int]) -> Iterator[Line]:
    for metric, words, whole in _MESSAGES:
        n = counts.get(metric, 0)
        if n or metric in ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed"):
            line = _line(words, n, sum(counts.get(of, 0) for of in whole.split(" and ")), whole)
            yield replace(line, meaning=MEANINGS.get("failed" if metric == "messages_failed" else metric, ""))


def _line(words: str, n: int, of: int, whole: str) -> Line:
    return Line(words, n, round(100 * n / of, 1) if of and whole and 0 <= n <= of else None, whole)


def waiting(scenario: Scenario, node: str) -> int:
    """How many rest there now, by the counts."""
    rows = NodeCount.objects.filter(scenario=scenario, node=node, metric="waiting")
    return max(0, rows.aggregate(n=Sum("n"))["n"] or 0)
