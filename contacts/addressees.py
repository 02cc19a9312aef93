"""Loads what messages need to know of contacts as plain tuples: model instances cost three times as much to make."""

from collections.abc import Collection
from typing import Any, NamedTuple

from contacts.models import Contact


class Addressee(NamedTuple):
    """A contact as it is written to, with the fields of the model that templates and channels read."""

    pk: int
    email: str | None
    phone: str | None
    external_id: str | None
    first_name: str
    last_name: str
    timezone: str
    language: str
    attributes: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


AnyContact = Contact | Addressee


def addressees(ids: Collection[int]) -> dict[int, Addressee]:
    """Those of these contacts that exist, by id. One query."""
    rows = Contact.objects.filter(pk__in=ids).order_by().values_list(*Addressee._fields)
    return {row[0]: Addressee._make(row) for row in rows}
