"""Works segments out from the beginning, slice by slice: new ones, edited ones, and by schedule what no event moves.

The first pass by a rule tells nobody: a new segment, or an edited one, may hold a million contacts to whom nothing has
happened. Whoever is to be reached because of an edit can be let in by a trigger that takes the whole segment. A later
pass finds who crossed the border because time went by, or because something left no event, and tells it. Where an index
knows whom time may have moved, only they are looked at between the passes.
"""

import logging
import time
from datetime import datetime, timedelta

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from contacts.models import SegmentRefresh
from contacts.segments import watching
from contacts.segments.crossing import cross, lock_segments
from contacts.segments.watching import Watched
from contacts.segments.where import Where, fill, ids, value

logger = logging.getLogger(__name__)

# How often everything is worked out again: where time alone moves contacts, and as a safety net.
DRIFTING = timedelta(minutes=5)
SETTLED = timedelta(hours=6)

# A slice is as large as can be done in about this time; meanwhile events of the segment's contacts have to wait.
SLICE_SECONDS = 0.5
SMALLEST, FIRST, LARGEST = 500, 10_000, 200_000
PATIENCE = "10s"
# Whom time has moved are looked at in one go; where they are more, everybody is.
FEW = 20_000

_CROSSED = """
WITH inside AS MATERIALIZED (
    SELECT "contacts_contact"."id" FROM contacts_contact
    WHERE "contacts_contact"."id" {1} AND ({2})
), had AS MATERIALIZED (
    SELECT contact_id FROM contacts_membership WHERE segment_id = {0} AND contact_id {1}
), crossed AS MATERIALIZED (
    SELECT {0}::bigint AS segment_id, COALESCE(inside.id, had.contact_id) AS contact_id,
        had.contact_id IS NULL AS inside
    FROM inside FULL JOIN had ON had.contact_id = inside.id WHERE inside.id IS NULL OR had.contact_id IS NULL
)
"""


def refresh(now: datetime) -> bool:
    """Begin passes by rules that are new, and do one slice of one pass that is due. Returns whether there was one."""
    watched = watching.segments()
    following = dict(SegmentRefresh.objects.values_list("pk", "follows"))
    for segment in watched.values():
        if following.get(segment.id) != segment.follows:
            _begin(segment, now)
    due = SegmentRefresh.objects.filter(Q(after__isnull=False) | Q(due_at__lte=now))
    # New segments first, for nothing is known of them, and in turns; then the one that has waited longest.
    chosen = due.order_by(F("refreshed_at").asc(nulls_first=True), "?").values_list("pk", flat=True).first()
    return chosen is not None and chosen in watched and _work(watched[chosen], now)


def set_aside(segment_id: int, now: datetime) -> None:
    """A rule that cannot be asked keeps its members, and is tried again when everything is worked out again."""
    SegmentRefresh.objects.filter(pk=segment_id).update(after=None, refreshed_at=None, due_at=now + SETTLED)


def _begin(segment: Watched, now: datetime) -> None:
    """Follow a rule that is new. Committed before its first slice, so that `following` knows of it from then on."""
    with transaction.atomic():
        if lock_segments([segment.id]):
            fresh = {"follows": segment.follows, "after": 0, "refreshed_at": None, "due_at": now, "slice": FIRST}
            SegmentRefresh.objects.update_or_create(pk=segment.id, defaults=fresh)
            if segment.problems():
                set_aside(segment.id, now)


def _work(segment: Watched, now: datetime) -> bool:
    started = time.monotonic()
    try:
        with transaction.atomic():
            state = _locked(segment, now)
            if state is None:
                return False
            if state.refreshed_at is None and state.after is None and segment.problems():
                set_aside(segment.id, now)
                return True
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE])
            moved = _moved(segment, state, now)
            if moved is None:
                _go_on(segment, state, started, now)
            else:
                _look_at(segment, fill("= ANY({0})", ids(moved)), True, now)
                state.known_at, state.due_at = now, now + DRIFTING
            state.save()
    except DatabaseError as error:
        _give_way(segment, error, now)
    return True


def _locked(segment: Watched, now: datetime) -> SegmentRefresh | None:
    """The state of a pass, locked; None where there is nothing to do any more, or somebody else is doing it."""
    if not lock_segments([segment.id]):
        return None
    due = Q(after__isnull=False) | Q(due_at__lte=now)
    rows = SegmentRefresh.objects.select_for_update(skip_locked=True, no_key=True)
    return rows.filter(due, pk=segment.id, follows=segment.follows).first()


def _moved(segment: Watched, state: SegmentRefresh, now: datetime) -> list[int] | None:
    """The contacts whom time may have moved since they were looked at; None where everybody is to be looked at."""
    between = state.after is None and state.refreshed_at and now < state.refreshed_at + SETTLED
    since = state.known_at if between else None
    drifted = segment.drifted(since, now) if since else None
    if drifted is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT contact_id FROM ({drifted.sql}) d LIMIT {FEW + 1}", drifted.params)  # noqa: S608
        found = [row[0] for row in cursor.fetchall()]
    return found if len(found) <= FEW else None


def _go_on(segment: Watched, state: SegmentRefresh, started: float, now: datetime) -> None:
    """One slice of a pass over everybody."""
    if not state.after:
        state.known_at = now
    after, end = state.after or 0, _end(state)
    span = fill("BETWEEN {0} AND {1}", value(after + 1), value(2**63 - 1 if end is None else end))
    _look_at(segment, span, state.refreshed_at is not None, now)
    state.after, state.slice = end, _fitting(state.slice, time.monotonic() - started)
    if end is None:
        state.refreshed_at, state.due_at = now, now + (DRIFTING if segment.drifts else SETTLED)


def _end(state: SegmentRefresh) -> int | None:
    """The last contact of the next slice; None where it is the last slice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM contacts_contact WHERE id > %s ORDER BY id OFFSET %s LIMIT 1",
            [state.after or 0, state.slice - 1],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _look_at(segment: Watched, whom: Where, told: bool, now: datetime) -> None:
    """`whom` is a condition that follows a contact's id."""
    cross(fill(_CROSSED, value(segment.id), whom, segment.where(now)), now, told=told)


def _fitting(size: int, seconds: float) -> int:
    """A size with which the next slice takes about SLICE_SECONDS."""
    factor = min(max(SLICE_SECONDS / max(seconds, 0.001), 0.25), 4.0)
    return int(min(max(size * factor, SMALLEST), LARGEST))


def _give_way(segment: Watched, error: DatabaseError, now: datetime) -> None:
    """A slice that takes too long is tried again smaller; a rule that cannot be worked out at all is set aside."""
    if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
        # Between passes it was those whom time has moved who took too long: look at everybody, in slices.
        SegmentRefresh.objects.filter(pk=segment.id, after=None).update(known_at=None)
        larger = SegmentRefresh.objects.filter(pk=segment.id, slice__gt=SMALLEST)
        if larger.update(slice=Greatest(F("slice") / 8, SMALLEST)):
            return
    elif isinstance(error, OperationalError | InterfaceError):
        raise error
    logger.error("Segment %s cannot be worked out", segment.id, exc_info=error)
    set_aside(segment.id, now)
