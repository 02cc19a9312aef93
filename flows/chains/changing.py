"""Asks what becomes of the contacts whom changed steps concern, step by step, and reads the answers."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from campaigns.models import Campaign
from flows import asking, canvas, errands
from flows.chains import beginning
from flows.chains.compiling import PAST, Part, entry, step_of, without, written_in
from flows.graph import Graph, parse
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
    `finished`: how many came to an end that leads on now, `passed`: how many are past the place of an inserted step.
    `inserts` is by which ways they went (`Flow.inserts`). `targets` are where the removed steps' contacts can go;
    `moved`: nodes that are gone, and where their contacts go on without being asked about, or None: they leave."""

    removed: list[Removed]
    retimed: int
    finished: int
    passed: int
    targets: list[Part]
    moved: dict[str, str | None]
    gone: dict[str, list[str]]
    inserts: dict[str, Any]


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
    moved: dict[str, str | None] = {}
    for node in (node["id"] for node in scenario.flow.graph["nodes"]):
        if node in new:
            continue
        if node.endswith(PAST):
            moved[node] = _past(node, scenario.flow.graph, parts)
        elif step_of(node) in entries:
            moved[node] = entries[step_of(node)]
        else:
            gone[step_of(node)].append(node)
    removed = []
    for key, nodes in gone.items():
        if n := sum(questions.removed.get(node, 0) for node in nodes):
            removed.append(Removed(key, names.get(key, key), n))
    new_graph = parse(draft)
    inserts = inserted(parse(scenario.flow.graph), new_graph)
    passed = errands.passed(scenario, new_graph, inserts)
    waits, ends = sum(questions.waits.values()), sum(questions.ends.values())
    return Asked(removed, waits, ends, passed, parts, moved, dict(gone), inserts)


def inserted(old: Graph, new: Graph) -> dict[str, Any]:
    """The ways that led on to a step before and lead to a new one now, as `Flow.inserts` has them."""
    known = {step_of(node) for node in old.nodes}
    ways = [
        (edge.source, edge.port, edge.target)
        for edge in old.edges
        if (target := new.follow(edge.source, edge.port)) and step_of(target) not in known
    ]
    steps = sorted({step_of(node) for node in new.nodes} - known)
    return {"ways": sorted(ways), "steps": steps} if ways else {}


def _past(node: str, live: Any, parts: list[Part]) -> str | None:
    """Where those go on who only let the time of a step pass that asks for nothing of the kind any more."""
    order = [part.key for part in written_in(live)]
    later = order[order.index(step_of(node)) :]
    places = {part.key: place for place, part in enumerate(parts)}
    after = next((places[key] for key in later if key in places), len(parts))
    return without(parts[after:])


def answers(asked: Asked, sent: Any) -> Answers:
    """`to:KEY` → the key of a step or "!" for leaving, for each removed step; `retime` "arrival"; `backfill`. Raises
    Unanswered."""
    entries = {part.key: entry(part) for part in asked.targets}
    redirects = dict(asked.moved)
    backfill = bool(sent.get("backfill"))
    for key, nodes in asked.gone.items():
        chosen = sent.get(f"to:{key}", "")
        if chosen not in entries and chosen != LEAVE and key in {step.key for step in asked.removed}:
            name = next(step.name for step in asked.removed if step.key == key)
            raise Unanswered(f"Say where the contacts go who stand before “{name}”.")
        redirects |= dict.fromkeys(nodes, entries.get(chosen))
    return Answers(redirects, sent.get("retime") == "arrival", backfill, asked.inserts if backfill else {})


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
