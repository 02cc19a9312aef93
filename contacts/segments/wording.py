"""Writes values as sentences about rules quote them."""

import json
import unicodedata
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localtime

from contacts.segments import values

LONGEST = 120
# Keep a text that runs from right to left from turning round what stands beside it.
_ISOLATED, _END = "\u2068", "\u2069"


def quoted(item: Any) -> str:
    """Texts in quotation marks, numbers bare, dates on the reader's clock, lists and objects as they are written."""
    if isinstance(item, bool):
        return "yes" if item else "no"
    if values.number(item) is not None:
        return str(item)
    if values.moment(item) is not None:
        return when(item)
    if item is None:
        return "“…”"
    if not isinstance(item, str):
        return _cut(json.dumps(item, ensure_ascii=False))
    text = _cut(item)
    turned = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return f"“{_ISOLATED}{text}{_END}”" if turned else f"“{text}”"


def when(item: Any) -> str:
    """`1 Mar 2026`, or `1 Mar 2026, 09:30` on the reader's clock; what is local to the installation stays so."""
    found = values.moment(item)
    if found is None:
        return "…" if item in (None, "") else _cut(str(item))
    if isinstance(found, datetime):
        local = found if found.tzinfo is None else localtime(found)
        return f"{_day(local)}, {local:%H:%M}"
    return _day(found)


def days(item: Any) -> str:
    """`30 days`, `1 day`."""
    return f"{'…' if item in (None, '') else item} {'day' if values.number(item) == 1 else 'days'}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
