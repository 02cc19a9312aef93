"""Saves segments: a new rule makes the old size meaningless and gets counted in the background."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from contacts.lanes import nudge
from contacts.models import Segment
from contacts.segments import compiler, placing
from contacts.segments.where import InvalidRule, Scope

# Any number that nobody else uses.
_ALONE = "SELECT pg_advisory_xact_lock(7100, 3)"


class Overtaken(Exception):
    """Somebody else has saved the segment meanwhile: `now` is what it has become."""

    def __init__(self, now: Segment) -> None:
        super().__init__("Somebody else has saved this segment since you opened it.")
        self.now = now


class NameTaken(ValueError):
    def __init__(self) -> None:
        super().__init__("Another segment has this name.")


def alone() -> None:
    """Let rules be saved and segments be deleted one after the other until the end of the transaction: two that are
    saved at once must not come to name each other, nor one that is deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)


def stamp(segment: Segment) -> str:
    """Tells one saved state of a segment from the next."""
    return segment.updated_at.isoformat() if segment.pk else ""


def save(segment: Segment, seen: str = "") -> None:
    """Insert or update; with the `stamp` that was `seen`, only if nobody has saved since.

    Raises:
        InvalidRule: the rule cannot be compiled or would contain itself.
        Overtaken: it is not what was seen any more.
        Segment.DoesNotExist: it was deleted meanwhile.
        NameTaken: another segment was given the name meanwhile.
    """
    with transaction.atomic():
        alone()
        found = compiler.problems(segment.rule, Scope(segment=segment.pk))
        if found:
            raise InvalidRule(found)
        if segment.pk:
            former = Segment.objects.select_for_update(no_key=True).get(pk=segment.pk)
            if seen and stamp(former) != seen:
                raise Overtaken(former)
            if former.rule != segment.rule:
                segment.size = segment.counted_at = None
        _write(segment)
    nudge("segments", "upkeep")


def _write(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        raise NameTaken from error


@transaction.atomic
def create_list(name: str, now: datetime, description: str = "") -> Segment:
    """A new fixed list with nobody in it. Raises NameTaken."""
    segment = Segment(name=name, description=description, kind=Segment.Kind.STATIC)
    _write(segment)
    placing.begin(segment, now)
    return segment
