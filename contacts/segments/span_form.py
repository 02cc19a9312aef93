"""The builder's controls for how often and how lately something happened."""

from django import forms

from contacts.segments.comparison_form import TimeForm
from contacts.segments.rules.base import Config
from contacts.segments.spans import SIGNS, UNITS
from contacts.segments.where import Scope


class SpanForm(TimeForm):
    """Asks for a number only where it is needed."""

    count__op = forms.ChoiceField(
        label="How often",
        required=False,
        choices=[("", "at least once"), *SIGNS.items()],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )
    count__n = forms.IntegerField(label="Times", min_value=0)
    within__unit = forms.ChoiceField(
        label="When",
        required=False,
        choices=[("", "at any time"), *((unit, f"in the last … {unit}") for unit in UNITS)],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )
    within__amount = forms.IntegerField(label="Number", min_value=1)

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        if not self.initial.get("count__op"):
            del self.fields["count__n"]
        if not self.initial.get("within__unit"):
            del self.fields["within__amount"]
