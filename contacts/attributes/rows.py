"""Attributes as rows of a form: a key, a kind and a text; there and back without losing their types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from contacts.attributes.types import TYPES

JSON = "json"
ALL_KINDS = {"text": "Text", "number": "Number", "boolean": "Yes or no", "date": "Date", "list": "List", JSON: "JSON"}


@dataclass(frozen=True)
class AttributeRow:
    key: str = ""
    kind: str = "text"
    value: str = ""


def rows_of(attributes: Mapping[str, Any]) -> list[AttributeRow]:
    """The attributes as rows, by key."""
    return [_row(key, attributes[key]) for key in sorted(attributes)]


def _row(key: str, value: Any) -> AttributeRow:
    if isinstance(value, bool):
        return AttributeRow(key, "boolean", "yes" if value else "no")
    if isinstance(value, int | float):
        return AttributeRow(key, "number", json.dumps(value))
    if isinstance(value, str):
        return AttributeRow(key, "text", value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
        if TYPES["list"].read(text) == value:
            return AttributeRow(key, "list", text)
    return AttributeRow(key, JSON, json.dumps(value, ensure_ascii=False))


def attributes_of(rows: list[AttributeRow]) -> dict[str, Any]:
    """The attributes that rows stand for; rows without a key and a value are left out. Raises ValidationError."""
    attributes: dict[str, Any] = {}
    for row in rows:
        key = row.key.strip()
        if not key:
            if row.value.strip():
                raise ValidationError(f"The value “{row.value.strip()[:40]}” needs a name.")
            continue
        if key in attributes:
            raise ValidationError(f"“{key[:100]}” is there twice.")
        try:
            attributes[key] = _value(row)
        except ValidationError as error:
            raise ValidationError(f"{key[:100]}: {' '.join(error.messages)}") from None
    return attributes


def _value(row: AttributeRow) -> Any:
    text = row.value.strip()
    if row.kind == JSON:
        try:
            return json.loads(row.value)
        except (ValueError, RecursionError):
            raise ValidationError("This is not JSON.") from None
    if row.kind not in ALL_KINDS or row.kind == "text":
        return text
    value = TYPES[row.kind].read(text)
    if value is None:
        raise ValidationError("Give a value, or empty the name too.")
    return value
