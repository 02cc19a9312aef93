"""Understands which days somebody wants numbers of: the last seven, another usual choice, or from date to date."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
PRESETS = {
    "today": "Today",
    "yesterday": "Yesterday",
    "7": "7 days",
    "30": "30 days",
    "90": "90 days",
    "all": "All",
}
DEFAULT = "7"
FIRST = date(2000, 1, 1)  # of "all": long before anything was counted
LONGEST = 366 * 20


class Unreadable(ValueError):
    """This is no period; the text is a sentence."""


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included. `preset` is its name among PRESETS, or empty."""

    first: date
    last: date
    preset: str = ""

    @property
    def everything(self) -> bool:
        return self.preset == "all"

    @property
    def words(self) -> str:
        """“the last 7 days”, “3 Mar 2026 to 9 Mar 2026”."""
        if self.preset in ("today", "yesterday"):
            return self.preset
        if self.everything:
            return "all the time"
        if self.preset:
            return f"the last {self.preset} days"
        first, last = (f"{day.day} {day:%b %Y}" for day in (self.first, self.last))
        return first if first == last else f"{first} to {last}"

    def days(self) -> Iterator[date]:
        for n in range((self.last - self.first).days + 1):
            yield self.first + n * ONE_DAY

    def since(self, first: date) -> "Period":
        """The same, but beginning no earlier than `first`: of "all", where numbers begin."""
        return Period(max(self.first, min(first, self.last)), self.last, self.preset)


def preset(name: str, today: date) -> Period:
    if name == "today":
        return Period(today, today, name)
    if name == "yesterday":
        return Period(today - ONE_DAY, today - ONE_DAY, name)
    if name == "all":
        return Period(FIRST, today, name)
    return Period(today - (int(name) - 1) * ONE_DAY, today, name)


def asked(query: Mapping[str, str], today: date, otherwise: str = DEFAULT) -> Period:
    """What `?period=NAME` or `?from=&to=` (ISO dates) ask for. Raises Unreadable."""
    if name := query.get("period", ""):
        if name not in PRESETS:
            raise Unreadable(f"There is no period “{name[:20]}”. Periods are {', '.join(PRESETS)}.")
        return preset(name, today)
    first, last = _date(query.get("from", "")), _date(query.get("to", ""))
    if first is None and last is None:
        return preset(otherwise, today)
    last = last or max(today, first or today)
    first = first or FIRST
    if first > last:
        raise Unreadable("The first day is after the last one.")
    # Nothing has happened after today (or tomorrow, where a reader's day is ahead): no period goes on beyond it.
    first, last = max(first, FIRST), min(max(last, FIRST), max(first, today + ONE_DAY))
    if (last - first).days > LONGEST and first != FIRST:
        raise Unreadable("That is longer than twenty years.")
    return Period(first, max(first, last))


def _date(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"“{text[:20]}” is not a date such as 2026-03-10.") from None
