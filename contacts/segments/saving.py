"""Saves segments: a new rule makes the old size meaningless and gets counted in the background."""

from datetime import datetime

from django.db import transaction

from contacts.lanes import nudge
from contacts.models import Segment
from contacts.segments import compiler, placing
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


@transaction.atomic
def create_list(name: str, now: datetime, description: str = "") -> Segment:
    """A new fixed list with nobody in it. Raises IntegrityError where another segment has the name."""
    segment = Segment.objects.create(name=name, description=description, kind=Segment.Kind.STATIC)
    placing.begin(segment, now)
    return segment
