"""Saves segments: a new rule makes the old size meaningless and gets counted in the background."""

from contacts.lanes import nudge
from contacts.models import Segment
from contacts.segments import compiler
from contacts.segments.where import InvalidRule, Scope


def save(segment: Segment) -> None:
    """Insert or update. Raises InvalidRule where the rule cannot be compiled or would contain itself."""
    found = compiler.problems(segment.rule, Scope(segment=segment.pk))
    if found:
        raise InvalidRule(found)
    former = Segment.objects.filter(pk=segment.pk).values_list("rule", flat=True).first() if segment.pk else None
    if former != segment.rule:
        segment.size = segment.counted_at = None
    segment.save()
    nudge("segments", "upkeep")
