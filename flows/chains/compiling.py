"""Turns a chain's steps into the graph that the engine runs, and such a graph back into steps. Pure.

Of each step come up to three nodes: a wait (KEY-wait), a condition (KEY-terms) and the message, whose id is the step's
key. Whoever does not match a step's own terms goes on to the next step that has own terms: steps for "all of the
previous" are not for them. But the times of those still pass, in waits of their own (KEY-past), so that every step
comes when it would come to a contact who got all that is before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

TRIGGER = "start"
WAIT, TERMS, PAST = "-wait", "-terms", "-past"
COLUMN, ROW = 240, 160
AT_ONCE = {"kind": "at_once"}

Graph = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """What a step says, as `ChainStep` has it."""

    key: str
    name: str
    channel: str
    message: dict[str, Any] = field(default_factory=dict)
    terms: dict[str, Any] | None = None
    timing: dict[str, Any] = field(default_factory=lambda: dict(AT_ONCE))


def compiled(campaign: int, schedule: dict[str, Any], steps: Sequence[Part]) -> Graph:
    """The graph of a chain whose audience is the campaign's: from left to right, messages above what leads to them."""
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, str]] = []

    def draw(key: str, kind: str, config: dict[str, Any], row: int) -> None:
        place = {"x": 80 + COLUMN * len(nodes), "y": 80 + ROW * row}
        nodes.append({"id": key, "type": kind, **place, "config": config})

    def lead(source: str, port: str, target: str | None) -> None:
        if target:
            edges.append({"from": source, "port": port, "to": target})

    draw(TRIGGER, *_trigger(campaign, schedule), 0)
    lead(TRIGGER, "next", entry(steps[0]) if steps else None)
    for place, step in enumerate(steps):
        later = steps[place + 1 :]
        if wait := _wait(step.timing):
            draw(f"{step.key}{WAIT}", "wait", wait, 1)
            lead(f"{step.key}{WAIT}", "next", f"{step.key}{TERMS}" if step.terms else step.key)
        if step.terms:
            draw(f"{step.key}{TERMS}", "condition", {"rule": step.terms}, 1)
            lead(f"{step.key}{TERMS}", "yes", step.key)
            lead(f"{step.key}{TERMS}", "no", without(later))
        elif _passed_by(steps, place):
            draw(f"{step.key}{PAST}", "wait", wait, 2)
            lead(f"{step.key}{PAST}", "next", without(later))
        draw(step.key, step.channel, {**step.message, "name": step.name}, 0)
        lead(step.key, "next", entry(later[0]) if later else None)
    return {"nodes": nodes, "edges": edges}


def entry(step: Part) -> str:
    """The id of the node at which contacts come to a step."""
    if _wait(step.timing):
        return f"{step.key}{WAIT}"
    return f"{step.key}{TERMS}" if step.terms else step.key


def without(later: Sequence[Part]) -> str | None:
    """Where contacts go on, before these steps, who did not get the step before them; None where nothing is left that
    could be for them."""
    if not any(step.terms for step in later):
        return None
    first = next(step for step in later if step.terms or _wait(step.timing))
    return entry(first) if first.terms else f"{first.key}{PAST}"


def _passed_by(steps: Sequence[Part], place: int) -> bool:
    """Whether some contacts only let the time of this step pass, on their way to a later one."""
    known = [bool(step.terms) for step in steps]
    return bool(_wait(steps[place].timing)) and any(known[:place]) and any(known[place + 1 :])


def step_of(node: str) -> str:
    """The key of the step that a node belongs to."""
    return node.removesuffix(WAIT).removesuffix(TERMS).removesuffix(PAST)


def written_in(graph: Graph) -> list[Part]:
    """The steps of a graph that was compiled, in their order."""
    configs = {node["id"]: node["config"] for node in graph["nodes"]}
    return [
        Part(
            node["id"],
            node["config"].get("name", ""),
            node["type"],
            {name: value for name, value in node["config"].items() if name != "name"},
            configs.get(f"{node['id']}{TERMS}", {}).get("rule"),
            _timing(configs.get(f"{node['id']}{WAIT}")),
        )
        for node in graph["nodes"]
        if node["id"] == step_of(node["id"]) and node["id"] != TRIGGER
    ]


def _trigger(campaign: int, schedule: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if schedule.get("when") == "at":
        return "on_date", {"campaign": campaign, "at": schedule["at"], "timezone": schedule["timezone"]}
    return "now", {"campaign": campaign}


def _wait(timing: dict[str, Any]) -> dict[str, Any]:
    """The config of the wait before a step; empty where there is none."""
    if timing.get("kind") == "delay":
        return {"amount": timing["amount"], "unit": timing["unit"]}
    if timing.get("kind") == "at":
        return {"until": timing["at"], "timezone": timing["timezone"]}
    return {}


def _timing(wait: dict[str, Any] | None) -> dict[str, Any]:
    if not wait:
        return dict(AT_ONCE)
    if wait.get("until"):
        return {"kind": "at", "at": wait["until"], "timezone": wait["timezone"]}
    return {"kind": "delay", "amount": wait["amount"], "unit": wait["unit"]}
