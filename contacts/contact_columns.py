"""The columns that the list of contacts and its files can have: those that everybody has, and attributes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict

from contacts.attributes import showing
from contacts.attributes.defining import definitions
from contacts.cleaning import validate_attribute_key
from contacts.models import Contact
from contacts.profiles import LABELS as TEXT_LABELS

ATTRIBUTE = "attributes."
MOST = 60
LABELS = {
    "id": "Id",
    "name": "Name",
    **TEXT_LABELS,
    "tags": "Tags",
    "consent": "Consent",
    "created_at": "Created",
    "updated_at": "Updated",
}
# What the list shows where nothing was chosen, and what files hold: a file can be imported again as it is.
LIST = ("name", "email", "phone", "tags", "consent", "created_at")
FILE = (
    "email", "phone", "external_id", "first_name", "last_name", "timezone", "language", "tags", "consent", "created_at",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    key: str
    label: str

    @property
    def attribute(self) -> str:
        """The name of the attribute; "" where it is none."""
        return self.key.removeprefix(ATTRIBUTE) if self.key.startswith(ATTRIBUTE) else ""


def cleaned(given: Iterable[str], usual: Sequence[str]) -> list[Column]:
    """The columns asked for, each once, in their order. Unknown ones are left out; the usual ones stand for none."""
    keys = [key for key in dict.fromkeys(given) if _known(key)][:MOST] or list(usual)
    if any(key.startswith(ATTRIBUTE) for key in keys):
        known = LABELS | {f"{ATTRIBUTE}{each.name}": each.label for each in definitions()}
        return [Column(key, known.get(key) or key.removeprefix(ATTRIBUTE)) for key in keys]
    return [Column(key, LABELS[key]) for key in keys]


def asked(query: QueryDict) -> list[str]:
    """The columns that an address asks for: one after the other, or with commas."""
    return [key for given in query.getlist("columns") for key in given.split(",") if key]


def cells(contact: Contact, columns: Sequence[Column]) -> list[tuple[str, Any]]:
    """What the list shows of a contact: (key, value), for attributes as people read them."""
    found: list[tuple[str, Any]] = []
    for column in columns:
        if column.attribute:
            value = contact.attributes.get(column.attribute)
            found.append(("attribute", "–" if value is None else showing.text(value)[:100]))
        else:
            found.append((column.key, getattr(contact, column.key, None)))
    return found


def unknown(given: Iterable[str]) -> list[str]:
    return [key for key in given if not _known(key)]


def _known(key: str) -> bool:
    if not key.startswith(ATTRIBUTE):
        return key in LABELS
    try:
        validate_attribute_key(key.removeprefix(ATTRIBUTE))
    except ValidationError:
        return False
    return True
