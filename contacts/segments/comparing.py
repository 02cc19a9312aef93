"""Compiles comparisons to SQL: what a contact or an event holds, typed by the value that it is compared with."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from contacts.segments import values
from contacts.segments.operands import Moment, Text
from contacts.segments.operators import operator
from contacts.segments.where import Where, all_of, any_of, fill, value

Condition = Callable[[Where], Where]

_SIGNS = {
    "equals": "=",
    "greater": ">",
    "after": ">",
    "at_least": ">=",
    "less": "<",
    "before": "<",
    "at_most": "<=",
}


def sql(operand: Text | Moment, key: str, item: Any, now: datetime) -> Where:
    """`operand key item` as a boolean expression that is never NULL and never fails; `problems` has let it pass."""
    found = operator(key)
    if found is None:
        raise ValueError(f"{key} is not an operator")
    if found.negates:
        return ~sql(operand, found.negates, item, now)
    if isinstance(operand, Moment):
        if found.key == "is_set":
            return Where("TRUE")
        return _moment(operand.column, found.key, item, now)
    match found.key:
        case "equals":
            return operand.equals(item)
        case "in":
            return any_of(operand.equals(choice) for choice in item)
        case "contains":
            return operand.contains(item)
        case "starts_with":
            return operand.starts_with(item)
        case "is_set":
            return operand.is_set()
    if found.takes in ("order", "pair") and values.number(item[0] if found.takes == "pair" else item) is not None:
        return _typed(operand.text, (values.NUMBER, "{0}::numeric", lambda it: _number(it, found.key, item)))
    return _typed(
        operand.text,
        (values.DAY, "{0}::date", lambda it: _day(it, found.key, item, now)),
        (values.MOMENT, "{0}::timestamptz", lambda it: _moment(it, found.key, item, now)),
        (values.LOCAL_MOMENT, "({0}::timestamp AT TIME ZONE {1})", lambda it: _moment(it, found.key, item, now)),
    )


def zone() -> Where:
    """The installation's zone; not correlated, so PostgreSQL reads it once per statement."""
    return Where(
        "COALESCE((SELECT NULLIF(i.timezone, '') FROM contacts_installation i WHERE i.id = 1), %s)",
        (settings.TIME_ZONE,),
    )


def _typed(text: Where, *branches: tuple[str, str, Condition]) -> Where:
    """The condition of the first branch whose pattern the text has, over its cast; CASE keeps the others from it."""
    whens = [
        fill("WHEN {0} ~ {1} THEN {2}", text, value(f"^(?:{pattern})$"), condition(fill(cast, text, zone())))
        for pattern, cast, condition in branches
    ]
    return Where(f"(CASE {' '.join(w.sql for w in whens)} ELSE FALSE END)", tuple(p for w in whens for p in w.params))


def _number(it: Where, key: str, item: Any) -> Where:
    if key == "between":
        return _number(it, "at_least", item[0]) & _number(it, "at_most", item[1])
    return _compared(it, key, fill("{0}::numeric", value(values.number(item))))


def _day(it: Where, key: str, item: Any, now: datetime) -> Where:
    """Over a date. Compared with a moment it is the start of that day."""
    if key in ("in_last_days", "in_next_days"):
        today, days = fill("({0}::timestamptz AT TIME ZONE {1})::date", value(now), zone()), value(_days(item))
        between = "({0} BETWEEN {1} - {2} AND {1})" if key == "in_last_days" else "({0} BETWEEN {1} AND {1} + {2})"
        return fill(between, it, today, days)
    if key == "between":
        return _day(it, "at_least", item[0], now) & _day(it, "at_most", item[1], now)
    asked = values.moment(item)
    if isinstance(asked, datetime):
        return _moment(fill("({0}::timestamp AT TIME ZONE {1})", it, zone()), key, item, now)
    return _compared(it, key, fill("{0}::date", value(asked)))


def _moment(it: Where, key: str, item: Any, now: datetime) -> Where:
    """Over a moment. Compared with a date, the whole of that day in the installation's zone counts."""
    if key in ("in_last_days", "in_next_days"):
        span = timedelta(days=_days(item))
        since, until = (now - span, now) if key == "in_last_days" else (now, now + span)
        return fill("({0} >= {1} AND {0} <= {2})", it, value(since), value(until))
    if key == "between":
        return _moment(it, "at_least", item[0], now) & _moment(it, "at_most", item[1], now)
    asked = values.moment(item)
    if isinstance(asked, datetime):
        local = asked.tzinfo is None
        return _compared(
            it, key, fill("({0}::timestamp AT TIME ZONE {1})", value(asked), zone()) if local else value(asked)
        )
    assert isinstance(asked, date)  # `problems` has seen to it
    start, end = (
        fill("(({0}::date + {1})::timestamp AT TIME ZONE {2})", value(asked), value(n), zone()) for n in (0, 1)
    )
    match key:
        case "before" | "less":
            return fill("({0} < {1})", it, start)
        case "at_most":
            return fill("({0} < {1})", it, end)
        case "at_least":
            return fill("({0} >= {1})", it, start)
        case "after" | "greater":
            return fill("({0} >= {1})", it, end)
    return all_of([fill("({0} >= {1})", it, start), fill("({0} < {1})", it, end)])


def _compared(it: Where, key: str, other: Where) -> Where:
    return fill(f"({{0}} {_SIGNS[key]} {{1}})", it, other)


def _days(item: Any) -> int:
    return int(values.number(item) or 0)
