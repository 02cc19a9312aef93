"""The comparisons that rules offer, what each takes, and what is wrong with a value for it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contacts.segments import values, wording

MAX_CHOICES = 500
MAX_DAYS = 36500
# With 0 days these mean the whole of today, of moments too.
TODAY = ("in_last_days", "in_next_days")


@dataclass(frozen=True)
class Operator:
    """`takes` is text, list, order (a number or a date), pair (two of them), date, days or nothing."""

    key: str
    label: str
    takes: str
    of_dates: bool = False  # whether it can be asked about a moment such as created_at
    negates: str = ""  # the operator whose exact opposite it is
    drifts: bool = False  # whether the answer changes as time passes


OPERATORS = {
    operator.key: operator
    for operator in [
        Operator("equals", "is", "text", of_dates=True),
        Operator("not_equals", "is not", "text", of_dates=True, negates="equals"),
        Operator("contains", "contains", "text"),
        Operator("not_contains", "does not contain", "text", negates="contains"),
        Operator("starts_with", "starts with", "text"),
        Operator("ends_with", "ends with", "text"),
        Operator("in", "is one of", "list"),
        Operator("not_in", "is none of", "list", negates="in"),
        Operator("greater", "is greater than", "order", of_dates=True),
        Operator("at_least", "is at least", "order", of_dates=True),
        Operator("less", "is less than", "order", of_dates=True),
        Operator("at_most", "is at most", "order", of_dates=True),
        Operator("between", "is between", "pair", of_dates=True),
        Operator("before", "is before", "date", of_dates=True),
        Operator("after", "is after", "date", of_dates=True),
        Operator("in_last_days", "is in the last … days", "days", of_dates=True, drifts=True),
        Operator("in_next_days", "is in the next … days", "days", of_dates=True, drifts=True),
        Operator("days_ago", "is more than … days ago", "days", of_dates=True, drifts=True),
        Operator("days_ahead", "is more than … days ahead", "days", of_dates=True, drifts=True),
        Operator("anniversary_today", "has its anniversary today", "nothing", of_dates=True, drifts=True),
        Operator("anniversary_in_days", "has its anniversary in the next … days", "days", of_dates=True, drifts=True),
        Operator("is_set", "is known", "nothing", of_dates=True),
        Operator("not_set", "is unknown", "nothing", of_dates=True, negates="is_set"),
    ]
}
_ALIASES = {
    "=": "equals",
    "==": "equals",
    "!=": "not_equals",
    "not": "not_equals",
    ">": "greater",
    ">=": "at_least",
    "<": "less",
    "<=": "at_most",
}


def operator(key: Any) -> Operator | None:
    """The operator of a key or of one of its other spellings, such as ">="."""
    return OPERATORS.get(_ALIASES.get(key, key)) if isinstance(key, str) else None


def drifts(key: Any) -> bool:
    """Whether the answer changes as time passes."""
    found = operator(key)
    return found is not None and found.drifts


def problems(key: Any, value: Any, of_dates: bool = False) -> list[str]:
    """Why `key value` cannot be asked; `of_dates` where what is compared is always a moment."""
    found = operator(key)
    if found is None:
        return [f"“{str(key)[:50]}” is not a comparison. Use one of: {', '.join(OPERATORS)}."]
    if of_dates and not found.of_dates:
        return [f"A date cannot be asked whether it “{found.label}”."]
    return list(_unfit(found, value, of_dates))


def _unfit(found: Operator, value: Any, of_dates: bool) -> list[str]:
    empty = value is None or value == "" or value == []
    if found.takes == "nothing":
        return []
    if empty:
        return ["Give a value to compare with."]
    if found.takes == "list":
        if not isinstance(value, list) or not all(values.is_scalar(item) and item != "" for item in value):
            return ["Give a list of values."]
        return [f"Give at most {MAX_CHOICES} values."] if len(value) > MAX_CHOICES else []
    if found.takes == "days":
        days = values.number(value)
        if days is None or days != int(days) or not 0 <= days <= MAX_DAYS:
            return [f"Give a whole number of days, from 0 to {MAX_DAYS}."]
        return []
    if found.takes == "pair":
        if not isinstance(value, list) or len(value) != 2:
            return ["Give two values, the lower and the upper one."]
        kinds = [_ordered_kind(item) for item in value]
        if kinds[0] != kinds[1] or kinds[0] is None or (of_dates and kinds[0] != "date"):
            return [f"Give two {'dates' if of_dates else 'numbers or two dates'} such as {_example(of_dates)}."]
        return ["The first value is the larger one: nothing lies between them."] if _reversed(*value) else []
    if not values.is_scalar(value):
        return ["Give one value to compare with."]
    if (found.takes == "date" or of_dates) and values.moment(value) is None:
        return ["Give a date such as 2026-03-01, or a date and a time."]
    if found.takes == "order" and _ordered_kind(value) is None:
        return ["Give a number, or a date such as 2026-03-01."]
    return []


def _ordered_kind(value: Any) -> str | None:
    if values.number(value) is not None:
        return "number"
    return "date" if values.moment(value) is not None else None


def _reversed(lower: Any, upper: Any) -> bool:
    numbers = values.number(lower), values.number(upper)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] > numbers[1]
    days = [found.date() if isinstance(found, datetime) else found for found in map(values.moment, (lower, upper))]
    return days[0] is not None and days[1] is not None and days[0] > days[1]


def _example(of_dates: bool) -> str:
    return "2026-03-01 and 2026-03-31" if of_dates else "10 and 20"


def sentence(subject: str, key: Any, value: Any, denied: bool = False) -> str:
    """`plan is “team”`, `age is between 18 and 25`; where `denied`, the opposite: `age is not between 18 and 25`."""
    found = operator(key)
    if found is None:
        return f"{subject} …"
    if denied:
        found = _opposite(found)
    if found.takes == "nothing":
        return f"{subject} {found.label}"
    if found.takes == "days":
        if found.key in TODAY and values.number(value) == 0:
            return f"{subject} is {'not ' if denied else ''}today"
        return f"{subject} {found.label.replace('… days', wording.days(value))}"
    if isinstance(value, list):
        shown = [wording.quoted(item) for item in value[:5]] + ([f"{len(value) - 5} more"] if len(value) > 5 else [])
        last = " and " if found.takes == "pair" or len(value) > 5 else " or "
        listed = last.join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown) or "…"
        return f"{subject} {found.label} {listed}"
    return f"{subject} {found.label} {wording.quoted(value)}"


_DENIED = {"is": "is not", "has": "does not have", "starts": "does not start", "ends": "does not end"}


def _opposite(asked: Operator) -> Operator:
    """The operator that says so, or one that does for a sentence."""
    if asked.negates:
        return OPERATORS[asked.negates]
    for each in OPERATORS.values():
        if each.negates == asked.key:
            return each
    verb, rest = asked.label.split(" ", 1)
    return replace(asked, label=f"{_DENIED[verb]} {rest}")
