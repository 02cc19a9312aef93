"""Puts contacts into fixed lists and takes them out, and tells it of those for whom that is news."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from contacts.columns import literal
from contacts.lanes import READERS, nudge
from contacts.models import Segment, SegmentRefresh
from contacts.segments.crossing import cross, lock_segments
from contacts.segments.where import Where

NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_PUT_IN = """
WITH crossed AS MATERIALIZED (
    SELECT %s::bigint AS segment_id, given.id AS contact_id, true AS inside FROM (
        SELECT DISTINCT unnest(%s::bigint[]) AS id
    ) given WHERE NOT EXISTS (
        SELECT FROM contacts_membership m WHERE m.segment_id = %s AND m.contact_id = given.id
    )
)
"""
_TAKE_OUT = """
WITH crossed AS MATERIALIZED (
    SELECT segment_id, contact_id, false AS inside FROM contacts_membership
    WHERE segment_id = %s AND contact_id = ANY(%s::bigint[])
)
"""


class NotAList(ValueError):
    """The segment is no fixed list, or is gone."""

    def __init__(self) -> None:
        super().__init__("Only a fixed list takes contacts in by hand.")


def add(segment: Segment, contact_ids: Sequence[int], now: datetime, source: str = "") -> int:
    """Put contacts into a fixed list; returns how many were not in it. Raises NotAList.

    A few statements, however many contacts they are; a few thousand at a time keep others from waiting for long.
    """
    return _place(segment, Where(_PUT_IN, (segment.pk, literal(contact_ids), segment.pk)), now, source)


def remove(segment: Segment, contact_ids: Sequence[int], now: datetime, source: str = "") -> int:
    """Take contacts out of a fixed list; returns how many were in it. Raises NotAList."""
    return _place(segment, Where(_TAKE_OUT, (segment.pk, literal(contact_ids))), now, source)


@transaction.atomic
def _place(segment: Segment, crossed: Where, now: datetime, source: str) -> int:
    locked(segment)
    placed = cross(crossed, now, told=True, source=source)
    if placed:
        count_again(segment)
        nudge(*READERS, "upkeep")
    return placed


def count_again(segment: Segment) -> None:
    """Let its size be counted soon; until then lists show the last one."""
    Segment.objects.filter(pk=segment.pk).update(counted_at=None)


def locked(segment: Segment) -> None:
    """Keep the list for this transaction. Raises NotAList."""
    there = segment.is_static and lock_segments([segment.pk])
    if not there or not SegmentRefresh.objects.select_for_update(no_key=True).filter(pk=segment.pk).first():
        raise NotAList


def begin(segment: Segment, now: datetime) -> None:
    """Let a new fixed list ask for its own members. Its members are known and never worked out."""
    segment.rule = {"rule": "placed", "id": segment.pk}
    segment.size, segment.counted_at = 0, now
    segment.save(update_fields=["rule", "size", "counted_at"])
    SegmentRefresh.objects.create(segment=segment, follows="placed", slice=0, due_at=NEVER, refreshed_at=now)
