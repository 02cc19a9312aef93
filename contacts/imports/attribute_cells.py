"""Reads the cells of a file's columns that are attributes: "number:age" is what such a column is called.

The kind says how cells are written, which counts for dates above all; a defined attribute is of its own type whatever
the kind says.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from django.core.exceptions import ValidationError

from contacts.attributes.dates import DAY_FIRST, ISO, MONTH_FIRST
from contacts.attributes.defining import NONE, Definitions
from contacts.attributes.types import TYPES
from contacts.cleaning import validate_attribute_key
from contacts.json_limits import text_problem

# What attributes that nobody defined may be read as.
KINDS = {
    "text": "Text",
    "number": "Number",
    "boolean": "Yes or no",
    "date": "Date, as in 2026-12-31",
    "date_dmy": "Date, as in 31/12/2026",
    "date_mdy": "Date, as in 12/31/2026",
    "list": "List, as in red; blue",
}
_ORDERS = {ISO: "2026-12-31", DAY_FIRST: "31/12/2026", MONTH_FIRST: "12/31/2026"}
_DATED = [key for key, type in TYPES.items() if type.of_dates]
_ALL_KINDS = [*TYPES, *(f"{key}_{order}" for key in _DATED for order in _ORDERS if order != ISO)]
_TARGET = re.compile(rf"({'|'.join(_ALL_KINDS)}):[^\W\d][\w-]{{0,99}}")


def slug(header: str) -> str:
    """A header as an attribute's key: “Date de création” becomes date_de_creation, and what has no Latin letters keeps
    its own; "" where nothing is left."""
    ascii_only = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
    if key := re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_").lstrip("0123456789_")[:100]:
        return key
    own = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", header).lower()).strip("_").lstrip("0123456789_")[:100]
    return own if is_target(f"text:{own}") else ""


def is_target(text: str) -> bool:
    """Whether a column may be called so."""
    return _TARGET.fullmatch(text) is not None


def offered(defined: Definitions) -> list[tuple[str, str]]:
    """(target, label) of the defined attributes; dates once for each way in which they may be written."""
    found: list[tuple[str, str]] = []
    for each in defined:
        if each.type.of_dates:
            for order, example in _ORDERS.items():
                clock = " 09:00" if each.type.key == "datetime" else ""
                target = f"{each.type.key}{'' if order == ISO else f'_{order}'}:{each.name}"
                found.append((target, f"{each.label} ({each.type.label.lower()}, as in {example}{clock})"))
        else:
            found.append((f"{each.type.key}:{each.name}", f"{each.label} ({each.type.label.lower()})"))
    return found


def guess(name: str, cells: Sequence[str], defined: Definitions) -> str | None:
    """The target of a column whose header is a defined attribute's name or label; None where it is no such one."""
    found = defined.alike(name) or next((each for each in defined if slug(each.label) == name), None)
    if found is None or not name:
        return None
    return f"{found.type.key}{_order_of(cells) if found.type.of_dates else ''}:{found.name}"


def guess_date(cells: Sequence[str]) -> str | None:
    """The kind of a column in which every cell is a date; None where one is not, or where it could be either way."""
    if not cells:
        return None
    kinds = [kind for kind in KINDS if kind.partition("_")[0] == "date" and _all_read(cells, kind)]
    return kinds[0] if len(kinds) == 1 or "date" in kinds else None


def reader(target: str, defined: Definitions = NONE) -> Callable[[str], Any]:
    """What makes a value of a cell, None of one that says nothing; it raises ValidationError, with a sentence."""
    kind, _, key = target.partition(":")
    base, _, order = kind.partition("_")
    definition = defined.get(key)
    if definition is not None:
        known = definition
        return (lambda cell: known.read(cell, order or ISO)) if known.type.of_dates else known.read
    if problem := defined.misspelled(key):
        return lambda cell: _refuse(problem)
    if base == "text":
        return lambda cell: cell
    read = TYPES[base].read
    return lambda cell: read(cell, (), "UTC", order or ISO)


def piece(target: str, defined: Definitions = NONE) -> Callable[[str], str | None]:
    """What makes `"key": value`, a piece of a JSON object, of a cell; the same otherwise."""
    key = target.partition(":")[2]
    validate_attribute_key(key)
    read, begin = reader(target, defined), f"{encode_basestring_ascii(key)}: "

    def made(cell: str) -> str | None:
        value = read(cell)
        if isinstance(value, str):
            if problem := text_problem(value):
                raise ValidationError(problem)
            return begin + encode_basestring_ascii(value)
        if value is None:
            return None
        if type(value) is int:
            return f"{begin}{value}"
        if isinstance(value, list) and (problem := next(filter(None, map(text_problem, value)), "")):
            raise ValidationError(problem)
        return begin + json.dumps(value)

    return made


def _refuse(problem: str) -> Any:
    raise ValidationError(problem)


def _order_of(cells: Sequence[str]) -> str:
    """The ending of the kind that all cells can be read by; the day first where that may be or not."""
    return next((f"_{order}" for order in (DAY_FIRST, MONTH_FIRST) if cells and _fit(cells, order)), "")


def _fit(cells: Sequence[str], order: str) -> bool:
    # What every order takes, such as 2026-12-31, tells nothing.
    return not _all_read(cells, "datetime") and _all_read(cells, f"datetime_{order}")


def _all_read(cells: Sequence[str], kind: str) -> bool:
    read = reader(f"{kind}:x")
    try:
        return all(read(cell) is not None for cell in cells)
    except ValidationError:
        return False
