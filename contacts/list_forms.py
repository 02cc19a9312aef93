"""How a list is narrowed down: by words, and by the choices of whoever has some."""

from typing import Any

from django import forms


class _Words(forms.CharField):
    def to_python(self, value: Any) -> str:
        # The database takes any character but this one.
        return super().to_python((value or "").replace("\0", ""))


class ListForm(forms.Form):
    """What is asked of a list in its address; templates/_filter_bar.html shows it."""

    q = _Words(required=False, max_length=200, label="Search")

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for, by name; None for what makes no sense."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}

    @property
    def narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


class ChangesForm(ListForm):
    """Who entered a segment and left it."""

    what = forms.ChoiceField(
        required=False,
        label="What",
        choices=[("", "Entered and left"), ("entered", "Entered"), ("left", "Left")],
    )
