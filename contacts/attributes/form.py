"""The form in which an attribute is defined; it is checked where it is saved, for the API alike."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from contacts.imports.attribute_cells import slug
from contacts.models import Attribute


class AttributeForm(forms.Form):
    """Of a new attribute, or of one whose name stays what it is."""

    label = forms.CharField(max_length=100, help_text="What people see, as in “Date of birth”.")
    name = forms.CharField(
        required=False,
        max_length=100,
        help_text="What rules, templates, files and programs call it, as in birthday. Made of the label where you give "
        "none; it cannot be changed later.",
    )
    type = forms.ChoiceField(choices=Attribute.Type.choices)
    choices = forms.CharField(
        required=False,
        widget=forms.Textarea({"rows": 6}),
        help_text="One on each line. A list without choices takes any text.",
    )
    description = forms.CharField(required=False, max_length=500, help_text="Shown beside the field.")

    def __init__(self, data: QueryDict | None, row: Attribute, guess: dict[str, Any] | None = None) -> None:
        self.row = row
        initial = guess or {name: getattr(row, name) for name in ("label", "name", "type", "description", "choices")}
        super().__init__(data, initial={**initial, "choices": "\n".join(initial["choices"])})
        if row.pk:
            del self.fields["name"]

    def clean_choices(self) -> list[str]:
        return self.cleaned_data["choices"].splitlines()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.row.pk:
            cleaned["name"] = cleaned.get("name") or slug(cleaned.get("label", ""))
        return cleaned

    def refuse(self, error: ValidationError) -> None:
        """Show what the saving activity found, next to the fields it is about."""
        for name, sentences in error.message_dict.items():
            self.add_error(name if name in self.fields else None, sentences)
