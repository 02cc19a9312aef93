"""Trigger: lets a segment, or a random share of it, in again and again."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet

from contacts.models import Contact
from flows import calendar
from flows.nodes._audience import drawn, members
from flows.nodes._fields import (
    WEEKDAYS,
    LocalMomentField,
    LocalTimeField,
    MonthDaysField,
    WeekdaysField,
    ZoneField,
    counted,
    listed,
    segment_field,
    weekday_numbers,
)
from flows.nodes._form import NodeForm, Part
from flows.nodes.base import Run, Trigger
from flows.recurrence import MAX_EVERY, Recurrence


class Repeat(Trigger):
    label = "Repeat"
    hint = "Contacts enter again and again, as often as you say."
    order = 40
    icon = "repeat"
    catches_up: ClassVar[bool] = False

    class Form(NodeForm):
        parts = (
            Part(("every", "unit", "weekdays", "month_days", "time", "timezone"), "How often"),
            Part(("starts", "until"), "From when until when"),
            Part(("segment", "limit_percent"), "Who"),
        )
        every = forms.IntegerField(min_value=1, initial=1, label="Every")
        unit = forms.ChoiceField(
            choices=[(unit, counted(2, f"{unit}s").split()[1].capitalize()) for unit in MAX_EVERY],
            initial="day",
            label="Unit",
        )
        weekdays = WeekdaysField(label="Only on")
        month_days = MonthDaysField(
            label="Days of the month",
            help_text="Such as “1, 15, last”. Months without such a day are skipped; “last” is there in every month.",
        )
        time = LocalTimeField(required=False, label="Time of day", initial="09:00")
        timezone = ZoneField(label="Time zone")
        starts = LocalMomentField(required=False, dates=True, label="From", help_text="Empty: from the start.")
        until = LocalMomentField(required=False, dates=True, label="Until", help_text="Empty: without end.")
        segment = segment_field(help_text="Evaluated afresh at each run.")
        limit_percent = forms.FloatField(
            required=False,
            min_value=0.01,
            max_value=100,
            label="Share in percent",
            help_text="A random part of the segment, drawn afresh at each run. Empty: everybody.",
        )

        def clean(self) -> dict[str, Any]:
            data = self.cleaned_data
            most = MAX_EVERY.get(data.get("unit") or "", 0)
            if data.get("every") and most and data["every"] > most:
                self.add_error("every", f"Give at most {most:,}, which is about ten years.")
            if data.get("starts") and data.get("until") and _end(data["until"]) < _start(data["starts"], None):
                self.add_error("until", "The end lies before the beginning.")
            return data

    def summary(self, config: dict[str, Any]) -> str:
        form = self._checked(config)
        if not form.is_valid():
            return "No rhythm yet"
        data = form.cleaned_data
        often = f"Every {data['unit']}" if data["every"] == 1 else f"Every {data['every']} {data['unit']}s"
        days = listed([WEEKDAYS[day] for day in data["weekdays"]])
        dates = listed([f"the {day}" if day == "last" else str(day) for day in data["month_days"]])
        parts = [often, days and f"on {days}", dates and f"on {dates}", data["time"] and f"at {data['time']}"]
        return " ".join(filter(None, parts))

    def runs(self, config: dict[str, Any], started: datetime, since: datetime, zone: str) -> Iterator[Run]:
        zone = config.get("timezone") or zone
        clock = time.fromisoformat(config["time"]) if config.get("time") else None
        if config.get("starts"):
            first = _start(config["starts"], clock)
        else:
            first = calendar.local(started, zone).replace(second=0, microsecond=0)
            if clock and config["unit"] != "hour":
                first = datetime.combine(first, clock)
            elif clock:
                first = first.replace(minute=clock.minute)
        rhythm = Recurrence(
            config["every"],
            config["unit"],
            first,
            _end(config["until"]) if config.get("until") else None,
            weekday_numbers(config.get("weekdays") or ()),
            [-1 if day == "last" else day for day in config.get("month_days") or ()],
        )
        for moment in rhythm.moments(max(since, started), zone):
            key = f"repeat:{moment.isoformat()}"
            yield Run(key, moment, {"draw": key})

    def audience(self, config: dict[str, Any], run: dict[str, Any], now: datetime) -> QuerySet[Contact]:
        chosen, percent = members(config, now), config.get("limit_percent")
        return drawn(chosen, percent, run["draw"]) if percent and "draw" in run else chosen


def _start(text: str, clock: time | None) -> datetime:
    """A date begins at the clock time of the rule; a date and a time are kept, but for a clock time given besides."""
    moment = datetime.fromisoformat(text)
    return datetime.combine(moment, clock) if clock else moment


def _end(text: str) -> datetime:
    """A date includes its whole day."""
    return datetime.combine(datetime.fromisoformat(text), time.max) if len(text) == 10 else datetime.fromisoformat(text)


node = Repeat()
