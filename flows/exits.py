"""Finds out who has to leave a scenario before its end: the objective is reached, a rule holds, a segment is excluded.

Asked before each action, so that nobody who should have left is written to; and when an objective is reached, at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contacts import segments
from contacts.models import Segment
from flows import objectives
from flows.graph import unstorable
from flows.models import Scenario
from flows.nodes.base import Batch

REACHED = "The objective was reached."
RULE = "The rule for leaving holds."
EXCLUDED = "The contact is in the excluded segment."


PARTS = {"objective", "rule", "segment"}


def problems(given: Any) -> list[str]:
    """Why these cannot be a scenario's exits, as sentences: `{"objective", "rule", "segment"}`, each optional."""
    if not isinstance(given, dict):
        return ["Use an object such as {“objective”: true}."]
    if unstorable(given):
        return [problem.message for problem in unstorable(given)]
    found = [f"There is no exit “{name[:50]}”. Exits are {', '.join(sorted(PARTS))}." for name in given.keys() - PARTS]
    if not isinstance(given.get("objective", False), bool):
        found.append("“objective” is true or false.")
    segment = given.get("segment")
    if segment is not None and not _exists(segment):
        found.append("This segment no longer exists.")
    return found + segments.problems(given.get("rule"), segments.Scope(origin="scenario"))


def _exists(segment: Any) -> bool:
    is_id = isinstance(segment, int) and not isinstance(segment, bool) and 0 < segment < 2**63
    return is_id and Segment.objects.filter(pk=segment).exists()


def any_for(scenario: Scenario) -> bool:
    return bool(scenario.exits)


def sort(scenario: Scenario, batch: Batch, entering: bool) -> tuple[Batch, list[tuple[Batch, str]]]:
    """Those who go on, and those who leave with the reason. A query for each thing that the scenario leaves by."""
    leaving: list[tuple[Batch, str]] = []
    staying = batch
    for rule, reason in ((_excluded(scenario), EXCLUDED), (scenario.exits.get("rule"), RULE)):
        if rule and len(staying):
            gone, rest = staying.split(rule)
            if len(gone):  # else the batch goes on undivided, which is what makes it cheap to write down
                staying = rest
                leaving.append((gone, reason))
    if scenario.exits.get("objective") and not entering and len(staying):
        reached = objectives.reached(scenario, staying.ids, staying.now)
        if reached:
            places = range(len(staying))
            leaving.append((staying.part(i for i in places if staying.ids[i] in reached), REACHED))
            staying = staying.part(i for i in places if staying.ids[i] not in reached)
    return staying, leaving


def admissible(scenario: Scenario, contacts: Sequence[int], now: datetime) -> set[int]:
    """Those of the contacts who are not in the excluded segment."""
    rule = _excluded(scenario)
    if not rule:
        return set(contacts)
    return set(contacts) - segments.matching(rule, contacts, now)


def _excluded(scenario: Scenario) -> dict | None:
    segment = scenario.exits.get("segment")
    return {"rule": "segment", "id": segment} if segment else None
