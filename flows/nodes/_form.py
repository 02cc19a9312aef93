"""What the dialogs of node types have in common: their cleaned data is the node's config, as plain JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.forms.boundfield import BoundField


@dataclass(frozen=True)
class Part:
    """A group of fields in a dialog, with an optional heading; one that is the alternative to a field is shown, and
    sent, only `unless` that one is filled in."""

    fields: tuple[str, ...]
    legend: str = ""
    help: str = ""
    unless: str = ""


class NodeForm(forms.Form):
    """The form of a node type. A config is posted by a browser (a QueryDict) or comes as JSON (a dict).

    Fields of Django's plain kinds take one plain value only, unless their class says `structured = True` (lists).
    """

    required_css_class = "required"
    parts: ClassVar[tuple[Part, ...]] = ()

    def grouped(self) -> Iterator[tuple[Part, list[BoundField]]]:
        """The parts of the dialog with their fields; one part with all of them where the type names none."""
        for part in self.parts or (Part(tuple(self.fields)),):
            yield part, [self[name] for name in part.fields]

    def full_clean(self) -> None:
        super().full_clean()
        if not self.is_bound:
            return
        for name, field in self.fields.items():
            if _is_plain(field) and isinstance(self.data.get(name), (dict, list)):
                self.errors.pop(name, None)
                self.add_error(name, "Give one plain value.")

    def given(self, *names: str) -> list[str]:
        """Those of the fields that were filled in."""
        return [name for name in names if self.cleaned_data.get(name) not in (None, "", [], {}, False)]

    def need(self, name: str, sentence: str = "This field is required.") -> Any:
        """The value of a field that is needed here; its lack is an error of the field unless it has one already."""
        value = self.cleaned_data.get(name)
        if value in (None, "") and name not in self.errors:
            self.add_error(name, sentence)
        return value


def _is_plain(field: forms.Field) -> bool:
    kinds = (
        forms.CharField,
        forms.IntegerField,
        forms.ChoiceField,
        forms.BooleanField,
    )  # a FloatField is an IntegerField
    many = getattr(field, "structured", False) or isinstance(field, forms.MultipleChoiceField)
    return isinstance(field, kinds) and not many
