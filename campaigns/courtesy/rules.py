"""Reads the courtesy rules as they are kept, and says what is wrong with them.

{"caps": {"all" | "email" | "sms": {"day": n, "week": n}}, "when_capped": "later" | "skip",
 "quiet": {"email" | "sms": {"begins": "21:00", "ends": "08:00", "days": [1…7], "whole_days": [7]}},
 "when_quiet": "later" | "skip", "exempt": ["receipts"], "late_hours": n}; what is left out is not limited.
"""

from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from typing import Any

from campaigns.courtesy.judging import DAY, WEEK, Cap, Quiet, Rules, topic_key
from contacts import topics
from contacts.models.consent import Channel

LATER, SKIP = "later", "skip"
ALL = "all"
SPANS = {"day": DAY, "week": WEEK}
MOST = 1_000
MOST_LATE_HOURS = 24 * 366
MOST_TOPICS = 100
LONGEST_TOPIC = 100
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY_DAY = list(range(1, 8))
_KEYS = {"caps", "when_capped", "quiet", "when_quiet", "exempt", "late_hours"}
_UNSTORABLE = frozenset("\0") | {chr(half) for half in range(0xD800, 0xE000)}  # in no database, half a pair neither

Errors = dict[str, list[str]]


def rules_of(kept: Mapping[str, Any]) -> Rules:
    caps = [
        Cap("" if which == ALL else which, most, SPANS[span])
        for which, spans in (kept.get("caps") or {}).items()
        for span, most in spans.items()
    ]
    return Rules(
        caps=tuple(caps),
        quiet={channel: _quiet_of(hours) for channel, hours in (kept.get("quiet") or {}).items()},
        exempt=frozenset(topic_key(topic) for topic in kept.get("exempt") or ()),
        late=timedelta(hours=kept["late_hours"]) if kept.get("late_hours") else None,
        skips_capped=kept.get("when_capped") == SKIP,
        skips_quiet=kept.get("when_quiet") == SKIP,
    )


def _quiet_of(hours: Mapping[str, Any]) -> Quiet:
    timed = bool(hours.get("begins"))
    return Quiet(
        time.fromisoformat(hours["begins"]) if timed else None,
        time.fromisoformat(hours["ends"]) if timed else None,
        frozenset(hours.get("days", EVERY_DAY)),
        frozenset(hours.get("whole_days") or ()),
    )


def clean(given: Any) -> tuple[dict[str, Any], Errors]:
    """The rules as they are kept, and what is wrong by field, such as "caps.email.day"."""
    errors: Errors = {}
    if not isinstance(given, dict):
        return {}, {"rules": ["Give an object."]}
    for key in sorted(set(given) - _KEYS, key=str):
        errors[str(key)[:50]] = ["There is no such setting."]
    kept: dict[str, Any] = {
        "caps": _caps(given.get("caps"), errors),
        "when_capped": _choice("when_capped", given, errors),
        "quiet": _all_quiet(given.get("quiet"), errors),
        "when_quiet": _choice("when_quiet", given, errors),
        "exempt": _exempt(given.get("exempt"), errors),
        "late_hours": None,
    }
    if given.get("late_hours") is not None:
        kept["late_hours"] = _number("late_hours", given["late_hours"], MOST_LATE_HOURS, errors)
    return kept, errors


def _caps(given: Any, errors: Errors) -> dict[str, dict[str, int]]:
    kept: dict[str, dict[str, int]] = {}
    for which, spans in _entries("caps", given, (ALL, *Channel.values), errors):
        found: dict[str, int] = {}
        for span, most in _entries(f"caps.{which}", spans, SPANS, errors):
            if most is not None and (number := _number(f"caps.{which}.{span}", most, MOST, errors)):
                found[span] = number
        if found.get("day", 0) > found.get("week", MOST):
            errors[f"caps.{which}.week"] = ["This is less than the number a day."]
        if found:
            kept[which] = found
    return kept


def _all_quiet(given: Any, errors: Errors) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = {}
    for channel, hours in _entries("quiet", given, Channel.values, errors):
        parts = dict(_entries(f"quiet.{channel}", hours, ("begins", "ends", "days", "whole_days"), errors))
        begins, ends = (_clock(f"quiet.{channel}.{part}", parts.get(part), errors) for part in ("begins", "ends"))
        if bool(begins) != bool(ends):
            errors.setdefault(f"quiet.{channel}.{'ends' if begins else 'begins'}", ["Give both ends of the hours."])
        elif begins and begins == ends:
            errors[f"quiet.{channel}.ends"] = ["Begin and end are the same. For whole days, choose the weekdays."]
        whole = _weekdays(f"quiet.{channel}.whole_days", parts.get("whole_days") or [], errors)
        days = _weekdays(f"quiet.{channel}.days", parts.get("days", EVERY_DAY), errors)
        if len(whole) == len(WEEKDAYS):
            errors[f"quiet.{channel}.whole_days"] = ["Then nobody could ever be written to. Leave one day out."]
        if begins and not days:
            errors.setdefault(f"quiet.{channel}.days", ["Choose the days on which these hours begin."])
            begins = ends = ""
        if begins or whole:
            kept[channel] = {"begins": begins, "ends": ends, "days": days, "whole_days": whole}
    return kept


def _entries(name: str, given: Any, known: Any, errors: Errors) -> Iterator[tuple[str, Any]]:
    if given is None:
        return
    if not isinstance(given, dict):
        errors[name] = ["Give an object."]
        return
    for key, value in given.items():
        if key in known:
            yield key, value
        else:
            errors[f"{name}.{str(key)[:50]}"] = ["There is no such setting."]


def _number(name: str, value: Any, most: int, errors: Errors) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        errors[name] = [f"Give a whole number from 1 to {most:,}."]
        return None
    return value


def _choice(name: str, given: Mapping[str, Any], errors: Errors) -> str:
    value = given.get(name) or LATER
    if value not in (LATER, SKIP):
        errors[name] = ["This is “later” or “skip”."]
    return value


def _clock(name: str, value: Any, errors: Errors) -> str:
    if value in (None, ""):
        return ""
    try:
        clock = time.fromisoformat(value)
    except (TypeError, ValueError):
        errors[name] = ["Give a time such as 21:00."]
        return ""
    if clock.tzinfo is not None:
        errors[name] = ["Give a time without a zone: it is that of each contact."]
    return clock.isoformat(timespec="minutes")


def _weekdays(name: str, value: Any, errors: Errors) -> list[int]:
    if not isinstance(value, list) or any(type(day) is not int or day not in EVERY_DAY for day in value):
        errors[name] = ["Give a list of numbers from 1 (Monday) to 7 (Sunday)."]
        return []
    return sorted(set(value))


def _exempt(value: Any, errors: Errors) -> list[str]:
    given = value or []
    if not isinstance(given, list) or not all(
        isinstance(topic, str) and _UNSTORABLE.isdisjoint(topic) for topic in given
    ):
        errors["exempt"] = ["Give a list of topics."]
        return []
    by_key = {topic_key(topic): " ".join(topic.split()) for topic in given if topic.strip()}
    if len(by_key) > MOST_TOPICS or any(len(topic) > LONGEST_TOPIC for topic in by_key.values()):
        errors["exempt"] = [f"Give at most {MOST_TOPICS} topics of {LONGEST_TOPIC} characters."]
    elif unknown := next(filter(None, map(topics.problem, by_key.values())), ""):
        errors["exempt"] = [unknown]
    return list(by_key.values())
