"""Counts who is in two or three segments at once, and who is in one of them alone: exactly, in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from django.db import connection

from contacts.models import Segment
from contacts.segments import compiler, knowing, tree
from contacts.segments.patience import patience
from contacts.segments.where import InvalidRule, Scope, Where, all_of, fill

FEWEST, MOST = 2, 3


@dataclass(frozen=True)
class Part:
    """Contacts who are in all of `inside` and in none of `outside`."""

    inside: tuple[Segment, ...]
    outside: tuple[Segment, ...]
    size: int
    share: str  # of everybody in any of the segments, in per cent

    @property
    def words(self) -> str:
        if not self.outside:
            return "In both" if len(self.inside) == 2 else "In all three"
        names = " and ".join(f"“{segment.name}”" for segment in self.inside)
        return f"Only in {names}"

    @property
    def json(self) -> str:
        return json.dumps(self.rule)

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of a segment that holds just these."""
        return {
            "all": [
                *({"rule": "segment", "id": segment.pk} for segment in self.inside),
                *({"rule": "segment", "id": segment.pk, "in": False} for segment in self.outside),
            ]
        }


@dataclass(frozen=True)
class Overlap:
    """`sizes` are (segment, how many, share of everybody in any of them), `parts` do not overlap: together they are
    `everybody`."""

    sizes: list[tuple[Segment, int, str]]
    parts: list[Part]
    everybody: int


def overlap(segments: Sequence[Segment], now: datetime) -> Overlap:
    """Of two or three different segments. Raises InvalidRule and TooLong."""
    conditions = [_condition(segment, now) for segment in segments]
    counted = _counted(conditions)
    everybody = sum(n for places, n in counted.items() if any(places))
    parts, sizes = [], []
    for places in sorted(product((True, False), repeat=len(segments)), key=lambda each: -sum(each)):
        if any(places):
            inside, outside = (
                tuple(segment for segment, is_in in zip(segments, places, strict=True) if is_in is wanted)
                for wanted in (True, False)
            )
            size = counted.get(places, 0)
            parts.append(Part(inside, outside, size, _share(size, everybody)))
    for place, segment in enumerate(segments):
        size = sum(n for places, n in counted.items() if places[place])
        sizes.append((segment, size, _share(size, everybody)))
    return Overlap(sizes, parts, everybody)


def _condition(segment: Segment, now: datetime) -> Where:
    """By its members where they are exact, which takes no look at what its rule asks about."""
    if knowing.is_known(segment):
        return Where(
            '"contacts_contact"."id" IN (SELECT contact_id FROM contacts_membership WHERE segment_id = %s)',
            (segment.pk,),
        )
    if tree.problems(segment.rule):
        raise InvalidRule([f"The rule of “{segment.name}” cannot be read."])
    return compiler.where(segment.rule, now, Scope(segment=segment.pk))


def _counted(conditions: Sequence[Where]) -> dict[tuple[bool, ...], int]:
    """How many contacts answer all conditions in the same way, for every way except “no” to all."""
    ways = [places for places in product((True, False), repeat=len(conditions)) if any(places)]
    counts = [
        fill(
            "(SELECT count(*) FROM contacts_contact WHERE {0})",
            all_of(each if wanted else ~each for each, wanted in zip(conditions, places, strict=True)),
        )
        for places in ways
    ]
    with patience(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(count.sql for count in counts), [p for count in counts for p in count.params]
        )
        found = cursor.fetchone()
    return dict(zip(ways, found, strict=True))


def _share(size: int, everybody: int) -> str:
    return f"{100 * size / everybody:.1f}".rstrip("0").rstrip(".") if everybody else "0"
