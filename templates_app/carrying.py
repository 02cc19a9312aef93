"""Asks the app that sends what an SMS becomes on its way: how its links are shortened, and what a part costs where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True)
class Shortened:
    """A source with its links as they will be sent, and those links as they were written, in order."""

    source: str
    links: tuple[str, ...] = ()
    # What stands in place of each of `rendering.LINKS`, as long as it will be.
    addresses: Mapping[str, str] = field(default_factory=dict)


class Carrier(Protocol):
    def shortened(self, source: str) -> Shortened:
        """The text of an SMS with links of the length that they will have."""
        ...

    def prices(self) -> Mapping[str, Decimal]:
        """The price of one part by country ("" for all others), in `currency`; empty where none is known."""
        ...

    @property
    def currency(self) -> str: ...


_carriers: list[Carrier] = []


def register(carrier: Carrier) -> None:
    """Called in an AppConfig's `ready`; the last one counts."""
    _carriers[:] = [carrier]


def shortened(source: str) -> Shortened:
    return _carriers[0].shortened(source) if _carriers else Shortened(source)


def prices() -> Mapping[str, Decimal]:
    return _carriers[0].prices() if _carriers else {}


def currency() -> str:
    return _carriers[0].currency if _carriers else ""
