"""Reads what became of each step of a chain: sums of differences, never a scan of history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from campaigns import conversion_stats
from flows import stats
from flows.chains.compiling import PAST, TERMS, TRIGGER, WAIT, step_of, written_in
from flows.errands import LATE
from flows.models import Scenario

OF_MESSAGES = (
    "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "skipped", "failed", "converted",
)  # fmt: skip


@dataclass
class Numbers:
    """`reached`: whose turn it was; `unmatched`: for whom the step was not, by its terms; `waiting`: who stands before
    it now, most of them at the node `waits_at`; `passing`: who only lets its time pass, for a later step; `late`: who
    will get it though they are past its place; `broken`: whose pass failed here. `messages` counts them; `revenue` is
    what those were worth that were converted, by currency."""

    reached: int = 0
    unmatched: int = 0
    waiting: int = 0
    passing: int = 0
    late: int = 0
    broken: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    waits_at: str = ""
    revenue: dict[str, Decimal] = field(default_factory=dict)

    @property
    def percent(self) -> float:
        """How many of a hundred messages were converted."""
        return _percent(self.messages)

    @property
    def money(self) -> str:
        return conversion_stats.money(self.revenue)

    @property
    def got(self) -> int:
        return self.messages.get("sent", 0)

    def as_json(self) -> dict[str, Any]:
        messages = {name: self.messages.get(name, 0) for name in OF_MESSAGES}
        return {
            "reached": self.reached,
            "unmatched": self.unmatched,
            "waiting": self.waiting,
            "passing": self.passing,
            "late": self.late,
            "broken": self.broken,
            **messages,
            **_achieved(messages, self.revenue),
        }


def by_step(scenario: Scenario) -> dict[str, Numbers]:
    """The numbers of each step that is or was in the flow, by its key; under "" what concerns the whole chain: who
    entered it, and what all its messages were worth."""
    live = written_in(scenario.flow.graph) if scenario.flow else []
    found: dict[str, Numbers] = {part.key: Numbers() for part in live}
    for node, counts in stats.live(scenario).items():
        if node == TRIGGER:
            found.setdefault("", Numbers()).reached = counts.get("entered", 0)
            continue
        step = found.setdefault(step_of(node), Numbers())
        if node.endswith(PAST):
            step.passing = counts.get("waiting", 0) + counts.get(LATE, 0)
        else:
            step.waiting += counts.get("waiting", 0)
            step.late += counts.get(LATE, 0)
        step.broken += counts.get("failed", 0) if node != step_of(node) else 0
        if node.endswith(WAIT):
            step.waits_at = node
        elif node.endswith(PAST):
            continue
        elif node.endswith(TERMS):
            step.unmatched = counts.get("left:no", 0)
        else:
            step.reached = counts.get("entered", 0)
            counted = counts | {"failed": counts.get("messages_failed", 0)}
            step.messages = {name: counted.get(name, 0) for name in OF_MESSAGES}
    origins = {key: f"{scenario.origin}:{key}" if key else scenario.origin for key in ["", *found]}
    worth = conversion_stats.of(list(origins.values()))
    for key, origin in origins.items():
        found.setdefault(key, Numbers()).revenue = worth[origin]["revenue"]
    return found


def total(scenario: Scenario, steps: Mapping[str, Numbers] | None = None) -> dict[str, Any]:
    """Of the whole chain: who entered, who is inside now, what became of all its messages, and what they were worth.
    `steps` is what `by_step` found, where that was asked already."""
    steps = by_step(scenario) if steps is None else steps
    whole = stats.overview([scenario])[scenario.pk]
    messages = {name: sum(each.messages.get(name, 0) for each in steps.values()) for name in OF_MESSAGES}
    worth = _achieved(messages, steps[""].revenue)
    return {"entered": whole["entered"], "inside": whole["inside"], **messages, **worth}


def shown(scenario: Scenario, steps: Mapping[str, Numbers] | None = None) -> dict[str, Any]:
    """The total as the page has it."""
    steps = by_step(scenario) if steps is None else steps
    found = total(scenario, steps)
    return {**found, "percent": _percent(found), "money": steps[""].money}


def _achieved(messages: Mapping[str, int], revenue: dict[str, Decimal]) -> dict[str, Any]:
    rate = stats.rate(messages["converted"], messages["sent"])
    return {"conversion_rate": rate, "revenue": conversion_stats.plain(revenue)}


def _percent(messages: Mapping[str, int]) -> float:
    sent = messages.get("sent", 0)
    return round(100 * messages.get("converted", 0) / sent, 1) if sent else 0.0
