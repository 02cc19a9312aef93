"""Comparisons in plain Python, as rules make them."""

import json
import re
from calendar import isleap
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.contacts.reference_world import World

NEGATIONS = {"not_equals": "equals", "not_contains": "contains", "not_in": "in", "not_set": "is_set"}


def compare(held: Any, op: str, value: Any, world: World) -> bool:
    """`held` is anything that JSON holds, None when missing, or an aware datetime."""
    if op in NEGATIONS:
        return not compare(held, NEGATIONS[op], value, world)
    if held is None:
        return False
    match op:
        case "is_set":
            return held != ""
        case "equals":
            return _on_that_day(held, value, world) if isinstance(held, datetime) else _equal(held, value)
        case "in":
            return any(_equal(held, each) for each in value)
        case "contains":
            if isinstance(held, list):
                return any(_equal(each, value) for each in held)
            return not isinstance(held, dict) and _text(value).lower() in _text(held).lower()
        case "starts_with":
            return not isinstance(held, (list, dict)) and _text(held).lower().startswith(_text(value).lower())
        case "ends_with":
            return not isinstance(held, (list, dict)) and _text(held).lower().endswith(_text(value).lower())
        case "between":
            return compare(held, "at_least", value[0], world) and compare(held, "at_most", value[1], world)
        case "anniversary_today" | "anniversary_in_days":
            return _comes_round(held, 0 if op == "anniversary_today" else int(value), world)
        case "in_last_days" | "in_next_days" | "days_ago" | "days_ahead":
            return _near(held, op, int(value), world)
    if op not in ("before", "after") and _number(value) is not None:
        number = None if isinstance(held, datetime) else _number(held)
        return number is not None and _ordered(number, op, _number(value))
    asked, is_moment = _when(value), isinstance(held, datetime)
    when = held if is_moment else _when(held)
    if when is None:
        return False
    if isinstance(asked, datetime):
        return _ordered(_instant(when, world), op, _instant(asked, world))
    if not isinstance(when, datetime):
        return _ordered(when, op, asked)
    # A moment and a day: the whole of the day counts.
    start, end = _instant(asked, world), _instant(asked + timedelta(days=1), world)
    moment = _instant(when, world)
    return {
        "before": moment < start,
        "less": moment < start,
        "at_most": moment < end,
        "at_least": moment >= start,
        "after": moment >= end,
        "greater": moment >= end,
    }[op]


def _near(held: Any, op: str, days: int, world: World) -> bool:
    when = held if isinstance(held, datetime) else _when(held)
    if when is None:
        return False
    span = timedelta(days=days)
    if isinstance(when, datetime) and not days and op in ("in_last_days", "in_next_days"):  # today, all of it
        it, now = (moment.astimezone(world.zone).date() for moment in (_instant(when, world), world.now))
    elif isinstance(when, datetime):
        it, now = _instant(when, world), world.now
    else:
        it, now = when, world.now.astimezone(world.zone).date()
    return {
        "in_last_days": now - span <= it <= now,
        "in_next_days": now <= it <= now + span,
        "days_ago": it < now - span,
        "days_ahead": it > now + span,
    }[op]


def _comes_round(held: Any, days: int, world: World) -> bool:
    """Whether it is today or on one of the next days that a day comes round again; 29 February does on 28 February."""
    when = held if isinstance(held, datetime) else _when(held)
    if when is None:
        return False
    if isinstance(when, datetime):
        when = _instant(when, world).astimezone(world.zone).date()
    today = world.now.astimezone(world.zone).date()
    for day in (today + timedelta(days=n) for n in range(min(days, 800) + 1)):
        if day < when:
            continue
        if (day.month, day.day) == (when.month, when.day):
            return True
        if (when.month, when.day) == (2, 29) == (day.month, day.day + 1) and not isleap(day.year):
            return True
    return False


def _on_that_day(held: datetime, value: Any, world: World) -> bool:
    asked = _when(value)
    if isinstance(asked, datetime):
        return held == _instant(asked, world)
    return _instant(asked, world) <= held < _instant(asked + timedelta(days=1), world)


def _ordered(left: Any, op: str, right: Any) -> bool:
    return {
        "greater": left > right,
        "after": left > right,
        "at_least": left >= right,
        "less": left < right,
        "before": left < right,
        "at_most": left <= right,
    }[op]


def _equal(held: Any, value: Any) -> bool:
    """Typed as JSON is: 1 is not true; but the text of a number or a truth value equals it."""
    if isinstance(held, (list, dict)) or held is None:
        return False
    if isinstance(held, bool) or isinstance(value, bool):
        return _text(held) == _text(value)
    if isinstance(held, str) and isinstance(value, str):
        return held == value
    if isinstance(held, str) or isinstance(value, str):
        text, number = (held, value) if isinstance(held, str) else (value, held)
        if text is held:  # a text equals a number that is written like it
            return text == json.dumps(number)
        literal = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text)
        return bool(literal) and Decimal(text) == Decimal(str(number))
    return Decimal(str(held)) == Decimal(str(value))


def _text(item: Any) -> str:
    """PostgreSQL writes numbers of JSON without an exponent."""
    if isinstance(item, float):
        return format(Decimal(str(item)), "f")
    return item if isinstance(item, str) else json.dumps(item)


def _number(item: Any) -> Decimal | None:
    if isinstance(item, (bool, list, dict)) or item is None:
        return None
    text = str(item) if not isinstance(item, float) else format(Decimal(str(item)), "f")
    return Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def _when(item: Any) -> date | datetime | None:
    if not isinstance(item, str) or not item.isascii():
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", item):
            return date.fromisoformat(item)
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-3]):\d\d)?", item):
            return datetime.fromisoformat(item)
    except ValueError:
        return None
    return None


def _instant(when: date | datetime, world: World) -> datetime:
    """As PostgreSQL reads local times: in a gap the offset before it, where clocks repeat an hour the later pass."""
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)
    if when.tzinfo is not None:
        return when
    earlier, later = when.replace(tzinfo=world.zone), when.replace(tzinfo=world.zone, fold=1)
    in_gap = earlier.utcoffset() < later.utcoffset()
    chosen = earlier if in_gap else later
    return when.replace(tzinfo=ZoneInfo("UTC")) - chosen.utcoffset()
