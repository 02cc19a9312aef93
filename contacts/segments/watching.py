"""Knows of every segment by which rule its members are worked out, and what may carry a contact across its border."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.db import connection

from contacts.segments import compiler, tree
from contacts.segments.registry import registry
from contacts.segments.where import PRESENT, Scope, Where

CREATED, MERGED = "contact.created", "contact.merged"


@dataclass(frozen=True)
class Watched:
    """A segment with the rules of the segments that it leads to. Only what `follows` a sound rule may be asked more."""

    id: int
    name: str
    rule: Any = field(repr=False)
    known: Mapping[int, Any] = field(repr=False)
    follows: str  # the digest of these rules

    @cached_property
    def moved_by(self) -> frozenset[str] | None:
        """The events after which a contact may have come in or gone out; None: any event."""
        moving = [registry()[leaf["rule"]].moved_by(leaf) for leaf in self._leaves()]
        if any(names is None for names in moving):
            return None
        return frozenset([CREATED, MERGED, *(name for names in moving for name in names or ())])

    @cached_property
    def drifts(self) -> bool:
        """Whether contacts may come in or go out without an event."""
        return any(registry()[leaf["rule"]].drifts(leaf) for leaf in self._leaves())

    def drifted(self, since: datetime, now: datetime) -> Where | None:
        """A SELECT of those whom time may have carried across the border since then; None where that may be anybody."""
        drifting = [leaf for leaf in self._leaves() if registry()[leaf["rule"]].drifts(leaf)]
        found = [registry()[leaf["rule"]].drifted(leaf, since, now) for leaf in drifting]
        known = [part for part in found if part is not None]
        if not known or len(known) < len(found):
            return None
        return Where(" UNION ".join(part.sql for part in known), tuple(p for part in known for p in part.params))

    def hears(self, names: Collection[str]) -> bool:
        return self.moved_by is None or not self.moved_by.isdisjoint(names)

    def problems(self) -> list[str]:
        return compiler.problems_inside(self.rule, self._scope)

    def where(self, now: datetime) -> Where:
        return PRESENT & compiler.compiled(self.rule, now, self._scope)

    @property
    def _scope(self) -> Scope:
        return Scope(segment=self.id, few=True, known=self.known)

    def _leaves(self) -> Iterator[tree.Rule]:
        for rule in (self.rule, *self.known.values()):
            yield from tree.leaves(rule)


def segments() -> dict[int, Watched]:
    """All segments as they are now, by their ids, in one query; fixed lists have no rule to be worked out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, rule::text, kind = 'dynamic' FROM contacts_segment ORDER BY id")
        rows = cursor.fetchall()
    texts = {id: text for id, _, text, _ in rows}
    return {id: _watched(id, name, text, _reached(text, texts)) for id, name, text, dynamic in rows if dynamic}


def heard(watched: Collection[Watched]) -> frozenset[str] | None:
    """The events that move any of these segments; None: any event."""
    names: set[str] = set()
    for segment in watched:
        if segment.moved_by is None:
            return None
        names |= segment.moved_by
    return frozenset(names)


# Rules change seldom and are asked for every second.
@lru_cache(maxsize=5_000)
def _watched(id: int, name: str, text: str, reached: tuple[tuple[int, str], ...]) -> Watched:
    known = {other: tree.parsed(rule) for other, rule in reached}
    return Watched(id, name, tree.parsed(text), known, hashlib.sha256(repr((text, reached)).encode()).hexdigest())


def _reached(text: str, texts: Mapping[int, str]) -> tuple[tuple[int, str], ...]:
    """The ids and rules of the segments that a rule leads to, however far."""
    found: set[int] = set()
    waiting = [text]
    while waiting:
        fresh = (_named(waiting.pop()) & texts.keys()) - found
        found |= fresh
        waiting += [texts[id] for id in fresh]
    return tuple((id, texts[id]) for id in sorted(found))


@lru_cache(maxsize=5_000)
def _named(text: str) -> frozenset[int]:
    rule = tree.parsed(text)
    return frozenset() if tree.problems(rule) else frozenset(compiler.used_segments(rule))
