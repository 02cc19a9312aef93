"""Goes through all contacts in slices to count, convert or remove the values of one attribute."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Max, Q

from contacts.attributes import attributing
from contacts.attributes.defining import Definition, house_zone
from contacts.attributes.fitting import fit
from contacts.lanes import nudge
from contacts.models import Attribute, AttributeSweep, Contact

Kind = AttributeSweep.Kind
# Contacts that are looked at in one slice, which takes well under a second; writing takes longer than counting.
SLICE = {Kind.COUNT: 20_000, Kind.CONVERT: 2_000, Kind.REMOVE: 2_000}
# A count stays good for a while, longer where it takes longer: (up to so many contacts, how long).
FRESH = ((100_000, timedelta(minutes=10)), (1_000_000, timedelta(hours=2)), (None, timedelta(days=1)))
# After a large change it is counted again sooner, but not for each of many imports that come one after the other.
PAUSE = timedelta(minutes=2)

# How far the slice reaches, then what is in it, grouped.
_TALLY = """
    WITH slice AS MATERIALIZED (
        SELECT id, attributes -> %(name)s AS value FROM contacts_contact
        WHERE id > %(after)s AND id <= %(until)s ORDER BY id LIMIT %(most)s
    )
    SELECT (SELECT max(id) FROM slice), value::text, count(*) FROM slice GROUP BY value
"""
_VALUES = """
    WITH slice AS MATERIALIZED (
        SELECT id, attributes -> %(name)s AS value FROM contacts_contact
        WHERE id > %(after)s AND id <= %(until)s ORDER BY id LIMIT %(most)s
    )
    SELECT (SELECT max(id) FROM slice), id, value::text FROM slice WHERE value IS NOT NULL
    UNION ALL SELECT max(id), NULL, NULL FROM slice
"""
_LOCKED = """
    SELECT id, (attributes -> %s)::text FROM contacts_contact
    WHERE id = ANY(%s) AND jsonb_exists(attributes, %s) ORDER BY id FOR NO KEY UPDATE
"""


def begin(name: str, kind: str, now: datetime, source: str = "") -> None:
    """Let a worker go through all contacts, from the start if one is at it already. In the caller's transaction."""
    newest = Contact.objects.aggregate(newest=Max("id"))["newest"] or 0
    fresh = AttributeSweep(name=name, kind=kind, until=newest, source=source[:200], created_at=now)
    # Waits for a slice that is under way, so that nothing of it is written after this.
    AttributeSweep.objects.bulk_create(
        [fresh],
        update_conflicts=True,
        unique_fields=["name", "kind"],
        update_fields=["after", "until", "size", "unfit", "convertible", "source", "created_at"],
    )
    nudge("upkeep")


def work(now: datetime) -> bool:
    """One slice of the oldest pass that nobody else is at; whether there was one."""
    with transaction.atomic():
        sweep = AttributeSweep.objects.select_for_update(skip_locked=True).order_by("id").first()
        if sweep is None:
            return _count_again(now)
        row = Attribute.objects.filter(name=sweep.name).first()
        if row is None and sweep.kind != Kind.REMOVE:
            sweep.delete()
            return True
        if row is not None and sweep.kind != Kind.REMOVE:
            definition = Definition.of(row, house_zone())
            reached = _tally(sweep, definition) if sweep.kind == Kind.COUNT else _convert(sweep, definition, now)
        else:
            reached = _remove(sweep, now)
        if reached is None or reached >= sweep.until:
            _end(sweep, now)
        else:
            sweep.after = reached
            sweep.save()
    return True


def _count_again(now: datetime) -> bool:
    """Begin the count that is the oldest, if a large change came after it or it is not fresh any more, and none is
    under way."""
    by_age = Attribute.objects.order_by(F("counted_at").asc(nulls_first=True))
    row = by_age.filter(Q(counted_at=None) | Q(changed_at__gt=F("counted_at"), counted_at__lt=now - PAUSE)).first()
    if row is None:
        row = by_age.filter(counted_at__lt=now - FRESH[0][1]).first()
        if row is None or row.counted_at >= now - _lasting():
            return False
    if AttributeSweep.objects.filter(name=row.name, kind=Kind.COUNT).exists():
        return False
    begin(row.name, Kind.COUNT, now)
    return True


def _lasting() -> timedelta:
    """How long a count stays good, by how many contacts there may be."""
    newest = Contact.objects.aggregate(newest=Max("id"))["newest"] or 0
    return next(lasting for most, lasting in FRESH if most is None or newest <= most)


def _end(sweep: AttributeSweep, now: datetime) -> None:
    if sweep.kind == Kind.COUNT:
        Attribute.objects.filter(name=sweep.name).update(
            size=sweep.size, unfit=sweep.unfit, convertible=sweep.convertible, counted_at=sweep.created_at
        )
    sweep.delete()
    if sweep.kind == Kind.CONVERT:
        begin(sweep.name, Kind.COUNT, now)


def _tally(sweep: AttributeSweep, definition: Definition) -> int | None:
    rows = _asked(_TALLY, sweep)
    found = fit([(text, count) for _, text, count in rows], definition)
    sweep.size += found.size
    sweep.unfit += found.unfit
    sweep.convertible += found.convertible
    return rows[0][0] if rows else None


def _convert(sweep: AttributeSweep, definition: Definition, now: datetime) -> int | None:
    rows = _asked(_VALUES, sweep)
    unfit = [id for _, id, text in rows if id and text != "null" and not definition.fits(json.loads(text))]
    changes: dict[int, Any] = {}
    for id, text in _locked(sweep.name, unfit):
        value = json.loads(text)
        try:
            if not definition.fits(value):
                changes[id] = definition.convert(value)
        except ValidationError:
            continue
    given = {id: {sweep.name: value} for id, value in changes.items() if value is not None}
    attributing.change(list(given), list(given.values()), [], now, sweep.source)
    attributing.change([id for id in changes if id not in given], {}, [sweep.name], now, sweep.source)
    return rows[0][0]


def _remove(sweep: AttributeSweep, now: datetime) -> int | None:
    rows = _asked(_VALUES, sweep)
    attributing.change([id for _, id, _ in rows if id], {}, [sweep.name], now, sweep.source)
    return rows[0][0]


def _asked(query: str, sweep: AttributeSweep) -> list[tuple[Any, ...]]:
    most = SLICE[Kind(sweep.kind)]
    with connection.cursor() as cursor:
        cursor.execute(query, {"name": sweep.name, "after": sweep.after, "until": sweep.until, "most": most})
        return cursor.fetchall()


def _locked(name: str, ids: list[int]) -> list[tuple[int, str]]:
    """The values again, which nobody can change any more."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [name, ids, name])
        return cursor.fetchall()
