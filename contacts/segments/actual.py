"""Says in words what is actually known of a contact, beside what a rule asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from contacts.segments import wording


def moment(text: str) -> str:
    """A moment as PostgreSQL writes it in JSON, on the reader's clock: `3 Mar 2026, 09:30`."""
    at = localtime(datetime.fromisoformat(text))
    return f"{at.day} {at:%b %Y, %H:%M}"


def compared(subject: str, item: Any) -> str:
    """`city is “Lyon”`, `city is unknown`."""
    return f"{subject} is {'unknown' if item is None or item == '' else wording.quoted(item)}"


def times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number:,} times")


def happenings(found: Mapping[str, Any], narrowed: bool) -> str:
    """What is known of something that happens: `times`, `first` and `last` of those that count, and how often (`ever`)
    and when last (`latest`) it happened at all, for rules that are `narrowed` by more than its name."""
    ever, so_often = found["ever"], found["times"]
    if not ever:
        return "never at all"
    if not narrowed:
        return f"{times(ever)}, {_span(found['first'], found['last'], ever)}"
    if not so_often:
        return f"never like this; {times(ever)} at all, last on {moment(found['latest'])}"
    return f"{times(so_often)} like this, {_span(found['first'], found['last'], so_often)}; {times(ever)} at all"


def _span(first: str, last: str, number: int) -> str:
    return f"on {moment(last)}" if number == 1 else f"first on {moment(first)}, last on {moment(last)}"
