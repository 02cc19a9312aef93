"""Lets apps further left say what uses a thing of an app further right, without being imported by it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """Something that refers to a thing: what it is called, and its page."""

    label: str
    url: str


class UsedBy:
    """Asks everybody who registered (in their AppConfig's `ready`) what uses a thing, by its primary key."""

    def __init__(self) -> None:
        self._askers: list[Callable[[int], list[Use]]] = []

    def register(self, asker: Callable[[int], list[Use]]) -> None:
        if asker not in self._askers:
            self._askers.append(asker)

    def of(self, pk: int) -> list[Use]:
        return [use for asker in self._askers for use in asker(pk)]


# What uses a template.
templates = UsedBy()
