"""Operator: keeps contacts for a while, until a date, or until a time of day or week of theirs."""

from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Any

from django import forms

from flows import calendar
from flows.nodes._fields import (
    OWN_ZONE,
    WEEKDAYS,
    LocalMomentField,
    LocalTimeField,
    WeekdaysField,
    ZoneField,
    counted,
    listed,
    weekday_numbers,
)
from flows.nodes._form import NodeForm, Part
from flows.nodes.base import Batch, Group, Leave, Node, Outcome, Rest


class Wait(Node):
    label = "Wait"
    hint = "Keeps the contact for a while before the next step."
    group = Group.OPERATORS
    order = 10
    icon = "clock"
    holding = ("next",)

    class Form(NodeForm):
        parts = (
            Part(("amount", "unit"), "For a while"),
            Part(("until", "timezone"), "Or until a date"),
            Part(
                ("time", "weekdays"),
                "Or until a time of day or week",
                "The next such moment in the contact’s own time zone. With weekdays alone, contacts who arrive on "
                "such a day go on at once.",
            ),
        )
        amount = forms.IntegerField(required=False, min_value=1, label="Amount", initial=1)
        unit = forms.ChoiceField(
            required=False,
            choices=[(unit, unit.capitalize()) for unit in calendar.MAX_AMOUNT],
            label="Unit",
            initial="days",
            help_text="Minutes and hours are exact; the others keep the contact’s time of day.",
        )
        until = LocalMomentField(required=False, label="Date and time")
        timezone = ZoneField(own=True, empty="Choose one", label="Time zone", initial=OWN_ZONE)
        time = LocalTimeField(required=False, label="Time of day")
        weekdays = WeekdaysField(label="Weekdays")

        def clean(self) -> dict[str, Any]:
            modes = [mode for mode in (["amount"], ["until"], ["time", "weekdays"]) if self.given(*mode)]
            if len(modes) > 1:
                raise forms.ValidationError("Choose one: for a while, until a date, or until a time of day or week.")
            if not modes and not self.errors:
                raise forms.ValidationError("Say how long to wait.")
            if self.given("amount"):
                self._clean_duration()
            else:
                self.cleaned_data["unit"] = ""
            if not self.given("until"):
                self.cleaned_data["timezone"] = ""
            return self.cleaned_data

        def _clean_duration(self) -> None:
            unit = self.need("unit")
            most = calendar.MAX_AMOUNT.get(unit or "")
            if most and self.cleaned_data["amount"] > most:
                self.add_error("amount", f"Wait at most {most:,} {unit}, which is about ten years.")

    def summary(self, config: dict[str, Any]) -> str:
        form = self._checked(config)
        if not form.is_valid():
            return "No duration yet"
        data = form.cleaned_data
        if data["amount"]:
            return counted(data["amount"], data["unit"])
        if data["until"]:
            return f"Until {data['until'].replace('T', ' ')}"
        days = listed([WEEKDAYS[day] for day in data["weekdays"]], "or")
        return " ".join(filter(None, ["Until", days, data["time"]]))

    def holds(self, config: dict[str, Any], port: str = "next") -> bool:
        # A date is over once, and weekdays alone let pass: only a duration or a time of day always lies ahead.
        return bool(config.get("amount") or config.get("time"))

    def run(self, batch: Batch) -> Iterator[Outcome]:
        config, now = batch.config, batch.now
        if config.get("amount") and config["unit"] in calendar.ABSOLUTE:
            yield Rest(batch, calendar.add(now, config["amount"], config["unit"], "UTC"))
            return
        due = self._moment(config, now)
        zones = self._zones(batch)
        by_zone = {zone: due(zone) for zone in set(zones)}
        if len(by_zone) == 1 and (moment := by_zone[zones[0]]) > now:
            yield Rest(batch, moment)
            return
        moments = [by_zone[zone] for zone in zones]
        yield Leave(batch.part(i for i, moment in enumerate(moments) if moment <= now), reason="That moment is over.")
        later = [i for i, moment in enumerate(moments) if moment > now]
        yield Rest(batch.part(later), [moments[i] for i in later])

    def until(self, batch: Batch) -> list[datetime]:
        pairs = list(zip(batch.arrived, self._zones(batch), strict=True))
        known = {(since, zone): self._moment(batch.config, since)(zone) for since, zone in set(pairs)}
        return [known[pair] for pair in pairs]

    def _zones(self, batch: Batch) -> list[str]:
        config = batch.config
        fixed = config.get("until") and config.get("timezone") not in (None, "", OWN_ZONE)
        return [config["timezone"]] * len(batch) if fixed else batch.zones()

    def _moment(self, config: dict[str, Any], now: datetime) -> Callable[[str], datetime]:
        """When a zone's contacts go on."""
        if config.get("amount"):
            return lambda zone: calendar.add(now, config["amount"], config["unit"], zone)
        if config.get("until"):
            return lambda zone: calendar.resolve(datetime.fromisoformat(config["until"]), zone)
        days = weekday_numbers(config.get("weekdays") or [])
        if config.get("time"):
            return lambda zone: calendar.next_at(now, time.fromisoformat(config["time"]), days, zone)
        return lambda zone: (
            now if calendar.local(now, zone).weekday() in days else calendar.next_at(now, time.min, days, zone)
        )


node = Wait()
