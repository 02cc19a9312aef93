"""Counts how many values that contacts have fit a definition, and how many of the others could be made to."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import connection

from contacts.attributes.defining import Definition
from contacts.attributes.types import shown

LOOKED_AT = 10_000
_NEWEST = """
    SELECT value::text, count(*)
    FROM (SELECT attributes -> %s AS value FROM contacts_contact ORDER BY id DESC LIMIT %s) newest GROUP BY value
"""


@dataclass
class Fit:
    """`size` values, of which `unfit` do not fit, of which `convertible` could be made to; some of the others."""

    size: int = 0
    unfit: int = 0
    convertible: int = 0
    examples: tuple[str, ...] = ()
    looked_at: int = 0  # contacts, with a value or without
    complete: bool = True  # whether these were all contacts

    @property
    def lasting(self) -> int:
        """The values that nothing can be made of."""
        return self.unfit - self.convertible


def fit(values: Iterable[tuple[str | None, int]], definition: Definition) -> Fit:
    """What distinct values, each as JSON and with the number of contacts who have it, are to a definition."""
    found = Fit()
    examples: list[str] = []
    for text, count in values:
        found.looked_at += count
        if text is None or text == "null":
            continue
        value = json.loads(text)
        found.size += count
        if definition.fits(value):
            continue
        found.unfit += count
        try:
            definition.convert(value)
            found.convertible += count
        except ValidationError:
            examples.append(shown(value))
    found.examples = tuple(sorted(examples)[:5])
    return found


def look(definition: Definition) -> Fit:
    """The same for the newest contacts, so many that nobody has to wait; `complete` where there are no more."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [definition.name, LOOKED_AT])
        found = fit(cursor.fetchall(), definition)
    found.complete = found.looked_at < LOOKED_AT
    return found
