"""Knows which attributes are defined, and holds what comes in against that: read once for a batch, however large."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from contacts.attributes.dates import ISO
from contacts.attributes.types import TYPES, AttributeType
from contacts.models import Attribute, Installation
from contacts.remembering import remembered

Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Definition:
    """One defined attribute. `zone` is the installation's, in which times without an offset are meant."""

    id: int
    name: str
    label: str
    description: str
    type: AttributeType
    choices: tuple[str, ...] = ()
    zone: str = "UTC"

    @classmethod
    def of(cls, row: Attribute, zone: str = "UTC") -> "Definition":
        return cls(row.pk, row.name, row.label, row.description, TYPES[row.type], tuple(row.choices), zone)

    def check(self, value: Any) -> Any:
        """A JSON value as it is kept, None for no value; raises ValidationError with one sentence."""
        return self.type.check(value, self.choices, self.zone)

    def read(self, text: str, order: str = ISO) -> Any:
        """The same for a text that somebody wrote."""
        return self.type.read(text, self.choices, self.zone, order)

    def convert(self, value: Any) -> Any:
        """What comes nearest to a value from before the definition; raises ValidationError."""
        return self.type.convert(value, self.choices, self.zone)

    def fits(self, value: Any) -> bool:
        """Whether a value is kept as this definition keeps it."""
        try:
            kept = self.check(value)
        except ValidationError:
            return False
        return kept == value and isinstance(kept, bool) == isinstance(value, bool)

    @property
    def schema(self) -> dict[str, Any]:
        described = self.description or self.label
        return {**self.type.schema(self.choices), "nullable": True, "description": described}


class Definitions:
    """All of them, in their order."""

    def __init__(self, rows: Iterable[Definition] = ()) -> None:
        self._by_name = {row.name: row for row in rows}
        self._spelled = {name.lower(): name for name in self._by_name}
        # Names that were seen and are not defined: a batch repeats a few names thousands of times.
        self._free: set[str] = set()

    def __iter__(self) -> Iterator[Definition]:
        return iter(self._by_name.values())

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def get(self, name: Any) -> Definition | None:
        return self._by_name.get(name) if isinstance(name, str) else None

    def alike(self, name: str) -> Definition | None:
        """The one of this name, whatever its case."""
        return self._by_name.get(self._spelled.get(name.lower(), ""))

    def misspelled(self, name: str) -> str:
        """Why a free attribute cannot have a name that a defined one has in another case; "" if it can."""
        if name in self._free:
            return ""
        defined = self.alike(name)
        if defined is None:
            if len(self._free) < 10_000:
                self._free.add(name)
            return ""
        return f"This attribute is written “{defined.name}”."

    def check(self, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
        """Attributes as they are kept, None for those to be removed; and what is wrong, by `attributes.NAME`."""
        kept: dict[str, Any] = {}
        errors: Errors = {}
        for name, value in attributes.items():
            definition = self._by_name.get(name)
            if definition is None:
                if value is not None and (problem := self.misspelled(name)):
                    errors[f"attributes.{name}"] = [problem]
                kept[name] = value
                continue
            try:
                kept[name] = definition.check(value)
            except ValidationError as error:
                errors[f"attributes.{name}"] = error.messages
        return kept, errors


NONE = Definitions()


def definitions() -> Definitions:
    """The definitions as they are now: one query, or two where a time has to be read."""
    return remembered("attribute definitions", _load)


def needed_by(rows: Iterable[Any]) -> Definitions:
    """The same for contacts in the API's shape; asks nobody where none of them has attributes."""
    return definitions() if any(isinstance(row, Mapping) and row.get("attributes") for row in rows) else NONE


def house_zone() -> str:
    """The installation's zone."""
    row = Installation.objects.only("timezone").first()
    return (row or Installation()).zone_name


def _load() -> Definitions:
    rows = list(Attribute.objects.all())
    zone = house_zone() if any(TYPES[row.type].of_dates for row in rows) else "UTC"
    return Definitions(Definition.of(row, zone) for row in rows)
