"""Calendar sums by trying them out, on purpose in another way than the code under test."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def shown(moment: datetime, zone: str) -> datetime:
    """What clocks in the zone show."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def moment_of(local: datetime, zone: str) -> datetime:
    """The first moment at which clocks show `local`; where they never do, as if they had not been put forward yet."""
    around = [local.replace(tzinfo=UTC) + timedelta(hours=hours) for hours in range(-30, 31)]
    offsets = [shown(moment, zone) - moment.replace(tzinfo=None) for moment in around]
    candidates = sorted({(local - offset).replace(tzinfo=UTC) for offset in offsets})
    for candidate in candidates:
        if shown(candidate, zone) == local:
            return candidate
    return (local - offsets[0]).replace(tzinfo=UTC)


def later(moment: datetime, amount: int, unit: str, zone: str) -> datetime:
    if unit == "minutes":
        return moment + timedelta(minutes=amount)
    if unit == "hours":
        return moment + timedelta(hours=amount)
    here = shown(moment, zone)
    if unit in ("days", "weeks"):
        for _ in range(amount * (7 if unit == "weeks" else 1)):
            here += timedelta(days=1)
        return moment_of(here, zone)
    year, month, day = here.year, here.month, here.day
    for _ in range(amount * (12 if unit == "years" else 1)):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    while True:
        try:
            return moment_of(here.replace(year=year, month=month, day=day), zone)
        except ValueError:
            day -= 1  # no such day in that month


def next_time(moment: datetime, clock: str, weekdays: list[str], zone: str) -> datetime:
    """The next moment at which clocks show "HH:MM", on one of the weekdays if there are any."""
    hour, minute = map(int, clock.split(":"))
    day = shown(moment, zone).replace(hour=hour, minute=minute, second=0, microsecond=0)
    while True:
        found = moment_of(day, zone)
        if found > moment and (not weekdays or WEEKDAYS[day.weekday()] in weekdays):
            return found
        day += timedelta(days=1)


def due(config: dict[str, Any], now: datetime, zone: str) -> datetime:
    """When a wait that began `now` ends for a person of that zone."""
    if config.get("amount"):
        return later(now, config["amount"], config["unit"], zone)
    if config.get("until"):
        named = config.get("timezone") or "contact"
        return moment_of(datetime.fromisoformat(config["until"]), zone if named == "contact" else named)
    days = config.get("weekdays") or []
    if config.get("time"):
        return next_time(now, config["time"], days, zone)
    if WEEKDAYS[shown(now, zone).weekday()] in days:
        return now
    return next_time(now, "00:00", days, zone)
