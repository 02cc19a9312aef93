"""The builder's controls for “this, compared with that”: the value's input follows the comparison."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django import forms

from contacts.segments import times
from contacts.segments.operators import OPERATORS, operator
from contacts.segments.rules.base import Config, RuleForm
from contacts.segments.where import Scope


class ListField(forms.CharField):
    """Several values: a chip each, and an input for the next one."""


class PairField(forms.CharField):
    """Two values, each with its own input, as a list."""


class PickField(forms.IntegerField):
    """Something that has an id, chosen by a piece of its name: the input shows the name and keeps the id beside it.

    `of` is what the kind's `suggestions` are asked for, `name_of` tells the name of an id ("" where there is none).
    """

    def __init__(self, of: str, any_of_them: str, name_of: Callable[[int], str], **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"placeholder": any_of_them, "data-suggest": of, "data-redraw": ""})
        super().__init__(required=False, widget=widget, **kwargs)
        self.widget.input_type = "text"
        self.name_of = name_of


class TimeForm(RuleForm):
    """A form that can ask about a moment."""

    def ask_time(self, op: str, value: str, label: str) -> None:
        """Add a comparison of moments, and what the chosen one compares with."""
        chosen = operator(self.initial.get(op)) or OPERATORS["in_last_days"]
        self.initial[op] = chosen.key
        widget = forms.Select(attrs={"data-redraw": ""})
        self.fields[op] = forms.ChoiceField(label=label, choices=times.CHOICES, widget=widget)
        if chosen.takes != "nothing":
            self.fields[value] = _compared_with(chosen.takes, {}, of_dates=True)


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
        return _compared_with(takes, suggest)


def _compared_with(takes: str, suggest: dict[str, str], of_dates: bool = False) -> forms.Field:
    if takes == "list":
        return ListField(label="Values", widget=forms.TextInput(attrs={**suggest, "placeholder": "add a value"}))
    if takes == "days":
        return forms.IntegerField(label="Days", min_value=0)
    date = forms.DateInput(attrs={"type": "date"})
    if takes == "pair":
        return PairField(label="Values", widget=date if of_dates else forms.TextInput())
    if takes == "date" or of_dates:
        return forms.CharField(label="Date", widget=date)
    return forms.CharField(label="Value", widget=forms.TextInput(attrs=suggest))
