"""Who walks, what happens to them, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.flows.reference.drawing import Drawing


@dataclass
class Person:
    """`zone` is the effective IANA name."""

    name: str
    zone: str = "UTC"
    tags: frozenset[str] = frozenset()
    attributes: dict[str, Any] = field(default_factory=dict)
    phone: str = ""
    consent: dict[str, str] = field(default_factory=dict)  # by channel, where something was said


@dataclass(frozen=True)
class Edit:
    """Another graph becomes the live one. `redirects` names every node that it lacks, and where contacts go from there:
    a node, or None."""

    graph: dict[str, Any]
    redirects: dict[str, str | None]
    retime: bool = False
    backfill: bool = False


@dataclass(frozen=True)
class Happening:
    """Something from outside. Either an event (`event`, `properties`), or `did` ("opened" or "clicked") with the newest
    message that the person has got from `node` in the pass they are in; without such a message nothing happens. Or an
    answer about a channel (`channel`, `says`), or what an operator does with the scenario (`presses`: "pause", "resume"
    or "publish", of no person). A resume has a `policy` for what is overdue: "send", "skip" or "spread", with hours."""

    at: datetime
    person: str = ""
    event: str = ""
    properties: tuple[tuple[str, float], ...] = ()
    did: str = ""
    node: str = ""
    channel: str = ""
    says: str = ""
    presses: str = ""
    policy: tuple[str, float] = ("send", 0)
    edit: Edit | None = None
    ago: timedelta = timedelta(0)  # how long before `at`, when it was recorded, the event happened

    @property
    def since(self) -> datetime:
        return self.at - self.ago


@dataclass
class Message:
    """`visit` is the number of the step that made it."""

    node: str
    at: datetime
    visit: int
    state: str
    reason: str
    did: dict[str, datetime] = field(default_factory=dict)  # what, and when first


@dataclass
class Pass:
    """One execution. `steps` are (moment, node, outcome); `node` and `due` are where a waiting one stands, or a pending
    one, which has yet to arrive there. `drawing` is what the contact follows. `late` while a move is under way in which
    messages are too late."""

    entered_at: datetime
    event: Happening | None = None  # that let in
    steps: list[tuple[datetime, str, str]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    state: str = "waiting"
    node: str = ""
    due: datetime | None = None
    arrived: datetime | None = None
    drawing: Drawing | None = None
    late: bool = False

    @property
    def inside(self) -> bool:
        return self.state in ("waiting", "pending")


@dataclass(frozen=True)
class Settings:
    """What an operator says of a scenario besides its graph. `excluded` is the rule of the excluded segment."""

    reentry: str = "not_while_inside"
    hours: int = 0  # between two entries
    most_rounds: int = 100
    objective: Any = None  # as scenarios have it
    leave_reached: bool = False
    leave_rule: Any = None
    excluded: Any = None
    follows: str = "live"  # or "entered": contacts finish the version that they entered


@dataclass
class Walk:
    """Everything that became of one person."""

    passes: list[Pass]
    tags: set[str]
    attributes: dict[str, Any]
    # Two passes moved at one moment, one of them by a node that changes the contact: the order is not promised.
    ambiguous: bool = False
    # A run of the trigger came at the moment at which a wait ended: which of the two was first is the workers' choice.
    tied: bool = False

    @property
    def messages(self) -> list[tuple]:
        return [(m.at, m.node, m.visit, m.state, m.reason) for walked in self.passes for m in walked.messages]
