"""Reads days and moments as people and programs write them, into the one way in which attributes keep them."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from contacts.segments import values

# How the three numbers of a date follow each other; a number of four digits in front is always the year.
ISO, DAY_FIRST, MONTH_FIRST = "ymd", "dmy", "mdy"
EXAMPLES = {ISO: "2026-03-10", DAY_FIRST: "31/12/2026", MONTH_FIRST: "12/31/2026"}
# Of moments: at the ends of the calendar, there are zones in which they have no name.
EARLIEST, LATEST = 1000, 9000
_iso = re.compile(values.DAY).fullmatch
_moment = re.compile(f"(?:{values.MOMENT}|{values.LOCAL_MOMENT})").fullmatch
_written = re.compile(r"([0-9./-]+)(?:T| +)([0-9]{1,2}:.*)").fullmatch
_DAY = re.compile(r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})")
_FIRST_MOMENT = re.compile(r"00:00(:00(\.0{1,6})?)?Z?")


def day(text: str, order: str = ISO) -> str | None:
    """“2026-03-10” for a day, or for its first moment, as some programs write a day; None for what is none."""
    if _iso(text):
        return text
    written, clock = _parted(text)
    return _day(written, order) if not clock or _FIRST_MOMENT.fullmatch(clock) else None


def moment(text: str, zone: str, order: str = ISO) -> str | None:
    """“2026-03-10T09:00:00Z”, in UTC; None for what is no moment. Without an offset, it is one of the zone."""
    written, clock = _parted(text)
    found = _day(written, order)
    whole = f"{found}T{clock or '00:00'}"
    if found is None or not _moment(whole):
        return None
    at = datetime.fromisoformat(whole)
    if not EARLIEST <= at.year <= LATEST:
        return None
    at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    return at.isoformat().replace("+00:00", "Z")


def _parted(text: str) -> tuple[str, str]:
    """The day and the clock time, the latter empty where there is none."""
    found = _written(text)
    if found is None:
        return text, ""
    clock = found[2]
    return found[1], f"0{clock}" if clock[1] == ":" else clock


def _day(text: str, order: str) -> str | None:
    if _iso(text):
        return text
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    parts = [found[1], found[3], found[4]]
    numbers = dict(zip(ISO if len(parts[0]) == 4 else order, parts, strict=True))
    if len(numbers["y"]) != 4 or len(numbers["d"]) > 2 or len(numbers["m"]) > 2:
        return None
    try:
        return date(int(numbers["y"]), int(numbers["m"]), int(numbers["d"])).isoformat()
    except ValueError:
        return None
