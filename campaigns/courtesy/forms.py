"""The form of the courtesy settings: flat fields, which clean to the rules as they are kept."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from campaigns.courtesy import rules
from campaigns.courtesy.rules import ALL, EVERY_DAY, LATER, MOST, MOST_LATE_HOURS, SKIP, WEEKDAYS
from contacts import topics
from contacts.models.consent import Channel

WHICH = {**dict(Channel.choices), ALL: "All channels together"}
_DAYS = [(str(number), name[:2]) for number, name in enumerate(WEEKDAYS, 1)]


def _number(label: str, most: int = MOST) -> forms.IntegerField:
    return forms.IntegerField(required=False, min_value=1, max_value=most, label=label)


def _clock(label: str) -> forms.CharField:
    return forms.CharField(required=False, label=label, widget=forms.TimeInput(attrs={"type": "time"}))


def _days(label: str) -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        choices=_DAYS, coerce=int, required=False, label=label, widget=forms.CheckboxSelectMultiple
    )


def _what_happens(later: str) -> forms.ChoiceField:
    choices = [(LATER, later), (SKIP, "It is not sent")]
    return forms.ChoiceField(choices=choices, label="What happens to it?", widget=forms.RadioSelect)


class CourtesyForm(forms.Form):
    when_capped = _what_happens("It waits until there is room again")
    when_quiet = _what_happens("It goes when the quiet hours end")
    exempt = forms.MultipleChoiceField(
        required=False,
        label="Topics that always go",
        choices=topics.choices,
        help_text="Such as receipts and passwords. They are neither held back nor counted.",
        widget=forms.CheckboxSelectMultiple,
    )
    late_hours = _number("Hours", MOST_LATE_HOURS)

    def __init__(self, data: Any, kept: Mapping[str, Any]) -> None:
        super().__init__(data, initial=_initial(kept))
        for which in WHICH:
            self.fields[f"caps_{which}_day"] = _number(f"{WHICH[which]}, a day")
            self.fields[f"caps_{which}_week"] = _number(f"{WHICH[which]}, a week")
        for channel in Channel.values:
            self.fields[f"quiet_{channel}_begins"] = _clock("From")
            self.fields[f"quiet_{channel}_ends"] = _clock("To")
            self.fields[f"quiet_{channel}_days"] = _days("Beginning on")
            self.fields[f"quiet_{channel}_whole_days"] = _days("Quiet all day on")
        self.kept: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        self.kept, errors = rules.clean(self._given())
        for name, sentences in errors.items():
            field = name.replace(".", "_")
            if field not in self.errors:
                self.add_error(field if field in self.fields else None, sentences)
        return self.cleaned_data

    def _given(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "caps": {which: {span: data.get(f"caps_{which}_{span}") for span in ("day", "week")} for which in WHICH},
            "quiet": {
                channel: {
                    part: data.get(f"quiet_{channel}_{part}") for part in ("begins", "ends", "days", "whole_days")
                }
                for channel in Channel.values
            },
            "when_capped": data.get("when_capped"),
            "when_quiet": data.get("when_quiet"),
            "exempt": data.get("exempt") or [],
            "late_hours": data.get("late_hours"),
        }

    @property
    def caps(self) -> list[tuple[str, list[BoundField]]]:
        return [(label, [self[f"caps_{which}_{span}"] for span in ("day", "week")]) for which, label in WHICH.items()]

    @property
    def quiet(self) -> list[tuple[str, list[BoundField], list[BoundField]]]:
        """The channel's name, its hours and its days."""
        return [
            (
                label,
                [self[f"quiet_{channel}_{part}"] for part in ("begins", "ends")],
                [self[f"quiet_{channel}_{part}"] for part in ("days", "whole_days")],
            )
            for channel, label in Channel.choices
        ]


def _initial(kept: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "when_capped": kept.get("when_capped") or LATER,
        "when_quiet": kept.get("when_quiet") or LATER,
        "exempt": list(kept.get("exempt") or ()),
        "late_hours": kept.get("late_hours"),
    }
    for which, spans in (kept.get("caps") or {}).items():
        found |= {f"caps_{which}_{span}": most for span, most in spans.items()}
    for channel in Channel.values:
        hours = (kept.get("quiet") or {}).get(channel) or {}
        found |= {f"quiet_{channel}_{part}": value for part, value in ({"days": EVERY_DAY} | hours).items()}
    return found
