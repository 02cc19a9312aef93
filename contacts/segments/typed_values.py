"""The builder's inputs for the values of defined attributes: what is compared with a date is picked from a calendar."""

from typing import Any

from django import forms

from contacts.attributes.defining import Definition
from contacts.segments.comparison_form import PairField
from contacts.segments.operators import OPERATORS
from contacts.segments.rules.base import Config, truth


def fitting(config: Config, definition: Definition) -> Config:
    """The rule with a comparison that suits the type, as long as nothing is compared with yet."""
    op = OPERATORS.get(config.get("op", ""))
    if op is not None and (definition.type.suits(op) or config.get("value") not in (None, "", [])):
        return config
    return {**config, "op": next(key for key, each in OPERATORS.items() if definition.type.suits(each))}


def value_field(definition: Definition, takes: str, given: Any) -> forms.Field | None:
    """The input of what a comparison takes; None where the type makes no difference."""
    key = definition.type.key
    if takes == "pair" and key == "number":
        return PairField(label="Values", widget=forms.NumberInput({"step": "any"}))
    if takes == "pair" and definition.type.of_dates:
        return PairField(label="Values", widget=_date())
    if takes not in ("text", "order"):
        return None
    if key == "number":
        return forms.FloatField(label="Value", widget=forms.NumberInput({"step": "any"}))
    if key == "boolean":
        return forms.TypedChoiceField(label="Value", choices=[("true", "yes"), ("false", "no")], coerce=truth)
    if definition.type.of_dates:
        return forms.CharField(label="Date", widget=_date())
    if definition.choices:
        choices = [("", "Choose…"), *((choice, choice) for choice in definition.choices)]
        if isinstance(given, str) and given and given not in definition.choices:
            choices.append((given, f"{given} (no choice any more)"))
        return forms.ChoiceField(label="Value", choices=choices)
    return None


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})
