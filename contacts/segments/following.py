"""Lets contacts into segments and out of them by what happens to them: reads the timeline in the order of its commits.

A segment that is new, or whose rule was edited, is filled without a word (see `contacts.segments.refreshing`): an
operator has said otherwise whom it means, while nothing has happened to its contacts. From then on whoever crosses its
border is told of once, by `segment.entered` or `segment.left`, in the transaction that changes the members. A contact
who comes and goes between two looks has crossed nothing.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from contacts import timeline
from contacts.columns import literal
from contacts.models import SegmentRefresh
from contacts.segments import watching
from contacts.segments.crossing import cross, lock_segments
from contacts.segments.refreshing import set_aside
from contacts.segments.watching import Watched
from contacts.segments.where import Where, fill, value
from contacts.timeline import LoggedEvent

logger = logging.getLogger(__name__)

CONSUMER = "segments"
BATCH = 5_000
# Segments in one statement: PostgreSQL has to plan them together.
TOGETHER = 100
EVERYBODY = 2**63 - 1

# What happened to a contact is a number with a bit for each name of an event; from here on names share the last one.
LAST_BIT = 61

# All rules are asked in one walk over the contacts; NULL is the answer where nothing that happened concerns a rule.
_CROSSED = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest({0}::bigint[], {1}::bigint[]) AS e (contact_id, happened)
), asked AS MATERIALIZED (
    SELECT s.segment_id, contacts_contact.id AS contact_id, s.inside
    FROM given JOIN contacts_contact ON contacts_contact.id = given.contact_id
    CROSS JOIN LATERAL (VALUES {2}) AS s (segment_id, inside) WHERE s.inside IS NOT NULL
), had AS MATERIALIZED (
    SELECT segment_id, contact_id FROM contacts_membership
    WHERE contact_id IN (SELECT contact_id FROM given) AND segment_id = ANY({3})
), crossed AS MATERIALIZED (
    SELECT segment_id, asked.contact_id, asked.inside FROM asked LEFT JOIN had USING (segment_id, contact_id)
    WHERE asked.inside <> (had.contact_id IS NOT NULL)
)
"""


def follow(now: datetime) -> bool:
    """Read one batch of events and see who crossed a border by them. Returns whether there may be more."""
    with transaction.atomic():
        names = watching.heard(_followed())
        events = timeline.read(CONSUMER, BATCH, names)
        followed = _followed()
        wanted = watching.heard(followed)
        if names is not None and (wanted is None or not wanted <= names):
            # A segment was begun in between: what moves it may be among the events that were passed over.
            transaction.set_rollback(True)
            return True
        happened = {event.name for event in events}
        concerned = [segment for segment in followed if segment.hears(happened)]
        known = _locked(concerned)
        for start in range(0, len(concerned), TOGETHER):
            part = [segment for segment in concerned[start : start + TOGETHER] if segment.id in known]
            _recompute(part, known, events, now)
    return bool(events)


def _followed() -> list[Watched]:
    """The segments whose members are known, or are being worked out, by the rule that they have now."""
    watched = watching.segments()
    filled = SegmentRefresh.objects.exclude(after=None, refreshed_at=None).values_list("pk", "follows")
    return [watched[pk] for pk, follows in filled if pk in watched and watched[pk].follows == follows]


def _locked(segments: Collection[Watched]) -> dict[int, int]:
    """Keep these segments from being refreshed or deleted meanwhile; how far the contacts of each are known.

    Those that are gone, or have begun to follow another rule, are left out.
    """
    there = lock_segments([segment.id for segment in segments])
    rows = SegmentRefresh.objects.select_for_update(no_key=True).filter(pk__in=there).order_by("pk")
    states = {row.pk: row for row in rows}
    return {
        segment.id: EVERYBODY if state.refreshed_at else state.after or 0
        for segment in segments
        if (state := states.get(segment.id)) and state.follows == segment.follows
    }


def _recompute(
    segments: Sequence[Watched], known: Mapping[int, int], events: Sequence[LoggedEvent], now: datetime
) -> None:
    if not segments:
        return
    try:
        with transaction.atomic():
            cross(_crossed(segments, known, events, now), now, told=True)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        # A rule that PostgreSQL cannot work out must not keep the other segments from being followed.
        if len(segments) == 1:
            logger.exception("Segment %s cannot be worked out", segments[0].id)
            set_aside(segments[0].id, now)
        else:
            for segment in segments:
                _recompute([segment], known, events, now)


def _crossed(
    segments: Sequence[Watched], known: Mapping[int, int], events: Sequence[LoggedEvent], now: datetime
) -> Where:
    bits = {name: 1 << min(place, LAST_BIT) for place, name in enumerate(sorted({event.name for event in events}))}
    happened: dict[int, int] = defaultdict(int)
    for event in events:
        happened[event.contact_id] |= bits[event.name]
    asked = [_asked(segment, known[segment.id], bits, now) for segment in segments]
    return fill(
        _CROSSED,
        value(literal(list(happened))),
        value(literal(list(happened.values()))),
        Where(", ".join(part.sql for part in asked), tuple(p for part in asked for p in part.params)),
        value([segment.id for segment in segments]),
    )


def _asked(segment: Watched, known: int, bits: Mapping[str, int], now: datetime) -> Where:
    """Whether a contact is inside, asked only of those whom an event may have moved and who are `known` already."""
    moving = [bit for name, bit in bits.items() if segment.hears([name])]
    return fill(
        '({0}::bigint, CASE WHEN given.happened & {1} <> 0 AND "contacts_contact"."id" <= {2} THEN ({3}) END)',
        value(segment.id),
        value(reduce(or_, moving)),
        value(known),
        segment.where(now),
    )


def is_behind() -> bool:
    """Whether something was recorded that has not been looked at."""
    with connection.cursor() as cursor:
        # In this form PostgreSQL looks at the end of the log; a comparison with a sub-query would read all of it.
        cursor.execute(
            """SELECT EXISTS (SELECT FROM contacts_eventcursor c CROSS JOIN LATERAL (
                SELECT FROM contacts_event e WHERE (e.xact, e.id) > (c.xact, c.event_id) ORDER BY e.xact, e.id LIMIT 1
            ) AS next WHERE c.consumer = %s)""",
            [CONSUMER],
        )
        return cursor.fetchone()[0]
