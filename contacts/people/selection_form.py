"""What the list of contacts can be narrowed down by, in its address, in saved views and in selections."""

from typing import Any

from django import forms

from contacts.filters import ANSWERS
from contacts.json_limits import text_problem
from contacts.list_forms import ListForm
from contacts.models import Segment, Tag


class SelectionForm(ListForm):
    """`attribute` alone asks who has it; with `value`, for whom it is that."""

    # Refused with a NUL, where lists leave that out: what is left could be nothing, and mean everybody.
    q = forms.CharField(required=False, max_length=200, label="Search")  # type: ignore[assignment]
    tag = forms.ModelChoiceField(Tag.objects.all(), required=False, empty_label="Any tag")
    consent = forms.ChoiceField(required=False, choices=[("", "Any consent"), *ANSWERS])
    segment = forms.ModelChoiceField(Segment.objects.all(), required=False, empty_label="Any segment")
    attribute = forms.CharField(
        required=False,
        max_length=100,
        widget=forms.TextInput({"list": "attribute-keys", "placeholder": "Any attribute", "autocomplete": "off"}),
    )
    value = forms.CharField(
        required=False,
        max_length=200,
        label="The attribute’s value",
        widget=forms.TextInput({"placeholder": "Any value", "autocomplete": "off"}),
    )

    def clean_attribute(self) -> str:
        return self._text("attribute")

    def clean_value(self) -> str:
        return self._text("value")

    def _text(self, name: str) -> str:
        value = self.cleaned_data[name].strip()
        if problem := text_problem(value):
            raise forms.ValidationError(problem)
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("value") and not cleaned.get("attribute"):
            self.add_error("attribute", "Name the attribute that has this value.")
        return cleaned
