"""A form field that is a short list of rows, each with a few controls; rows are added and taken away in the dialog."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One control of each row, posted under the field's name, a dot and its own."""

    name: str
    label: str
    widget: forms.Widget


class RowsWidget(forms.Widget):
    """`least` and `most` rows; with `lettered` they are called A, B, C… and only the last can be taken away."""

    use_fieldset = True

    def __init__(self, columns: Sequence[Column], add: str, least: int, most: int, lettered: bool = False) -> None:
        super().__init__()
        self.columns, self.add, self.least, self.most, self.lettered = columns, add, least, most, lettered

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        if hasattr(data, "getlist"):
            posted = [data.getlist(f"{name}.{column.name}") for column in self.columns]
            if any(posted):
                names = [column.name for column in self.columns]
                return [dict(zip(names, row, strict=True)) for row in zip(*posted, strict=False)]
        return data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return self.value_from_datadict(data, files, name) is None

    def id_for_label(self, id_: str) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        rows += [{}] * (self.least - len(rows))
        found = {
            "rows": [self._drawn(name, row) for row in rows[: self.most]],
            "empty": self._drawn(name, {}),
            "widget": self,
        }
        return render_to_string("flows/nodes/_rows.html", found)

    def _drawn(self, name: str, row: Row) -> list[SafeString]:
        return [
            column.widget.render(f"{name}.{column.name}", _shown(row.get(column.name)), {"aria-label": column.label})
            for column in self.columns
        ]


def _shown(value: Any) -> Any:
    return "" if isinstance(value, dict | list) else value


class RowsField(forms.Field):
    """`clean_rows` turns a list of objects, still unchecked, into what is kept, or raises ValidationError."""

    structured = True

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError as error:
                raise forms.ValidationError("Give a list of rows.") from error
        return value or None

    def clean(self, value: Any) -> Any:
        value = self.to_python(value)
        self.validate(value)
        return self.clean_rows(value or [])

    def clean_rows(self, given: Any) -> Any:
        raise NotImplementedError
