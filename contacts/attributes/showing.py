"""Says what a contact's attributes are: the defined ones in their order, as their type has it, then the free ones."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import formats

from contacts.attributes.defining import Definition, definitions
from contacts.models import Contact


@dataclass(frozen=True)
class Shown:
    """One attribute as a page shows it: a moment, items or a text."""

    label: str
    text: str = ""
    items: list[str] = field(default_factory=list)
    moment: datetime | None = None
    description: str = ""
    unfit: bool = False
    wanted: str = ""


def shown(contact: Contact) -> dict[str, list[Shown]]:
    defined = definitions()
    known = [
        _defined(each, contact.attributes[each.name])
        for each in defined
        if contact.attributes.get(each.name) not in (None, "")
    ]
    free = sorted(name for name in contact.attributes if not defined.get(name))
    return {
        "attributes": known,
        "free_attributes": [Shown(name, text(contact.attributes[name])) for name in free],
    }


def text(value: Any) -> str:
    """A value of which nothing more is known."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _defined(definition: Definition, value: Any) -> Shown:
    label, description = definition.label, definition.description
    if not definition.fits(value):
        wanted = f"This is no value of the type {definition.type.label.lower()}."
        return Shown(label, text(value), description=description, unfit=True, wanted=wanted)
    match definition.type.key:
        case "date":
            day = formats.date_format(date.fromisoformat(value), "j F Y")
            return Shown(label, day, description=description)
        case "datetime":
            return Shown(label, moment=datetime.fromisoformat(value), description=description)
        case "list":
            return Shown(label, items=value, description=description)
        case "number":
            return Shown(label, formats.number_format(value, use_l10n=True, force_grouping=abs(value) >= 10_000))
    return Shown(label, text(value), description=description)
