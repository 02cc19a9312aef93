"""What is known of a contact: a field or an attribute, compared with a value."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from django import forms

from contacts.attributes.defining import definitions
from contacts.profiles import LABELS
from contacts.segments import actual, comparing, operators, typed_values
from contacts.segments.comparison_form import ComparisonForm
from contacts.segments.operands import Address, Key, Moment, Text
from contacts.segments.operators import OPERATORS
from contacts.segments.rules.base import Config, RuleKind, unknown_keys
from contacts.segments.where import Scope, Where, fill, value

_TABLE = '"contacts_contact"'
_MOMENTS = ("created_at", "updated_at")
FIELDS = {**LABELS, "created_at": "Created", "updated_at": "Updated"}


def operand(field: str) -> Text | Moment:
    if field in _MOMENTS:
        return Moment(f'{_TABLE}."{field}"')
    if field == "email":
        return Address(Where(f'{_TABLE}."email"'))
    if field == "timezone":  # as everywhere, an empty one means the installation's
        return Text(fill("COALESCE(NULLIF({0}, ''), {1})", Where(f'{_TABLE}."timezone"'), comparing.zone()))
    if field in FIELDS:
        return Text(Where(f'{_TABLE}."{field}"'))
    return Key(f'{_TABLE}."attributes"', field)


class AttributeForm(ComparisonForm):
    subject = "attributes"
    label = "Attribute"

    def __init__(self, config: Config, scope: Scope) -> None:
        self.definition = definitions().get(config.get("field"))
        if self.definition is not None:
            config = typed_values.fitting(config, self.definition)
        super().__init__(config, scope)
        if self.definition is not None:
            self.fields["field"].widget.attrs["data-typed"] = ""  # what is chosen here decides on the other controls
            op = cast(forms.ChoiceField, self.fields["op"])
            suits, chosen = self.definition.type.suits, self.initial["op"]
            op.choices = [(key, each.label) for key, each in OPERATORS.items() if suits(each) or key == chosen]

    def _value(self, takes: str) -> forms.Field:
        typed = self.definition and typed_values.value_field(self.definition, takes, self.initial.get("value"))
        return typed or super()._value(takes)


class Attribute(RuleKind):
    label = "Attribute"
    icon = "user"
    order = 10
    Form = AttributeForm
    keys = {
        "field": f"The name of an attribute, or one of {', '.join(FIELDS)}.",
        "op": "A comparison.",
        "value": "What it is compared with; “comparisons” says what each takes.",
    }
    example = {"rule": "attribute", "field": "city", "op": "in", "value": ["Paris", "Lyon"]}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        field = config.get("field")
        if not isinstance(field, str) or not field:
            return ["Choose an attribute."]
        found = list(unknown_keys(config, *self.keys))
        wrong = operators.problems(config.get("op"), config.get("value"), of_dates=field in _MOMENTS)
        return found + [f"{_named(field)}: {text}" for text in wrong]

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        return comparing.sql(operand(config["field"]), config["op"], config.get("value"), now, scope.few)

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        asked = operand(config["field"])
        if isinstance(asked, Key):
            return fill("({0} -> {1})", asked.column, value(asked.key))
        return fill("to_jsonb({0})", asked.column if isinstance(asked, Moment) else asked.text)

    def told(self, config: Config, held: Any) -> str:
        if config["field"] in _MOMENTS and isinstance(held, str):
            return f"{_named(config['field'])} on {actual.moment(held)}"
        return actual.compared(_named(config["field"]), held)

    def moved_by(self, config: Config) -> Collection[str]:
        return ["contact.updated"]

    def drifts(self, config: Config) -> bool:
        return operators.drifts(config["op"])

    def sentence(self, config: Config) -> str:
        return operators.sentence(_named(config.get("field")), config.get("op"), config.get("value"))

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return operators.sentence(_named(config.get("field")), config.get("op"), config.get("value"), denied=True)


def _named(field: Any) -> str:
    field = field if isinstance(field, str) and field else "…"
    return FIELDS[field].lower() if field in FIELDS else field


kind = Attribute()
