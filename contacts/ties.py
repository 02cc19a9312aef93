"""Moves, forgets and tells what hangs on contacts, in this app and in every app that has a `contact_ties` module.

Such a module has

    TABLES                  the tables with a column that names a contact: a test sees that none is left out
    hold(ids)               lock the rows that writers lock before they lock contacts, in the order they do
    join(kept, gone, now)   give the contact `kept` what hangs on `gone`, who is about to go
    erase(who, now)         leave nothing that says who somebody was, and every count what it is
    tell(contact)           everything known of one contact, as (name, rows) pairs; rows may be read as they come
    is_busy(ids)            (if need be) whether something is under way that writes of them without a transaction

Each takes a number of statements that does not grow with the rows. `join` and `erase` are called once more when nobody
can still write who began before, so both find nothing to do where it has been done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import apps
from django.utils.module_loading import module_has_submodule

Told = Iterator[tuple[str, Iterable[Any]]]


@dataclass(frozen=True)
class Person:
    """A contact with what they can be found by; all of it empty where they have been erased before."""

    id: int
    email: str = ""
    phone: str = ""
    external_id: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True)
class People:
    """Those who are being erased, and who they were before contacts were merged into them. `words` are what stands for
    one person alone, in lower case."""

    people: Sequence[Person]
    before: Sequence[Person] = ()

    @property
    def ids(self) -> list[int]:
        return [person.id for person in self.people]

    @property
    def everybody(self) -> list[Person]:
        return [*self.people, *self.before]

    @property
    def emails(self) -> list[str]:
        return [person.email.lower() for person in self.everybody if person.email]

    @property
    def phones(self) -> list[str]:
        return [person.phone for person in self.everybody if person.phone]

    @property
    def words(self) -> list[str]:
        found = [word for person in self.everybody for word in (person.email, person.phone, person.external_id)]
        # A short number, such as a customer's 7, stands in many cells that have nothing to do with them.
        return [word.lower() for word in found if len(word) >= 5]


def modules() -> list[ModuleType]:
    """The apps further left first: what hangs there is locked before what it leans on."""
    return [
        import_module(f"{app.name}.contact_ties")
        for app in apps.get_app_configs()
        if app.module is not None and module_has_submodule(app.module, "contact_ties")
    ]


def hold(ids: Sequence[int]) -> None:
    for module in modules():
        module.hold(ids)


def join(kept: int, gone: int, now: datetime) -> None:
    for module in modules():
        module.join(kept, gone, now)


def erase(who: People, now: datetime) -> None:
    for module in modules():
        module.erase(who, now)


def is_busy(ids: Sequence[int]) -> bool:
    return any(module.is_busy(ids) for module in modules() if hasattr(module, "is_busy"))


def tell(contact: Any) -> Told:
    """Our own first."""
    for module in reversed(modules()):
        yield from module.tell(contact)
