"""A form field that holds a design of the block editor, and opens that editor over the page it stands in."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from contacts.remembering import remembered
from templates_app import composing, designing

MOST_SHOWN = 3


class DesignWidget(forms.Widget):
    """The design itself, hidden, and a button. In the same form stand the fields that the editor fills in: `subject`,
    `preheader`, `body` and `markup`, under the same prefix."""

    use_fieldset = True

    def id_for_label(self, id_: str) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        context = {"name": name, "value": value or "", "id": (attrs or {}).get("id", "")}
        return render_to_string("templates_app/_design.html", context)


class DesignField(forms.Field):
    """Cleans to a design, or None; takes one as JSON text (a browser's) or as it is (a program's)."""

    structured = True
    widget = DesignWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, label="Design", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or not value else json.dumps(value)

    def to_python(self, value: Any) -> dict[str, Any] | None:
        if value in (None, ""):
            return None
        try:
            design = json.loads(value) if isinstance(value, str) else value
            problems = designing.problems(design)
        except (ValueError, RecursionError) as error:
            raise ValidationError("This is no design.") from error
        except designing.NotADesign as error:
            raise ValidationError(str(error)) from error
        if problems:
            raise ValidationError([f"{one.field.capitalize()}: {one.sentence}" for one in problems[:MOST_SHOWN]])
        return design


def words(design: dict[str, Any]) -> dict[str, Any]:
    """What a valid design says, as fields of a message: its body in the brand of now, and that this is MJML."""
    look = remembered(("look",), composing.look)
    return {"markup": "mjml", "body": designing.mjml_of(design, look)}
