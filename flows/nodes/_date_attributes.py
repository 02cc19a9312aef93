"""The attributes that hold a date of each contact's own: the choice of one, and the day that it says."""

from typing import Any

from django import forms
from django.db.models import TextField
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from contacts.attributes.defining import definitions, house_zone
from contacts.segments import values

# Kept in UTC, a moment is another day where the contact is.
_LOCAL_DAY = """
    CASE WHEN contacts_contact.attributes ->> %s ~ %s THEN to_char(
        (contacts_contact.attributes ->> %s)::timestamptz
            AT TIME ZONE COALESCE(NULLIF(contacts_contact.timezone, ''), %s), 'YYYY-MM-DD'
    ) ELSE left(contacts_contact.attributes ->> %s, 10) END
"""


def day_of(attribute: str) -> Combinable:
    """The day in a contact's attribute as text; of a date and time, as its definition has it, where the contact is."""
    definition = definitions().get(attribute)
    if definition is None or definition.type.key != "datetime":
        return Left(KeyTextTransform(attribute, "attributes"), 10)
    moment = f"^(?:{values.MOMENT})$"
    return RawSQL(  # noqa: S611 - a constant; what it takes are parameters
        _LOCAL_DAY, [attribute, moment, attribute, house_zone(), attribute], output_field=TextField()
    )


class _Suggested(forms.TextInput):
    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        dated = [each for each in definitions() if each.type.of_dates]
        listed = {"list": f"{(attrs or {}).get('id', name)}-options"} if dated else {}
        control = super().render(name, value, {**(attrs or {}), **listed}, renderer)
        found = {"control": control, "id": listed.get("list"), "options": dated}
        return render_to_string("flows/nodes/_suggested.html", found)


class DateAttributeField(forms.CharField):
    """The name of an attribute; those that are defined as dates are suggested, and others that are defined refused."""

    widget = _Suggested

    def validate(self, value: str) -> None:
        super().validate(value)
        definition = definitions().get(value)
        if definition is not None and not definition.type.of_dates:
            raise forms.ValidationError(f"“{value}” is no date: it is defined as {definition.type.label.lower()}.")
