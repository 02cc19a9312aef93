"""Tells how large a segment was day by day, and who came into it and who left it lately."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from contacts import search
from contacts.days import day_of
from contacts.models import Event, Segment, SegmentDay
from contacts.segments.crossing import ENTERED, LEFT

WHAT = {"entered": ENTERED, "left": LEFT}
LONGEST = 366 * 3


@dataclass(frozen=True)
class Day:
    """`size` at the end of the day, or now."""

    day: date
    size: int
    entered: int
    left: int


def days(segment: Segment, first: date, last: date) -> list[Day]:
    """Every day from `first` to `last`, from the one on which the segment's size is known: days on which nothing
    happened have the size of the day before."""
    last = min(last, first + timedelta(days=LONGEST))
    rows = SegmentDay.objects.filter(segment_id=segment.pk)
    known = {row.day: row for row in rows.filter(day__gte=first, day__lte=last)}
    before = rows.filter(day__lt=first).order_by("-day").first()
    size = before.size if before else None
    found = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        row = known.get(day)
        size = row.size if row else size
        if size is not None:
            found.append(Day(day, size, row.entered if row else 0, row.left if row else 0))
    return found


def lately(segment: Segment, count: int, now: datetime) -> list[Day]:
    """The last `count` days, today included."""
    today = day_of(now)
    return days(segment, today - timedelta(days=count - 1), today)


def changes(segment: Segment, what: str = "", words: str = "") -> QuerySet[Event]:
    """What timelines tell of the segment; `what` is "entered", "left" or "" for both, `words` are a piece of the name
    or the address of whom it is told. By descending id an index serves it, however long the timelines are."""
    told = Event.objects.filter(name__in=[ENTERED, LEFT], properties__segment=segment.pk)
    if what in WHAT:
        told = told.filter(name=WHAT[what])
    return told.filter(contact__in=search.ids(words)) if words.strip() else told
