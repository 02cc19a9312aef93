"""Says what a step's own terms may ask: the messages of the steps before it, and whatever any rule asks."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contacts import segments
from flows.chains.compiling import Part

BOUGHT = "order.placed"


@dataclass(frozen=True)
class Pick:
    """A term that is added by one click: its words, and the rule that it adds."""

    label: str
    rule: dict[str, Any]

    @property
    def json(self) -> str:
        return json.dumps(self.rule)


def scope(before: Sequence[Part]) -> segments.Scope:
    """Where the terms of a step stand that comes after these."""
    return segments.Scope(origin="scenario", nodes=tuple((step.key, f"“{step.name}”") for step in before))


def picks(before: Sequence[Part]) -> list[Pick]:
    """What is asked most, of the step just before."""
    found = []
    if before:
        last = before[-1]

        def did(verb: str) -> dict[str, Any]:
            return {"rule": "message", "did": verb, "node": last.key}

        if last.channel == "email":
            found += [Pick("Opened", did("opened")), Pick("Did not open", did("not:opened"))]
        found += [Pick("Clicked", did("clicked")), Pick("Did not click", did("not:clicked"))]
        found += [Pick("Bounced", did("bounced"))]
    unsubscribed = {"rule": "consent", "channel": "email", "is": "unsubscribed"}
    bought = {"rule": "event", "name": BOUGHT, "did": True}
    return [
        *found,
        Pick("Unsubscribed from email", unsubscribed),
        Pick("Bought", bought),
        Pick("Did not buy", {**bought, "did": False}),
    ]


def problems(steps: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """(key of the step, sentence) for each whose terms ask about a message that is not sent before it."""
    before: list[Part] = []
    names = {step.key: step.name for step in steps}
    for step in steps:
        known = {each.key for each in before}
        for node in sorted(_asked(step.terms) - known):
            name = f"“{names[node]}”, which does not come before it" if node in names else "a step that is not there"
            yield step.key, f"Its terms ask about the message of {name}. Change the terms, or the order."
        before.append(step)


def warnings(steps: Sequence[Part]) -> Iterator[tuple[str, str]]:
    """(key of the step, sentence) for each that asks at once what can only happen after a while."""
    for place, step in enumerate(steps):
        if place and step.timing.get("kind") == "at_once" and steps[place - 1].key in _asked(step.terms):
            previous = f"“{steps[place - 1].name}”"
            yield step.key, f"It asks what came of {previous} at the very moment that is sent. Give it some time."


def _asked(terms: Any) -> set[str]:
    """The keys of the steps whose messages a rule tree asks about."""
    if isinstance(terms, list):
        return {key for each in terms for key in _asked(each)}
    if not isinstance(terms, dict):
        return set()
    own = terms.get("rule") == "message" and not terms.get("campaign") and not terms.get("scenario")
    named = {terms["node"]} if own and isinstance(terms.get("node"), str) else set()
    return named | {key for value in terms.values() for key in _asked(value)}
