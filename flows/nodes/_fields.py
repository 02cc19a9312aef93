"""Form fields of the dialogs; what they clean to is plain JSON."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

from django import forms

from contacts import tagging, zones
from contacts.models import Segment
from contacts.remembering import remembered

WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
OWN_ZONE = "contact"  # in place of an IANA name: each contact's own


class LocalTimeField(forms.CharField):
    """A clock time, kept as "09:00"."""

    widget = forms.TimeInput(attrs={"type": "time"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        if not re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text, re.ASCII):
            raise forms.ValidationError("Give a time such as 09:00.")
        try:
            hour, minute, second = [*map(int, text.split(":")), 0][:3]
            return time(hour, minute, second).isoformat(timespec="minutes")
        except ValueError as error:
            raise forms.ValidationError("Give a time between 00:00 and 23:59.") from error


class LocalMomentField(forms.CharField):
    """A date and a clock time without a zone, kept as "2026-03-29T09:00"; with `dates`, a date alone stays one."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def __init__(self, *, dates: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dates = dates

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            if self.dates and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
                return _sane(date.fromisoformat(text)).isoformat()
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise forms.ValidationError("Give a date and a time such as 2026-03-29T09:00.") from error
        if moment.tzinfo is not None:
            raise forms.ValidationError("Give a local time without an offset; the time zone has a field of its own.")
        return _sane(moment).isoformat(timespec="minutes")


def _sane(day: Any) -> Any:
    if not 2000 <= day.year <= 2200:
        raise forms.ValidationError("Give a year between 2000 and 2200.")
    return day


class ZoneField(forms.CharField):
    """An IANA name; with `own`, also "contact" for each contact's own zone. `empty` says what none means."""

    def __init__(self, *, own: bool = False, empty: str = "The installation’s", **kwargs: Any) -> None:
        labels = [("", empty)] + ([(OWN_ZONE, "Each contact’s own")] if own else [])
        self.special = {OWN_ZONE} if own else set()
        # Called only where the field is drawn: every form copies its choices, and most forms only check a config.
        widget = forms.Select(
            choices=lambda: [  # type: ignore[arg-type]  # the stubs know no callables here
                *labels,
                *((name, name.replace("_", " ")) for name in sorted(zones.names())),
            ]
        )
        super().__init__(required=False, widget=widget, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value not in self.special:
            zones.validate_zone(value)


class IdField(forms.TypedChoiceField):
    """The id of a saved thing; `rows` gives (id, name) of each whenever the dialog is made."""

    def __init__(self, rows: Callable[[], Iterable[tuple[int, str]]], empty: str, gone: str, **kwargs: Any) -> None:
        super().__init__(
            choices=lambda: remembered(rows, lambda: [("", empty), *rows()]),
            coerce=int,
            empty_value=None,
            required=False,
            error_messages={"invalid_choice": gone},
            **kwargs,
        )


def segment_field(empty: str = "All contacts", **kwargs: Any) -> IdField:
    """The choice of a segment; `empty` says what none means."""
    return IdField(
        lambda: Segment.objects.values_list("pk", "name"),
        empty=empty,
        gone="This segment no longer exists.",
        label="Segment",
        **kwargs,
    )


def segment_name(segment_id: Any) -> str:
    """How a summary calls the audience."""
    if not segment_id:
        return "All contacts"
    if not isinstance(segment_id, int):
        return "A segment that is gone"
    found = remembered(("segment name", segment_id), lambda: Segment.objects.filter(pk=segment_id).first())
    return f"“{found}”" if found else "A segment that is gone"


class ListField(forms.CharField):
    """A list of words, typed with commas between them or given as JSON; `clean_item` keeps or refuses each."""

    structured = True
    max_items = 100

    def __init__(self, *, clean_item: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.clean_item = clean_item

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[Any]:
        if value in (None, ""):
            return []
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list):
            raise forms.ValidationError("Give a list.")
        if len(items) > self.max_items:
            raise forms.ValidationError(f"Give at most {self.max_items}.")
        cleaned = [self.clean_item(item) for item in items if not (isinstance(item, str) and not item.strip())]
        return list(dict.fromkeys(cleaned))


class TagsField(ListField):
    """Names of tags."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(clean_item=tagging.clean_name, **kwargs)


class MonthDaysField(ListField):
    """Days of a month, 1 to 31, and "last"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(clean_item=_month_day, **kwargs)


def _month_day(item: Any) -> int | str:
    text = str(item).strip().lower() if isinstance(item, (int, str)) else ""
    if text == "last":
        return text
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or not 1 <= int(text) <= 31:
        raise forms.ValidationError("Days of a month are numbers from 1 to 31, and “last”.")
    return int(text)


class WeekdaysField(forms.MultipleChoiceField):
    """Days of a week, kept as ["mon", "fri"]; full names are understood."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(WEEKDAYS.items()), required=False, **kwargs)

    def to_python(self, value: Any) -> list[str]:
        if isinstance(value, str):
            value = value.split(",")
        if value in (None, ""):
            return []
        if not isinstance(value, (list, tuple)):
            raise forms.ValidationError("Give a list of weekdays.")
        names = {name: short for short, long in WEEKDAYS.items() for name in (short, long.lower())}
        given = [str(item).strip().lower() for item in value]
        return sorted({names.get(item, item) for item in given}, key=lambda day: [*WEEKDAYS, day].index(day))


def weekday_numbers(days: Iterable[str]) -> list[int]:
    """["mon"] → [0]"""
    return [list(WEEKDAYS).index(day) for day in days]


def listed(words: list[str], last: str = "and") -> str:
    """a, b and c"""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def counted(amount: Any, unit: str) -> str:
    """(1, "days") → "1 day" """
    return f"{amount} {unit[:-1] if amount == 1 else unit}"
