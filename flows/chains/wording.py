"""Says in words when a step comes and who gets it."""

from collections.abc import Sequence
from typing import Any

from contacts import segments
from flows.chains import asking_terms
from flows.chains.compiling import Part
from flows.nodes._fields import OWN_ZONE, counted

UNFINISHED = "No terms yet"


def when(timing: dict[str, Any], first: bool) -> str:
    after = "the chain begins" if first else "the previous step"
    if timing.get("kind") == "delay" and timing.get("amount"):
        return f"{counted(timing['amount'], timing['unit'])} after {after}"
    if timing.get("kind") == "at" and timing.get("at"):
        zone = timing.get("timezone", "")
        where = "each contact’s own time" if zone == OWN_ZONE else zone.replace("_", " ")
        return f"{timing['at'].replace('T', ' ')}, {where}"
    return "As soon as the chain begins" if first else "At once after the previous step"


def who(terms: Any, before: Sequence[Part]) -> str:
    if terms is None:
        return "Everybody who got the previous step" if before else "The whole audience"
    return segments.sentence(terms, asking_terms.scope(before)) or UNFINISHED


def beginning(schedule: dict[str, Any]) -> str:
    if schedule.get("when") == "at":
        return when({"kind": "at", **schedule}, True)
    return "As soon as you send it"
