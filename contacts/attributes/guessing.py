"""Finds attributes that are in use and not defined, and guesses of what type they are."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from contacts.attributes.defining import Definitions
from contacts.attributes.types import TYPES
from contacts.segments import values

LOOKED_AT = 2_000
MOST = 100
# So few different texts, each of them so often, are the choices of a list rather than whatever people write.
FEW_CHOICES, OFTEN = 8, 20

_SEEN = """
    SELECT key, sum(times)::bigint, (array_agg(value::text ORDER BY times DESC, value::text))[1:200], count(*)
    FROM (
        SELECT key, value, count(*) AS times
        FROM (SELECT attributes FROM contacts_contact ORDER BY id DESC LIMIT %s) newest, jsonb_each(attributes)
        WHERE jsonb_typeof(value) <> 'null' AND octet_length(value::text) < 1000 AND NOT key = ANY(%s)
        GROUP BY key, value
    ) AS each GROUP BY key ORDER BY 2 DESC, key LIMIT %s
"""


@dataclass(frozen=True)
class Found:
    """An attribute that nobody defined: how many of the newest contacts have it, and what it seems to be."""

    name: str
    count: int
    type: str
    choices: list[str]
    examples: list[str]

    @property
    def type_label(self) -> str:
        return TYPES[self.type].label


def undefined(defined: Definitions) -> list[Found]:
    """Those that the newest contacts have, the commonest first: one query over a bounded number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [LOOKED_AT, [each.name for each in defined], MOST])
        rows = cursor.fetchall()
    found = []
    for name, count, texts, different in rows:
        seen = [json.loads(text) for text in texts]
        type, choices = _guess(seen, count, different)
        examples = [TYPES[type].write(value) for value in seen[:3]]
        found.append(Found(name, count, type, choices, [text[:60].replace("\n", ", ") for text in examples]))
    return found


def guessed(name: str, defined: Definitions) -> Found | None:
    """The same of one attribute."""
    return next((found for found in undefined(defined) if found.name == name), None)


def _guess(seen: Sequence[Any], count: int, different: int) -> tuple[str, list[str]]:
    """The type, and the choices where it has some."""
    if all(isinstance(value, bool) for value in seen):
        return "boolean", []
    if all(isinstance(value, str) for value in seen):
        if all(re.fullmatch(values.DAY, value) for value in seen):
            return "date", []
        if all(len(value) > 10 and _reads("datetime", value) for value in seen):
            return "datetime", []
        if different <= FEW_CHOICES and count >= OFTEN * different and all(0 < len(text) <= 50 for text in seen):
            return "choice", sorted(seen, key=str.casefold)
        return "text", []
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in seen):
        return "number", []
    return ("list" if all(_reads("list", value) and isinstance(value, list) for value in seen) else "text"), []


def _reads(type: str, value: Any) -> bool:
    try:
        return TYPES[type].check(value) is not None
    except ValidationError:
        return False
