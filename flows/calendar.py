"""Calendar arithmetic in a contact's own zone: months of different lengths, skipped and repeated hours.

Moments go in and come out as aware UTC datetimes; local times are naive. A local time that a zone skips moves forward
by the gap; of one that happens twice the first is meant.
"""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from contacts.zones import resolve as resolve
from contacts.zones import zone as zone_named

ABSOLUTE = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}
DAYS = {"days": 1, "weeks": 7}
MONTHS = {"months": 1, "years": 12}
# About ten years in each unit, so that no date ever leaves the calendar.
MAX_AMOUNT = {"minutes": 5_259_600, "hours": 87_660, "days": 3_653, "weeks": 522, "months": 120, "years": 10}


def local(moment: datetime, zone: str) -> datetime:
    """What clocks in `zone` show at `moment`, naive."""
    return moment.astimezone(zone_named(zone)).replace(tzinfo=None, fold=0)


def add(moment: datetime, amount: int, unit: str, zone: str) -> datetime:
    """`moment` plus an amount of minutes, hours, days, weeks, months or years.

    Minutes and hours are exact. The others keep the clock time in `zone`; 31 January plus one month is the last day of
    February.
    """
    if unit in ABSOLUTE:
        return moment + amount * ABSOLUTE[unit]
    here = local(moment, zone)
    if unit in DAYS:
        there = here + timedelta(days=amount * DAYS[unit])
    else:
        there = datetime.combine(add_months(here.date(), amount * MONTHS[unit]), here.time())
    return resolve(there, zone)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last one where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_at(moment: datetime, clock: time, weekdays: Collection[int], zone: str) -> datetime:
    """The first moment after `moment` when clocks in `zone` show `clock` on one of `weekdays` (Monday is 0)."""
    today = local(moment, zone).date()
    for days in range(9):  # a week, and one day each for "today it is over already" and a day that the zone skips
        day = today + timedelta(days=days)
        if not weekdays or day.weekday() in weekdays:
            found = resolve(datetime.combine(day, clock), zone)
            if found > moment:
                return found
    raise ValueError(f"No such weekday: {weekdays}")
