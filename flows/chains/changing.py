"""Asks what becomes of the contacts whom changed steps concern, step by step, and reads the answers."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from campaigns.models import Campaign
from flows import asking, canvas
from flows.chains import beginning
from flows.chains.compiling import Part, entry, step_of, written_in
from flows.models import Scenario
from flows.nodes._fields import listed
from flows.publishing import Answers

LEAVE = "!"
PARTS = {"name": "name", "channel": "channel", "message": "message", "terms": "who gets it", "timing": "time"}


class Unanswered(Exception):
    """It was not said where contacts go; the text is a sentence."""


@dataclass(frozen=True)
class Removed:
    """A step that is gone while contacts stand before it."""

    key: str
    name: str
    contacts: int


@dataclass(frozen=True)
class Asked:
    """`removed`: steps that are gone, with those before them; `retimed`: how many wait for a step whose time changed;
    `finished`: how many came to an end that leads on now. `targets` are where the removed steps' contacts can go;
    `moved`: nodes that are gone of steps that stay, and where their contacts go on without being asked about."""

    removed: list[Removed]
    retimed: int
    finished: int
    targets: list[Part]
    moved: dict[str, str]
    gone: dict[str, list[str]]


def asked(campaign: Campaign, scenario: Scenario) -> Asked:
    """What the saved steps ask, against those that are live."""
    assert scenario.flow is not None
    draft = scenario.draft or scenario.flow.graph
    questions = asking.questions(scenario, draft)
    parts = beginning.parts_of(campaign)
    entries = {part.key: entry(part) for part in parts}
    names = {part.key: part.name for part in written_in(scenario.flow.graph)}
    new = {node["id"] for node in draft["nodes"]}
    gone: dict[str, list[str]] = defaultdict(list)
    moved: dict[str, str] = {}
    for node in (node["id"] for node in scenario.flow.graph["nodes"]):
        if node in new:
            continue
        if step_of(node) in entries:
            moved[node] = entries[step_of(node)]
        else:
            gone[step_of(node)].append(node)
    removed = []
    for key, nodes in gone.items():
        if n := sum(questions.removed.get(node, 0) for node in nodes):
            removed.append(Removed(key, names.get(key, key), n))
    return Asked(removed, sum(questions.waits.values()), sum(questions.ends.values()), parts, moved, dict(gone))


def answers(asked: Asked, sent: Any) -> Answers:
    """`to:KEY` → the key of a step or "!" for leaving, for each removed step; `retime` "arrival"; `backfill`. Raises
    Unanswered."""
    entries = {part.key: entry(part) for part in asked.targets}
    redirects: dict[str, str | None] = dict(asked.moved)
    for key, nodes in asked.gone.items():
        chosen = sent.get(f"to:{key}", "")
        if chosen not in entries and chosen != LEAVE and key in {step.key for step in asked.removed}:
            name = next(step.name for step in asked.removed if step.key == key)
            raise Unanswered(f"Say where the contacts go who stand before “{name}”.")
        redirects |= dict.fromkeys(nodes, entries.get(chosen))
    return Answers(redirects, sent.get("retime") == "arrival", bool(sent.get("backfill")))


def in_words(scenario: Scenario) -> list[str]:
    """What the saved steps change, as sentences."""
    live = written_in(scenario.flow.graph if scenario.flow else canvas.EMPTY)
    new = written_in(scenario.draft) if scenario.draft else live
    before, after = {part.key: part for part in live}, {part.key: part for part in new}
    found = [f"“{part.name}” is new." for part in new if part.key not in before]
    found += [f"“{part.name}” is removed." for part in live if part.key not in after]
    for key in (key for key in after if key in before):
        if what := [word for name, word in PARTS.items() if getattr(after[key], name) != getattr(before[key], name)]:
            found.append(f"“{after[key].name}”: {listed(what)} changed.")
    if [key for key in after if key in before] != [key for key in before if key in after]:
        found.append(f"The order is {listed([f'“{part.name}”' for part in new])}.")
    return found


def answers_of(asked: Asked, given: Answers) -> Answers:
    """What a program answered, by steps: `redirects` from the key of a removed step to that of another, or None. Raises
    Unanswered."""
    sent: dict[str, str] = {f"to:{key}": target or LEAVE for key, target in given.redirects.items()}
    if given.retime:
        sent["retime"] = "arrival"
    if given.backfill:
        sent["backfill"] = "1"
    return answers(asked, sent)
