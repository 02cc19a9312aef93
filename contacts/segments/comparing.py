"""Compiles comparisons to SQL: what a contact or an event holds, typed by the value that it is compared with."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from contacts.segments import bounds, values
from contacts.segments.operands import Key, Moment, Text
from contacts.segments.operators import TODAY, operator
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

# The day in the year of {1} on which {0} comes round again: PostgreSQL takes 29 February to 28 February in other years.
# What is yet to come has no anniversary, as for the trigger on dates.
_THIS_YEAR = "({0} + (EXTRACT(year FROM {1}) - EXTRACT(year FROM {0}))::int * interval '1 year')::date"
_NEXT_YEAR = "({0} + (EXTRACT(year FROM {1}) - EXTRACT(year FROM {0}) + 1)::int * interval '1 year')::date"
_ANNIVERSARIES = {
    "anniversary_today": f"({{0}} <= {{1}} AND {_THIS_YEAR} = {{1}})",
    "anniversary_in_days": f"({{0}} <= {{1}} + {{2}}"
    f" AND ({_THIS_YEAR} BETWEEN {{1}} AND {{1}} + {{2}} OR {_NEXT_YEAR} <= {{1}} + {{2}}))",
}
# Of a day {0}, today {1} and a number of days {2}. All days are those of the installation's zone.
_NEAR_DAYS = {
    "in_last_days": "({0} BETWEEN {1} - {2} AND {1})",
    "in_next_days": "({0} BETWEEN {1} AND {1} + {2})",
    "days_ago": "({0} < {1} - {2})",
    "days_ahead": "({0} > {1} + {2})",
    **_ANNIVERSARIES,
}
# Of a moment {0}, now {1}, and what is so many days before and after it.
_NEAR_MOMENTS = {
    "in_last_days": "({0} >= {2} AND {0} <= {1})",
    "in_next_days": "({0} >= {1} AND {0} <= {3})",
    "days_ago": "({0} < {2})",
    "days_ahead": "({0} > {3})",
}


def sql(operand: Text | Moment, key: str, item: Any, now: datetime, few: bool = True) -> Where:
    """`operand key item` as a boolean expression that is never NULL and never fails; `problems` has let it pass.

    Where it is asked of more than a `few`, what takes a moment to prepare pays."""
    found = operator(key)
    if found is None:
        raise ValueError(f"{key} is not an operator")
    if found.negates:
        return ~sql(operand, found.negates, item, now, few)
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
        case "ends_with":
            return operand.ends_with(item)
        case "is_set":
            return operand.is_set()
    if found.takes in ("order", "pair") and values.number(item[0] if found.takes == "pair" else item) is not None:
        return _in_order(operand, _bounds(found.key, item))
    of_day = _typed(
        operand.text,
        ([values.USUAL_DAY, values.DAY], "{0}::date", lambda it: _day(it, found.key, item, now)),
        (
            [values.USUAL_MOMENT, values.MOMENT],
            "{0}::timestamptz",
            lambda it: _moment(it, found.key, item, now),
        ),
        ([values.LOCAL_MOMENT], "({0}::timestamp AT TIME ZONE {1})", lambda it: _moment(it, found.key, item, now)),
    )
    certain = None if few else bounds.certain(operand.text, found.key, item, now)
    if certain is not None:
        of_day = fill("(CASE WHEN {0} THEN TRUE ELSE {1} END)", certain, of_day)
    return bounds.possible(operand.text, found.key, item, now) & of_day


def zone() -> Where:
    """The installation's zone; not correlated, so PostgreSQL reads it once per statement."""
    return Where(
        "COALESCE((SELECT NULLIF(i.timezone, '') FROM contacts_installation i WHERE i.id = 1), %s)",
        (settings.TIME_ZONE,),
    )


def _typed(text: Where, *branches: tuple[list[str], str, Condition]) -> Where:
    """The condition of the first branch one of whose patterns the text has, over its cast; CASE keeps the others from
    it."""
    whens = [
        fill(
            "WHEN {0} THEN {1}",
            any_of(fill("{0} ~ {1}", text, value(f"^(?:{pattern})$")) for pattern in patterns),
            condition(fill(cast, text, zone())),
        )
        for patterns, cast, condition in branches
    ]
    return Where(f"(CASE {' '.join(w.sql for w in whens)} ELSE FALSE END)", tuple(p for w in whens for p in w.params))


def _bounds(key: str, item: Any) -> list[tuple[str, Decimal]]:
    """What is asked of a number, such as (">=", 5); `problems` has seen to it that these are numbers."""
    asked = [("at_least", item[0]), ("at_most", item[1])] if key == "between" else [(key, item)]
    return [(_SIGNS[each], values.number(number) or Decimal()) for each, number in asked]


def _in_order(operand: Text, bounds: Sequence[tuple[str, Decimal]]) -> Where:
    def within(it: Where) -> Where:
        return all_of(fill(f"({{0}} {sign} {{1}}::numeric)", it, value(number)) for sign, number in bounds)

    of_text = _typed(operand.text, ([values.NUMBER], "{0}::numeric", within))
    return operand.in_order(bounds, of_text) if isinstance(operand, Key) else of_text


def _day(it: Where, key: str, item: Any, now: datetime) -> Where:
    """Over a date. Compared with a moment it is the start of that day."""
    if key in _NEAR_DAYS:
        today = fill("({0}::timestamptz AT TIME ZONE {1})::date", value(now), zone())
        return fill(_NEAR_DAYS[key], it, today, value(_days(item)))
    if key == "between":
        return _day(it, "at_least", item[0], now) & _day(it, "at_most", item[1], now)
    asked = values.moment(item)
    if isinstance(asked, datetime):
        return _moment(fill("({0}::timestamp AT TIME ZONE {1})", it, zone()), key, item, now)
    return _compared(it, key, fill("{0}::date", value(asked)))


def _moment(it: Where, key: str, item: Any, now: datetime) -> Where:
    """Over a moment. Compared with a date, the whole of that day in the installation's zone counts."""
    if key in _ANNIVERSARIES or (key in TODAY and not _days(item)):
        return _day(fill("({0} AT TIME ZONE {1})::date", it, zone()), key, item, now)
    if key in _NEAR_MOMENTS:
        span = timedelta(days=_days(item))
        return fill(_NEAR_MOMENTS[key], it, value(now), value(now - span), value(now + span))
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
