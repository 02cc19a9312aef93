"""The builder's controls for “this, compared with that”: the value's input follows the comparison."""

from typing import ClassVar, cast

from django import forms

from contacts.segments.operators import OPERATORS, operator
from contacts.segments.rules.base import Config, RuleForm
from contacts.segments.where import Scope

_INPUTS = {"days": "number", "date": "text", "order": "text", "text": "text"}


class ListField(forms.CharField):
    """Several values, separated by commas."""


class PairField(forms.CharField):
    """Two values, each with its own input, as a list."""


class ComparisonForm(RuleForm):
    """`subject` names what is suggested for the left side; the values suggested depend on what was chosen there."""

    subject: ClassVar[str]
    label: ClassVar[str]

    field = forms.CharField()
    op = forms.ChoiceField(label="Comparison", widget=forms.Select(attrs={"data-redraw": ""}))

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        chosen = operator(config.get("op")) or OPERATORS["equals"]
        self.initial["op"] = chosen.key
        self.fields["field"].label = self.label
        self.fields["field"].widget.attrs["data-suggest"] = self.subject
        cast(forms.ChoiceField, self.fields["op"]).choices = [(each.key, each.label) for each in OPERATORS.values()]
        if chosen.takes != "nothing":
            self.fields["value"] = self._value(chosen.takes)

    def _value(self, takes: str) -> forms.Field:
        suggest = {"data-suggest": f"{self.subject}-values", "data-suggest-for": "field"}
        if takes == "list":
            return ListField(
                label="Values", widget=forms.TextInput(attrs={**suggest, "placeholder": "one, two, three"})
            )
        if takes == "pair":
            return PairField(label="Values")
        if takes == "days":
            return forms.IntegerField(label="Days", min_value=0)
        if takes == "date":
            return forms.CharField(label="Date", widget=forms.DateInput(attrs={"type": "date"}))
        return forms.CharField(label="Value", widget=forms.TextInput(attrs=suggest))
