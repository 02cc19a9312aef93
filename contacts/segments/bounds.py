"""Knows of most texts whether they are dates that a comparison asks for, before anybody looks closely at them.

A date in a text is known by expressions that take longer than everything else about a rule. Dates in ISO 8601 sort as
texts do, so a look at their order rules out those that cannot be meant; of the others, nearly all are found in a list
of the days that are. Bounds are two days wider than what is asked, and the list is two days shorter: a text may say its
moment in another zone, and the day may be another one there.
"""

from datetime import date, datetime, timedelta
from typing import Any

from contacts.segments import values
from contacts.segments.where import EVERYBODY, Where, all_of, fill, value

_MARGIN = timedelta(days=2)
_LOWER, _UPPER = '({0} COLLATE "C" >= {1})', '({0} COLLATE "C" < {1})'
_AMONG_DAYS = """({0} IN (
    SELECT to_char(day, 'YYYY-MM-DD') FROM generate_series({1}::date, {2}::date, interval '1 day') AS listed (day)
))"""
_FEW_DAYS = 60
# How far a list of days reaches where a comparison names only its one end.
_PAST, _FUTURE = timedelta(days=36525), timedelta(days=3653)


def possible(text: Where, key: str, item: Any, now: datetime) -> Where:
    """TRUE for every text that is a date or a moment of which `key item` holds; NULL where the text is."""
    if key.startswith("anniversary"):
        return _coming_round(text, int(values.number(item) or 0), now)
    lower, upper = _asked(key, item, now)
    bounds = [(_LOWER, lower, -_MARGIN), (_UPPER, upper, _MARGIN)]
    return all_of(
        fill(template, text, value(_moved(day, by).isoformat())) for template, day, by in bounds if day is not None
    )


def certain(text: Where, key: str, item: Any, now: datetime) -> Where | None:
    """TRUE only for days of which `key item` holds, NULL where the text is; None where no list of days helps."""
    if key.startswith("anniversary"):
        return None
    lower, upper = _asked(key, item, now)
    first = _moved(lower, _MARGIN) if lower else _moved(upper or date.max, -_PAST)
    last = _moved(upper, -_MARGIN) if upper else _moved(first, _FUTURE)
    if first >= last:
        return None
    # Looked up in a hash table, which is made once for all contacts.
    return fill(_AMONG_DAYS, text, value(first), value(last))


def _asked(key: str, item: Any, now: datetime) -> tuple[date | None, date | None]:
    """The first and the last day that may be meant, as far as there are any."""
    today = now.date()
    match key:
        case "in_last_days":
            return _moved(today, -_days(item)), today
        case "in_next_days":
            return today, _moved(today, _days(item))
        case "days_ago":
            return None, _moved(today, -_days(item))
        case "days_ahead":
            return _moved(today, _days(item)), None
        case "between":
            return _day(item[0]), _day(item[1])
        case "before" | "less" | "at_most":
            return None, _day(item)
    return _day(item), None


def _coming_round(text: Where, days: int, now: datetime) -> Where:
    if days > _FEW_DAYS:
        return EVERYBODY
    near = [_moved(now.date(), timedelta(days=n)) for n in range(-1, days + 2)]
    return fill("(substr({0}, 6, 5) = ANY({1}))", text, value(sorted({"02-29", *(f"{day:%m-%d}" for day in near)})))


def _day(item: Any) -> date | None:
    found = values.moment(item)
    return found.date() if isinstance(found, datetime) else found


def _days(item: Any) -> timedelta:
    return timedelta(days=int(values.number(item) or 0))


def _moved(day: date, by: timedelta) -> date:
    """`day + by`, or the first or last day that there is."""
    try:
        return day + by
    except OverflowError:
        return date.max if by > timedelta() else date.min
