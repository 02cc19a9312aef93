"""The form of what a campaign is meant to achieve."""

from typing import Any

from django import forms

from campaigns import objectives
from campaigns.models import ObjectiveKind, Touch
from contacts.models import Segment
from contacts.segments.forms import RuleField
from contacts.segments.where import Scope


class ObjectiveForm(forms.Form):
    """Its cleaned `objective` is as `campaigns.objectives` describes; `{}` where there is to be none."""

    # What is needed depends on the kind, and a browser would complain of what it does not show.
    use_required_attribute = False

    kind = forms.ChoiceField(
        choices=[("", "Nothing in particular"), *ObjectiveKind.choices],
        required=False,
        widget=forms.RadioSelect,
        label="It has achieved something when a contact",
    )
    event = forms.CharField(
        max_length=100, label="Name of the event", widget=forms.TextInput(attrs={"placeholder": "order.placed"})
    )
    filter = RuleField(required=False, scope=Scope(event=True), label="Only if")
    value_property = forms.CharField(
        required=False,
        max_length=100,
        label="Property with its value",
        widget=forms.TextInput(attrs={"placeholder": "total"}),
        help_text="Revenue is added up from it.",
    )
    currency_property = forms.CharField(
        required=False,
        max_length=100,
        label="Property with the currency",
        widget=forms.TextInput(attrs={"placeholder": "currency"}),
        help_text="Without one, amounts are in the installation’s.",
    )
    segment = forms.ModelChoiceField(Segment.objects.all(), empty_label="Choose a segment…")
    within_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=objectives.MOST_DAYS,
        label="Within days",
        help_text="Empty: at any time.",
    )
    touch = forms.ChoiceField(
        required=False,
        choices=Touch.choices,
        label="It counts for the last message before that of which the contact",
    )

    def __init__(self, data: Any, kept: dict[str, Any]) -> None:
        super().__init__(data, initial=kept)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        kind = cleaned.get("kind")
        for name, of in {"event": "event", "segment": "segment", "filter": "event"}.items():
            if kind != of:
                self.errors.pop(name, None)
                cleaned.pop(name, None)
        self.objective: dict[str, Any] = {}
        if kind and not self.errors:
            given = {name: value for name, value in cleaned.items() if value not in (None, "")}
            if "segment" in given:
                given["segment"] = given["segment"].pk
            self.objective = objectives.tidy(given)
            for name, sentences in objectives.problems(self.objective).items():
                for sentence in sentences:
                    said = sentence[0].upper() + sentence[1:]
                    self.add_error(name if name in self.fields else None, said)
        return cleaned
