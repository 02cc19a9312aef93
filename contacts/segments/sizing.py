"""Counts segments in the background, one at a time, for the lists that show a size."""

from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q

from contacts.models import Segment
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
        Segment.objects.filter(pk=segment.pk).update(counted_at=now, size=_size(segment, now))
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
