"""Counts segments in the background, one at a time, for the lists that show a size and for the sizes by day."""

from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q

from contacts.days import day_of
from contacts.models import Segment, SegmentDay
from contacts.segments import knowing
from contacts.segments.compiler import InvalidRule
from contacts.segments.matching import count

FRESH = timedelta(minutes=10)
LONGEST = "15s"


def refresh(now: datetime) -> bool:
    """Count the segment whose size is oldest, if one is older than FRESH; whether there was one.

    A rule that cannot be counted, or not in LONGEST, keeps its last size and waits its turn like the others.
    """
    with transaction.atomic():
        stale = Q(counted_at__isnull=True) | Q(counted_at__lt=now - FRESH)
        oldest = Segment.objects.select_for_update(skip_locked=True, no_key=True).filter(stale)
        segment = oldest.order_by(F("counted_at").asc(nulls_first=True), "pk").first()
        if segment is None:
            return False
        size = _size(segment, now)
        Segment.objects.filter(pk=segment.pk).update(counted_at=now, size=size)
        if size is not None:
            _of_the_day(segment, size, now)
    return True


def _size(segment: Segment, now: datetime) -> int | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [LONGEST])
            size = knowing.count(segment) if knowing.is_known(segment) else count(segment.rule, now)
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return size
    except (InvalidRule, OperationalError):
        return segment.size


def keep(segment: Segment, size: int, now: datetime) -> None:
    """Remember a size that was counted for a page, unless the rule has changed meanwhile."""
    Segment.objects.filter(pk=segment.pk, rule=segment.rule).update(size=size, counted_at=now)


def _of_the_day(segment: Segment, size: int, now: datetime) -> None:
    """Put the day's size right. Who comes and goes moves it at once; contacts who are deleted do not."""
    SegmentDay.objects.bulk_create(
        [SegmentDay(segment=segment, day=day_of(now), size=size)],
        update_conflicts=True,
        unique_fields=["segment", "day"],
        update_fields=["size"],
    )
