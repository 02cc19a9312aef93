"""Cleans the rows of a file column by column, each distinct cell once; rows that need a closer look get one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from django.core.exceptions import ValidationError

from contacts import cleaning, csv_writing
from contacts.attributes.defining import NONE, Definitions
from contacts.cleaning import IDENTIFIERS, Errors, Fields
from contacts.imports import attribute_cells
from contacts.imports.csv_mapping import columns as setters_of
from contacts.imports.csv_mapping import contact_of, state_of, tag_names
from contacts.json_limits import LARGEST, MOST_KEYS
from contacts.merging import Batch, Column, batch_of
from contacts.saving import UNIDENTIFIED

_BAD: Any = object()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The good rows as a batch, what they say of topics, where each of them stands among the rows given, and what is
    wrong with the others."""

    batch: Batch
    places: list[int]
    errors: dict[int, Errors] = field(default_factory=dict)
    topics: dict[str, Column] = field(default_factory=dict)


def clean(
    rows: Sequence[Sequence[str]], mapping: Sequence[str | None], country: str, defined: Definitions = NONE
) -> Cleaned:
    """Rows of cells as contacts, by what each column is."""
    setters = setters_of(mapping, defined)

    def fields_of(place: int) -> tuple[Fields, Errors]:
        contact, errors = contact_of(rows[place], setters)
        if errors:
            return {}, errors
        said = contact.pop("topics", None)  # clean as it is, and to be cleaned of others without a database
        fields, errors = cleaning.clean(contact, country, defined)
        fields = {name: value for name, value in fields.items() if value is not None}
        if said:
            fields["topics"] = said
        if not errors and not any(name in fields for name in IDENTIFIERS):
            errors = {"detail": [UNIDENTIFIED]}
        return fields, errors

    columns, odd = _columns(rows, mapping, country, defined)
    errors: dict[int, Errors] = {}
    mended: dict[int, Fields] = {}
    for place in sorted(odd):
        fields, wrong = fields_of(place)
        if wrong:
            errors[place] = wrong
        else:
            mended[place] = fields
    if mended:
        _mend(columns, mended, len(rows))
    places = list(range(len(rows)))
    if errors:
        places = [place for place in places if place not in errors]
        columns = {name: [column[place] for place in places] for name, column in columns.items()}
    topics = {name: columns.pop(name) for name in [*columns] if name.startswith("topic.")}
    batch = Batch.of(len(places), columns, lambda place: fields_of(places[place])[0], ())
    return Cleaned(batch, places, errors, topics)


def _mend(columns: dict[str, Column], mended: dict[int, Fields], size: int) -> None:
    """Put the rows that were read one by one where they belong."""
    batch = batch_of(list(mended.values()))
    said = [fields.get("topics", {}) for fields in mended.values()]
    found = batch.columns | {name: [each.get(name) for each in said] for name in {key for each in said for key in each}}
    for name in {*columns, *found}:
        column = columns[name] = list(columns.get(name) or [None] * size)
        values = found.get(name) or [None] * batch.size
        for place, value in zip(mended, values, strict=True):
            column[place] = value


def _columns(
    rows: Sequence[Sequence[str]], mapping: Sequence[str | None], country: str, defined: Definitions
) -> tuple[dict[str, Column], set[int]]:
    """The values by column, and the places of the rows that must be read one by one."""
    targets = [target for target in mapping if target]
    attributes = sum(":" in target for target in targets)
    nobody = not any(name in targets for name in IDENTIFIERS)
    twice = len(set(targets)) < len(targets) or {"full_name", "first_name"} <= set(targets)
    if nobody or twice or attributes > MOST_KEYS:
        return {}, set(range(len(rows)))
    columns: dict[str, Column] = {}
    fragments: list[list[str | None]] = []
    odd: set[int] = set()
    for cells, target in zip(zip_longest(*rows, fillvalue=""), mapping, strict=False):
        if target is None:
            continue
        values = _each(cells, _converter(target, country, defined))
        if _BAD in values:
            odd.update(place for place, value in enumerate(values) if value is _BAD)
            values = [None if value is _BAD else value for value in values]
        kind, colon, _ = target.partition(":")
        if colon:
            fragments.append(values)
        elif kind == "full_name":
            columns["first_name"] = [value and value[0] for value in values]
            columns["last_name"] = [value and value[1] for value in values]
        elif target.startswith("topic."):
            columns[target] = values
        else:
            columns[kind.replace(".", "_")] = values
    if fragments:
        columns["attributes"] = [
            "{" + ", ".join(filter(None, parts)) + "}" if any(parts) else None for parts in zip(*fragments, strict=True)
        ]
        odd.update(place for place, value in enumerate(columns["attributes"]) if value and len(value) > LARGEST)
    known = [columns[name] for name in IDENTIFIERS if name in columns]
    odd.update(place for place, values in enumerate(zip(*known, strict=True)) if not any(values))
    return columns, odd


def _each(cells: Sequence[str], convert: Callable[[str], Any]) -> list[Any]:
    """The value of each cell, None for an empty one."""
    values: dict[str, Any] = {}
    for cell in set(cells):
        value = cell.strip()
        try:
            # An apostrophe may be a guard: that is for `contact_of` to say.
            values[cell] = (_BAD if csv_writing.is_guarded(value) else convert(value)) if value else None
        except (ValidationError, ValueError):
            values[cell] = _BAD
    return list(map(values.__getitem__, cells))


def _converter(target: str, country: str, defined: Definitions) -> Callable[[str], Any]:
    """What makes a value of a column's cell; raises ValueError or ValidationError."""
    if ":" in target:
        return attribute_cells.piece(target, defined)
    if target.startswith(("consent.", "topic.")):
        return state_of
    if target == "tags":
        return lambda cell: tuple(cleaning.clean_field("tags", tag_names(cell)))
    if target == "full_name":
        return _both_names
    return lambda cell: cleaning.clean_field(target, cell, country)


def _both_names(cell: str) -> tuple[str, str]:
    first, _, last = cell.partition(" ")
    return cleaning.clean_field("first_name", first), cleaning.clean_field("last_name", last)
