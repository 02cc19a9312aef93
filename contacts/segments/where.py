"""Pieces of SQL with their parameters, and what a rule may look at while it is compiled."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contacts.columns import literal

_PLACE = re.compile(r"\{([0-9])\}")


@dataclass(frozen=True)
class Where:
    """A SQL expression and its parameters, one per `%s`. The text is always our own: values travel as parameters.

    As the answer of a rule it is boolean over the row `contacts_contact` and TRUE or FALSE, never NULL, so that NOT
    means "everybody else".
    """

    sql: str
    params: tuple[Any, ...] = ()

    def __and__(self, other: "Where") -> "Where":
        return all_of([self, other])

    def __or__(self, other: "Where") -> "Where":
        return any_of([self, other])

    def __invert__(self) -> "Where":
        return Where(f"NOT ({self.sql})", self.params)


@dataclass(frozen=True)
class Gathered:
    """Contacts by their ids: `chosen` is a SELECT of one column called id, which names nobody twice and nobody who is
    gone; those who were erased may be among them. With `others`, everybody else is meant.

    `among` is there where rows are put in order before it is known whom they name: it makes the SELECT of those of some
    ids (a SELECT as well), whose rows alone are then put in order.
    """

    chosen: Where
    others: bool = False
    among: "Callable[[Where], Where] | None" = None

    def __invert__(self) -> "Gathered":
        return replace(self, others=not self.others)


EVERYBODY = Where("TRUE")
# Who was erased is nobody any more, whatever a rule says.
PRESENT = Where('"contacts_contact"."erased_at" IS NULL')
NOBODY = Where("FALSE")


def value(parameter: Any) -> Where:
    """A value as a piece of SQL."""
    return Where("%s", (parameter,))


def ids(numbers: Sequence[int]) -> Where:
    """Many ids as an array."""
    return Where("%s::bigint[]", (literal(numbers),))


def fill(template: str, *parts: Where) -> Where:
    """`template` with `{0}`, `{1}`… replaced by pieces, their parameters in the order of appearance."""
    params: list[Any] = []

    def place(found: re.Match[str]) -> str:
        part = parts[int(found[1])]
        params.extend(part.params)
        return part.sql

    return Where(_PLACE.sub(place, template), tuple(params))


def all_of(parts: Iterable[Where]) -> Where:
    return _joined(" AND ", list(parts), EVERYBODY)


def any_of(parts: Iterable[Where]) -> Where:
    return _joined(" OR ", list(parts), NOBODY)


def _joined(word: str, parts: list[Where], empty: Where) -> Where:
    if len(parts) < 2:
        return parts[0] if parts else empty
    return Where(word.join(f"({part.sql})" for part in parts), tuple(p for part in parts for p in part.params))


@dataclass(frozen=True)
class Scope:
    """Where a rule tree stands, and so what its rules may ask.

    `event`   there is an event under test: `contacts_event` is in the row, and `property` rules are allowed.
    `entry`   a scenario is at hand that an event lets into: `property` rules ask about that event (see `matching`).
    `origin`  the start of the origin keys of "this scenario" ("scenario:12"): a message rule that names a `node`
              asks for messages whose Origin.key is f"{origin}:{node}" …
    `passes`  … and whose Message.origin_pass is one of these (empty: any).
    `nodes`   (id, label) of the nodes that a rule may name; None where no scenario is at hand.
    `segment` the id of the segment whose rule this is, so that it cannot be made to contain itself.
    `few`     the contacts are a batch given by id: a rule then prefers probing an index per contact to reading a table.
    `known`   the rules of the segments that the tree leads to, by id; filled in by the compiler.
    `inside`  the segments that are being compiled, outermost first.
    """

    event: bool = False
    entry: bool = False
    origin: str = ""
    passes: Sequence[int] = ()
    nodes: Sequence[tuple[str, str]] | None = None
    segment: int | None = None
    few: bool = False
    known: Mapping[int, Any] = field(default_factory=dict, repr=False)
    inside: tuple[int, ...] = ()

    def of_segment(self, segment_id: int) -> "Scope":
        """The scope of another segment's rule: it knows nothing of the event or the scenario."""
        return Scope(segment=self.segment, few=self.few, known=self.known, inside=(*self.inside, segment_id))


PLAIN = Scope()


class InvalidRule(ValueError):
    """A rule tree that cannot be compiled; `problems` has the reasons as sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems
