"""When triggers that follow the clock let a person in."""

from datetime import datetime, time, timedelta
from typing import Any

from tests.flows.reference import clock

TRIGGERS = ("now", "on_event", "on_date", "repeat")


def runs(trigger: dict[str, Any], zone: str, start: datetime, until: datetime) -> list[datetime]:
    """The moments from the start to `until`, in order; `zone` is the person's own."""
    config = trigger["config"]
    match trigger["type"]:
        case "now":
            return [start]
        case "on_date":
            meant = zone if config["timezone"] == "contact" else config["timezone"]
            moment = clock.moment_of(datetime.fromisoformat(config["at"]), meant)
            return [moment] if start <= moment <= until else []
        case "repeat":
            return _repeated(config, start, until)
    return []


def _repeated(config: dict[str, Any], start: datetime, until: datetime) -> list[datetime]:
    """Every day of the calendar is looked at: how many days or weeks is it from the first one?"""
    zone, found = config["timezone"], []
    hour, minute = map(int, config["time"].split(":"))
    first = clock.shown(start, zone).date()
    monday = first - timedelta(days=first.weekday())
    for number in range((until - start).days + 3):
        day = first + timedelta(days=number)
        if config["unit"] == "day":
            wanted = number % config["every"] == 0
        else:
            days = config["weekdays"] or [clock.WEEKDAYS[first.weekday()]]
            wanted = (day - monday).days // 7 % config["every"] == 0 and clock.WEEKDAYS[day.weekday()] in days
        moment = clock.moment_of(datetime.combine(day, time(hour, minute)), zone)
        if wanted and start < moment <= until:
            found.append(moment)
    return found
