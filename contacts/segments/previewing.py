"""Shows what a rule tree means before it is saved: its words, its problems, its count and some who match."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contacts.models import Contact, Segment
from contacts.segments import compiler, explain, knowing, tree
from contacts.segments.matching import count_and_some
from contacts.segments.patience import TooLong, patience
from contacts.segments.registry import registry
from contacts.segments.where import Scope

SAMPLE = 5


@dataclass
class Preview:
    """`count` is None where counting means nothing (there is an event or a scenario in question) or nothing can be."""

    sentence: str = ""
    problems: list[str] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)  # those about one rule, with its place from the left
    count: int | None = None
    sample: list[Contact] = field(default_factory=list)

    @property
    def of_the_whole(self) -> list[str]:
        """The problems that no single rule has."""
        said = {text for _, text in self.wrong}
        return [text for text in self.problems if text not in said]


def preview(rule: Any, scope: Scope, now: datetime, sample: int = SAMPLE) -> Preview:
    problems = compiler.problems(rule, scope)
    if problems:
        return Preview(problems=problems, wrong=compiler.wrong_rules(rule, scope))
    shown = Preview(explain.sentence(rule, scope))
    if not scope.event and all(registry()[leaf["rule"]].countable(leaf) for leaf in tree.leaves(rule)):
        try:
            with patience():
                shown.count, ids = count_and_some(rule, now, sample)
                shown.sample = list(Contact.objects.filter(pk__in=ids).order_by("pk"))
        except TooLong as error:
            shown.count, shown.problems = None, [str(error)]
    return shown


def of_segment(segment: Segment, now: datetime, sample: int = SAMPLE) -> Preview:
    """The same of a saved segment, from its members where they are exact: that takes no look at all contacts."""
    if not knowing.is_known(segment):
        return preview(segment.rule, Scope(segment=segment.pk), now, sample)
    shown = Preview(explain.sentence(segment.rule))
    shown.count = knowing.count(segment)
    shown.sample = knowing.some(segment, sample)
    return shown
