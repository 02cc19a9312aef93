"""Attributes as rows of a form: a key, a kind and a text; there and back without losing their types."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from contacts.csv_mapping import KINDS, converted

JSON = "json"
ALL_KINDS = {**KINDS, JSON: "JSON"}


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
            attributes[key] = json.loads(row.value) if row.kind == JSON else converted(row.kind, row.value.strip())
        except (ValueError, RecursionError) as error:
            sentence = "This is not JSON." if row.kind == JSON else str(error)
            raise ValidationError(f"{key[:100]}: {sentence}") from None
    return attributes
