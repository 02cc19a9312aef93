"""Controls of texts that fields can be put into: each has a button that opens the menu of what can be inserted."""

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


class Insertable(forms.Widget):
    """The page, or the dialog, in which it stands includes `templates_app/_inserter.html` once, outside of its form."""

    counted = False  # whether it is told how long an SMS it makes

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        control = super().render(name, value, attrs, renderer)
        return render_to_string(
            "templates_app/_insertable.html", {"control": control, "name": name, "counted": self.counted}
        )


class InsertableLine(Insertable, forms.TextInput):
    """One line, such as a subject."""


class InsertableText(Insertable, forms.Textarea):
    """A body."""


class SmsText(InsertableText):
    """The body of an SMS, where nothing else on the page previews it."""

    counted = True


def takes_inserts(form: forms.Form) -> bool:
    """Whether a form has such a control, so that its page needs the menu."""
    return any(isinstance(field.widget, Insertable) for field in form.fields.values())
