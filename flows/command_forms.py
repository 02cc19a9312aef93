"""Forms of the dialogs in which an operator starts or resumes a scenario."""

from datetime import timedelta
from typing import Any

from django import forms

from flows.overdue import MOST_HOURS, SEND, SKIP, SPREAD, Policy


def _hours(initial: int, label: str) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=0, max_value=MOST_HOURS, max_digits=6, decimal_places=2, initial=initial, required=False, label=label
    )


class OverdueForm(forms.Form):
    """What to do with what has become overdue; without a choice, everything is done at once."""

    overdue = forms.ChoiceField(choices=[(key, key) for key in (SEND, SKIP, SPREAD)], initial=SEND, required=False)
    older_than = _hours(24, "Hours")
    spread = _hours(4, "Hours")

    def clean(self) -> dict[str, Any]:
        for choice, name in ((SKIP, "older_than"), (SPREAD, "spread")):
            if self.cleaned_data.get("overdue") == choice:
                if self.cleaned_data.get(name) is None and name not in self.errors:
                    self.add_error(name, "Say how many hours.")
            else:
                self.errors.pop(name, None)  # of a choice that was not made
        return self.cleaned_data

    @property
    def policy(self) -> Policy:
        chosen = self.cleaned_data.get("overdue") or SEND
        hours = self.cleaned_data.get({SKIP: "older_than", SPREAD: "spread"}.get(chosen, ""))
        return Policy(chosen, float(hours or 0))

    @property
    def lateness(self) -> timedelta:
        """How late a message would have to be to be skipped, as the form shows it."""
        typed = self.cleaned_data.get("older_than") if self.is_bound else self["older_than"].initial
        return timedelta(hours=float(typed or 0))


class StartForm(OverdueForm):
    when = forms.ChoiceField(choices=[("now", "now"), ("at", "at")], initial="now", required=False)
    at = forms.DateTimeField(
        required=False,
        label="Date and time",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        if self.cleaned_data.get("when") != "at":
            self.errors.pop("at", None)
            self.cleaned_data["at"] = None
        elif self.cleaned_data.get("at") is None and "at" not in self.errors:
            self.add_error("at", "Say when it starts.")
        return self.cleaned_data
