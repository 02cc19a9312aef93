"""Where whoever wants something sent puts it; the sender takes it from here."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from campaigns.counting import Of, count
from campaigns.models import Content, MessageState, Origin, Priority
from contacts.columns import Columns, literal
from contacts.lanes import nudge


@dataclass(frozen=True)
class Wanted:
    """One message of `content` per place of the four parallel lists. With a reason in `skipped` they are only written
    down, as messages that were not sent because of it."""

    origin_key: str
    content: Content
    contacts: Sequence[int]
    passes: Sequence[int]
    visits: Sequence[int]
    events: Sequence[int | None]
    skipped: str = ""


# Origins are found by their keys in the same statement: nothing about them needs to be remembered between calls.
_WANTED = """
WITH wanted AS (
    SELECT w.*, o.id AS origin_id FROM (VALUES {rows}) AS w (origin_key, channel, content_id, state, reason, skipped_at,
        contacts, passes, visits, events)
    JOIN campaigns_origin o ON o.key = w.origin_key
)
"""
_INSERT = """
INSERT INTO campaigns_message (contact_id, channel, origin_id, origin_pass, visit, content_id, event_id, queued_at,
                               due_at, state, reason, skipped_at)
SELECT unnest(contacts), channel, origin_id, unnest(passes), unnest(visits), content_id, unnest(events), %s, {due},
    state, reason, skipped_at FROM wanted
"""
# Nearly always all of them are new, and then not having to look for others saves two fifths of the time.
_ALL_NEW = f"""{_WANTED}, counted AS (
    INSERT INTO campaigns_origincount (origin_id, metric, n)
    SELECT origin_id, 'queued', cardinality(contacts) FROM wanted
) {_INSERT}"""  # noqa: S608 - our own words
_SOME_NEW = f"""{_WANTED}, new AS ({_INSERT} ON CONFLICT DO NOTHING RETURNING origin_id), counted AS (
    INSERT INTO campaigns_origincount (origin_id, metric, n)
    SELECT origin_id, 'queued', count(*) FROM new GROUP BY origin_id
) SELECT FROM new"""  # noqa: S608


class _NoOrigin(Exception):
    """Nobody has asked for messages under one of the keys before."""


def enqueue(
    origin_key: str,
    content: Content,
    contact_ids: Sequence[int],
    passes: Sequence[int],
    visits: Sequence[int],
    event_ids: Sequence[int | None],
    now: datetime,
    due_at: datetime | Sequence[datetime] | None = None,
    skipped: str = "",
) -> int:
    """`enqueue_all` of one origin and content; see `Wanted`. `due_at` is one moment for all, or one for each."""
    return enqueue_all([Wanted(origin_key, content, contact_ids, passes, visits, event_ids, skipped)], now, due_at)


def enqueue_all(wanted: Sequence[Wanted], now: datetime, due_at: datetime | Sequence[datetime] | None = None) -> int:
    """Queue messages; returns how many are new. What was asked for before (same origin, pass and visit) is left as it
    is. One statement, however many are wanted. Several moments in `due_at` are those of the one that is wanted."""
    wanted = [one for one in wanted if one.contacts]
    if not wanted:
        return 0
    due_at = now if due_at is None else due_at
    try:
        with transaction.atomic():
            new = _insert(_ALL_NEW, wanted, now, due_at)
            if new < sum(len(one.contacts) for one in wanted):
                raise _NoOrigin
    except (_NoOrigin, IntegrityError):
        for priority, keys in _by_priority({one.origin_key for one in wanted}).items():
            prepare(keys, priority)
        return sum(_those_new(one, now, due_at) for one in wanted)
    for one in wanted:
        _tell(one, len(one.contacts), now, due_at)
    return new


def _those_new(one: Wanted, now: datetime, due_at: datetime | Sequence[datetime]) -> int:
    new = _insert(_SOME_NEW, [one], now, due_at)
    _tell(one, new, now, due_at)
    return new


def _insert(statement: str, wanted: Sequence[Wanted], now: datetime, due_at: datetime | Sequence[datetime]) -> int:
    columns = Columns()
    if isinstance(due_at, datetime):
        due, moments = "%s", due_at.isoformat()
    else:
        due, moments = "unnest(%s::timestamptz[])", literal(due_at)
    rows = ", ".join(_row(columns, one, now) for one in wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(rows=rows, due=due), [*columns.values, now, moments])
        return cursor.rowcount


def _row(columns: Columns, one: Wanted, now: datetime) -> str:
    size = len(one.contacts)
    values = [
        columns.one("text", one.origin_key),
        columns.one("text", one.content.channel),
        columns.one("bigint", one.content.pk),
        columns.one("text", MessageState.SKIPPED if one.skipped else MessageState.QUEUED),
        columns.one("text", one.skipped),
        columns.one("timestamptz", now if one.skipped else None),
        columns.array("bigint", one.contacts, size),
        columns.array("bigint", one.passes, size),
        columns.array("int", one.visits, size),
        columns.array("bigint", one.events, size),
    ]
    return f"({', '.join(values)})"


def _tell(one: Wanted, new: int, now: datetime, due_at: datetime | Sequence[datetime]) -> None:
    """Count those that will not be sent, and have somebody send the others."""
    if new and one.skipped:
        origin = Origin.objects.values_list("pk", flat=True).get(key=one.origin_key)
        of = Of(origin, one.content.pk)
        count([(of, "skipped", new), (of, f"skipped:{one.skipped}", new)], now)
    elif new and (due_at if isinstance(due_at, datetime) else min(due_at)) <= now:
        nudge("send")


def prepare(origin_keys: Sequence[str], priority: int = Priority.NORMAL) -> None:
    """Have these origins there before anybody asks for messages: two workers that both make one wait for each other."""
    made = [Origin(key=key, priority=priority) for key in origin_keys]
    Origin.objects.bulk_create(made, ignore_conflicts=True)


def _by_priority(origin_keys: Collection[str]) -> dict[int, list[str]]:
    """What is new under a scenario or campaign has the priority of what it has already."""
    found: dict[int, list[str]] = defaultdict(list)
    for key in sorted(origin_keys):
        sibling = under(":".join(key.split(":")[:2])).values_list("priority", flat=True).first()
        found[sibling or Priority.NORMAL].append(key)
    return found


def prioritise(origin_prefix: str, priority: int) -> None:
    """Let what is queued of these origins, and what will be, go before or after that of others."""
    under(origin_prefix).exclude(priority=priority).update(priority=priority)


def hold(origin_prefix: str) -> None:
    """Hand nothing more of these origins to a provider until they are released; what is queued stays queued."""
    under(origin_prefix).update(held=True)


def release(origin_prefix: str, late_from: datetime | None = None) -> None:
    """With `late_from`, when an operator has said what becomes of what is overdue, nothing is late from before then."""
    if under(origin_prefix).update(held=False, **({"late_from": late_from} if late_from else {})):
        nudge("send")


def under(prefix: str) -> QuerySet[Origin]:
    """The origin of this key and those that continue it: "scenario:12" covers "scenario:12:n7", not "scenario:120"."""
    return Origin.objects.filter(Q(key=prefix) | Q(key__startswith=f"{prefix}:"))
