"""Reads what became of each step of a chain: sums of differences, never a scan of history."""

from dataclasses import dataclass, field
from typing import Any

from flows import stats
from flows.chains.compiling import TERMS, TRIGGER, WAIT, step_of
from flows.models import Scenario

OF_MESSAGES = ("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "skipped", "failed")


@dataclass
class Numbers:
    """`reached`: whose turn it was; `unmatched`: for whom the step was not, by its terms; `waiting`: who stands before
    it now, most of them at the node `waits_at`; `broken`: whose pass failed here. The rest counts messages."""

    reached: int = 0
    unmatched: int = 0
    waiting: int = 0
    broken: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    waits_at: str = ""

    @property
    def got(self) -> int:
        return self.messages.get("sent", 0)

    def as_json(self) -> dict[str, Any]:
        messages = {name: self.messages.get(name, 0) for name in OF_MESSAGES}
        return {
            "reached": self.reached,
            "unmatched": self.unmatched,
            "waiting": self.waiting,
            "broken": self.broken,
            **messages,
        }


def by_step(scenario: Scenario) -> dict[str, Numbers]:
    """The numbers of each step that is or was in the flow, by its key; under "" what concerns the whole chain."""
    found: dict[str, Numbers] = {}
    for node, counts in stats.live(scenario).items():
        if node == TRIGGER:
            found.setdefault("", Numbers()).reached = counts.get("entered", 0)
            continue
        step = found.setdefault(step_of(node), Numbers())
        step.waiting += counts.get("waiting", 0)
        step.broken += counts.get("failed", 0) if node != step_of(node) else 0
        if node.endswith(WAIT):
            step.waits_at = node
        elif node.endswith(TERMS):
            step.unmatched = counts.get("left:no", 0)
        else:
            step.reached = counts.get("entered", 0)
            counted = counts | {"failed": counts.get("messages_failed", 0)}
            step.messages = {name: counted.get(name, 0) for name in OF_MESSAGES}
    return found


def total(scenario: Scenario) -> dict[str, int]:
    """Of the whole chain: who entered, who is inside now, and what became of all its messages."""
    steps = by_step(scenario)
    whole = stats.overview([scenario])[scenario.pk]
    messages = {name: sum(each.messages.get(name, 0) for each in steps.values()) for name in OF_MESSAGES}
    return {"entered": whole["entered"], "inside": whole["inside"], **messages}
