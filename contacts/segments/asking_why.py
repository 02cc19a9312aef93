"""Finds the contacts whom somebody asks about, and tells why a rule means them or does not."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contacts import search
from contacts.models import Contact, Segment
from contacts.segments import compiler, why
from contacts.segments.registry import registry
from contacts.segments.tree import leaves
from contacts.segments.where import Scope
from contacts.segments.why import Verdict

MOST = 5
LEVELS = 6


@dataclass
class Told:
    """What is told of one contact: the verdict, and everything in it with how deep it is drawn."""

    contact: Contact
    verdict: Verdict
    lines: list[tuple[int, Verdict]]


@dataclass
class Answer:
    """`asked` is whether anybody was asked about, `more` whether the words fit further contacts."""

    asked: bool = False
    problems: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    more: bool = False


def of_segment(segment: Segment, words: str, contact: str, now: datetime) -> Answer:
    return about({"rule": "segment", "id": segment.pk}, Scope(), words, contact, now)


def about(rule: Any, scope: Scope, words: str, contact: str, now: datetime) -> Answer:
    """About the contact whose id is `contact`, or those whom `words` find (an id among them)."""
    words, contact = words.replace("\0", "").strip(), contact.strip()
    if not words and not contact:
        return Answer()
    scope = compiler.leading_to([rule], scope)
    problems = compiler.problems_inside(rule, scope)
    if problems:
        return Answer(True, problems)
    if scope.event or not all(registry()[leaf["rule"]].countable(leaf) for leaf in leaves(rule)):
        return Answer(True, ["This rule asks about an event or a scenario: only there does it mean somebody."])
    found = _found(words, contact)
    verdicts = why.why(rule, [one.pk for one in found[:MOST]], now, scope)
    told = [_told(one, verdicts[one.pk]) for one in found[:MOST] if one.pk in verdicts]
    return Answer(True, told=told, more=len(found) > MOST)


def mark(segments: Collection[Any], contact_id: int, now: datetime) -> None:
    """Note on each segment whether the contact is `inside` (None: it cannot be asked)."""
    inside = why.inside(contact_id, [segment.pk for segment in segments], now)
    for segment in segments:
        segment.inside = inside[segment.pk]


def _told(contact: Contact, verdict: Verdict) -> Told:
    # Of a rule that does no more than name a segment or hold one rule, what it leads to says it all.
    inner = verdict
    while len(inner.parts) == 1 and inner.join != "not" and inner.parts[0].holds == inner.holds:
        inner = inner.parts[0]
    return Told(contact, inner, [(min(level, LEVELS), line) for level, line in inner.lines()])


def _found(words: str, contact: str) -> list[Contact]:
    if contact:
        return list(Contact.objects.filter(pk=contact)) if contact.isdecimal() and len(contact) < 19 else []
    found = list(search.search(Contact.objects.order_by("pk"), words)[: MOST + 1])
    if words.isdecimal() and len(words) < 19:
        by_id = Contact.objects.filter(pk=words).first()
        found = [*([by_id] if by_id else []), *(one for one in found if one != by_id)]
    return found
