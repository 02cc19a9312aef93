"""Trigger: lets contacts in at a date and time, everybody's the same or each one's own, such as a birthday."""

import heapq
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from django import forms
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Substr

from contacts import zones
from contacts.models import Contact
from flows import calendar
from flows.nodes import _audience, _date_attributes
from flows.nodes._date_attributes import DateAttributeField
from flows.nodes._fields import OWN_ZONE, LocalMomentField, LocalTimeField, ZoneField, segment_field
from flows.nodes._form import NodeForm, Part
from flows.nodes.base import Run, Trigger

# No zone is further from UTC than 14 hours, and none ever skipped more than a day.
EARLIEST = timedelta(hours=15)
LAST_YEAR = 2300
DEFAULT_TIME = time(9)


class OnDate(Trigger):
    label = "On Date"
    hint = "Contacts enter at a date and time, or on a date of their own such as a birthday."
    order = 20
    icon = "calendar"

    class Form(NodeForm):
        parts = (
            Part(("at", "timezone"), "At one date for all"),
            Part(
                ("attribute", "offset_days", "time", "yearly"),
                "Or on each contact’s own date",
                "Counted in the contact’s own time zone.",
            ),
            Part(("segment",), "Who"),
        )
        at = LocalMomentField(required=False, label="Date and time")
        timezone = ZoneField(own=True, label="Time zone")
        attribute = DateAttributeField(
            required=False, max_length=100, label="Date attribute", help_text="Such as “birthday”, kept as 1990-05-17."
        )
        offset_days = forms.IntegerField(
            required=False,
            min_value=-3653,
            max_value=3653,
            label="Days after",
            help_text="Negative numbers are days before the date.",
        )
        time = LocalTimeField(required=False, label="Time of day", help_text="09:00 unless you say otherwise.")
        yearly = forms.BooleanField(
            required=False,
            label="Every year",
            help_text="29 February is celebrated on 28 February in other years.",
        )
        segment = segment_field()

        def clean(self) -> dict[str, Any]:
            if self.given("at") and self.given("attribute"):
                raise forms.ValidationError("Choose one: a date for all, or a date attribute.")
            if not self.given("at") and not self.given("attribute") and not self.errors:
                raise forms.ValidationError("Give a date, or the attribute that holds each contact’s own.")
            if self.given("at"):
                self.cleaned_data.update(offset_days=None, time="", yearly=False)
            return self.cleaned_data

    def summary(self, config: dict[str, Any]) -> str:
        form = self._checked(config)
        if not form.is_valid():
            return "No date yet"
        data = form.cleaned_data
        who = f", {_audience.name(config)}" if data["segment"] or config.get("campaign") else ""
        if data["at"]:
            return f"{data['at'].replace('T', ' ')}{who}"
        days = data["offset_days"] or 0
        shift = f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'after' if days > 0 else 'before'} " if days else ""
        often = ", every year" if data["yearly"] else ""
        text = f"{shift}“{data['attribute']}”{often}{who}"
        return text[0].upper() + text[1:]

    def runs(self, config: dict[str, Any], started: datetime, since: datetime, zone: str) -> Iterator[Run]:
        if config.get("attribute"):
            yield from _own_dates(config, since, zone)
            return
        at, chosen = datetime.fromisoformat(config["at"]), config.get("timezone") or zone
        if chosen == OWN_ZONE:
            found = _by_moment(at, zone, {})
        else:
            found = [Run(f"at:{at.isoformat()}", calendar.resolve(at, chosen))]
        yield from (run for run in found if run.due_at > since)

    def audience(self, config: dict[str, Any], run: dict[str, Any], now: datetime) -> QuerySet[Contact]:
        chosen = _audience.in_zones(_audience.members(config, now), run)
        if not config.get("attribute"):
            return chosen
        chosen = chosen.alias(_day=_date_attributes.day_of(config["attribute"]))
        chosen = chosen.filter(_day__regex=r"^\d{4}-\d{2}-\d{2}$")
        if "date" not in run:
            return chosen
        wanted = date.fromisoformat(run["date"])
        if not config.get("yearly"):
            return chosen.filter(_day=wanted.isoformat())
        days = [wanted.strftime("%m-%d")]
        if days == ["02-28"] and calendar.add_months(date(wanted.year, 1, 29), 1).day == 28:
            days.append("02-29")
        # ISO dates sort as texts do. What is yet to come has no anniversary.
        return chosen.alias(_year_day=Substr(F("_day"), 6, 5)).filter(
            _year_day__in=days, _day__lte=Value(wanted.isoformat())
        )


def _own_dates(config: dict[str, Any], since: datetime, zone: str) -> Iterator[Run]:
    """One run per day and moment at which it is `time` somewhere, for the contacts of the zones where it is."""
    clock = time.fromisoformat(config["time"]) if config.get("time") else DEFAULT_TIME
    shift = timedelta(days=config.get("offset_days") or 0)
    waiting: list[tuple[datetime, int, Run]] = []
    number = count()
    day = datetime.combine((since - timedelta(days=2)).date(), clock)
    while day.year < LAST_YEAR:
        # A day's moments overlap with the next day's: only what no later day can precede is ripe.
        while waiting and waiting[0][0] < day.replace(tzinfo=UTC) - EARLIEST:
            run = heapq.heappop(waiting)[2]
            if run.due_at > since:
                yield run
        for run in _by_moment(day, zone, {"date": (day - shift).date().isoformat()}):
            heapq.heappush(waiting, (run.due_at, next(number), run))
        day += timedelta(days=1)


def _by_moment(local: datetime, zone: str, config: dict[str, Any]) -> list[Run]:
    """One run per moment at which clocks somewhere show `local`, earliest first; `zone` is that of blank contacts."""
    by_moment: dict[datetime, list[str]] = {}
    for name in sorted(zones.names()):
        by_moment.setdefault(calendar.resolve(local, name), []).append(name)
    return [
        Run(
            f"at:{local.isoformat()}@{moment:%m-%dT%H:%M:%S}",
            moment,
            {**config, "zones": names, "blank": zone in names},
        )
        for moment, names in sorted(by_moment.items())
    ]


node = OnDate()
