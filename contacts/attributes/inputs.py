"""The inputs of defined attributes in a contact's form: a control for each type, there and back."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import Input
from django.utils import timezone

from contacts.attributes.defining import Definition, Definitions

# More choices than these are put into a list that scrolls.
MOST_BOXES = 12
LONG_TEXT = 120


class AttributeField(forms.Field):
    """A defined attribute. Its value is the one kept, or None; what does not fit stays as it is until it is changed."""

    def __init__(self, definition: Definition, stored: Any) -> None:
        self.definition, self.stored = definition, stored
        self.unfit = stored is not None and not definition.fits(stored)
        help_text = definition.description
        if self.unfit:
            help_text = f"{help_text} This value does not fit: {_name_of(definition)} is wanted.".strip()
        elif definition.type.key == "list" and not definition.choices:
            help_text = f"{help_text} One on each line.".strip()
        super().__init__(required=False, label=definition.label, help_text=help_text, widget=self._widget())
        self.initial = self._shown()

    def clean(self, value: Any) -> Any:
        if _plain(value) == _plain(self.initial):
            return self.stored
        if isinstance(value, list):
            return self.definition.check(value)
        text = value if isinstance(value, str) else ""
        if self.definition.type.key == "datetime" and not self.unfit:
            return self._moment(text)
        return self.definition.read(text)

    def _widget(self) -> forms.Widget:
        type, choices = self.definition.type.key, self.definition.choices
        if type == "choice":
            return forms.Select(choices=[("", "None"), *self._choices()])
        if self.unfit:
            return forms.TextInput()
        match type:
            case "number":
                return forms.NumberInput({"step": "any"})
            case "boolean":
                return forms.Select(choices=[("", "Unknown"), ("yes", "Yes"), ("no", "No")])
            case "date":
                return _Picker("date")
            case "datetime":
                return _Picker("datetime-local", {"step": "1"} if self._seconds() else {})
            case "list" if choices and len(choices) <= MOST_BOXES:
                return forms.CheckboxSelectMultiple(choices=[(choice, choice) for choice in choices])
            case "list" if choices:
                return forms.SelectMultiple(choices=[(choice, choice) for choice in choices])
            case "list":
                return forms.Textarea({"rows": 3})
        long = isinstance(self.stored, str) and (len(self.stored) > LONG_TEXT or "\n" in self.stored)
        return forms.Textarea({"rows": 3}) if long else forms.TextInput()

    def _choices(self) -> list[tuple[str, str]]:
        found = [(choice, choice) for choice in self.definition.choices]
        if self.unfit:
            found.append((self._shown(), f"{self._shown()} (does not fit)"))
        return found

    def _shown(self) -> Any:
        if self.stored is None:
            return [] if self.definition.type.key == "list" and self.definition.choices else ""
        if self.unfit:
            return self.definition.type.write(self.stored).replace("\n", ", ")
        if isinstance(self.stored, list) and self.definition.choices:
            return self.stored
        if self.definition.type.key == "datetime":
            local = timezone.localtime(datetime.fromisoformat(self.stored)).replace(tzinfo=None)
            return local.isoformat(timespec="seconds" if self._seconds() else "minutes")
        return self.definition.type.write(self.stored)

    def _seconds(self) -> bool:
        return not self.unfit and isinstance(self.stored, str) and datetime.fromisoformat(self.stored).second > 0

    def _moment(self, text: str) -> Any:
        """What was picked is meant in the zone in which it was shown: that of whoever looks."""
        zone = timezone.get_current_timezone_name()
        return self.definition.type.read(text, (), zone)


class _Picker(Input):
    def __init__(self, type: str, attrs: dict[str, Any] | None = None) -> None:
        self.input_type = type
        super().__init__(attrs)


def fields(defined: Definitions, attributes: dict[str, Any]) -> Iterator[tuple[str, AttributeField]]:
    """The fields of a form by their names, in order."""
    for definition in defined:
        yield name_of(definition.name), AttributeField(definition, attributes.get(definition.name))


def name_of(attribute: str) -> str:
    """The form field of an attribute, as the errors of saving name it too."""
    return f"attributes.{attribute}"


def free_names_problem(names: list[str], defined: Definitions) -> None:
    """Raises ValidationError where a free attribute is a defined one, which has an input of its own."""
    for name in names:
        if known := defined.alike(name):
            raise ValidationError(f"“{name[:100]}” has a field of its own: {known.label}.")


def _name_of(definition: Definition) -> str:
    article = {"choice": "one of the choices", "list": "a list", "boolean": "yes or no", "datetime": "a date and time"}
    return article.get(definition.type.key, f"a {definition.type.label.lower()}")


def _plain(value: Any) -> Any:
    """What was shown and what came back, alike: browsers end lines their own way."""
    if isinstance(value, list):
        return list(map(str, value))
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
