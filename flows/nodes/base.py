"""What a node type is: palette entry, dialog, checks and behaviour in one object.

`run` is pure. It gets a batch of executions that stand at one node and yields what becomes of each of them; only
`flows.engine` writes. Every execution of the batch must be in exactly one yielded outcome.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet

from contacts.models import Contact
from contacts.remembering import remembered
from flows.nodes._batch import Batch as Batch


class Group(Enum):
    """A heading of the palette."""

    TRIGGERS = "Triggers"
    ACTIONS = "Actions"
    OPERATORS = "Operators"

    @property
    def order(self) -> int:
        return list(Group).index(self)


@dataclass(frozen=True)
class Port:
    """A named way out of a node. `tone` is "plain", "yes" (green, ✓) or "no" (red, ✗)."""

    name: str
    label: str = ""
    tone: str = "plain"


NEXT = (Port("next"),)


@dataclass
class Leave:
    """They go on through a port, now."""

    batch: Batch
    port: str = "next"
    reason: str = ""


@dataclass
class Rest:
    """They stay until `due_at` (one moment for all, or one per execution), or, where it is None, until woken."""

    batch: Batch
    due_at: datetime | Sequence[datetime] | None


@dataclass
class End:
    """Their pass is over."""

    batch: Batch
    reason: str = ""


@dataclass
class Do:
    """Something is done to their contacts by `perform(batch)` in set-based statements, then they leave by `port`.

    `later` says that nothing which follows in the same stretch can read what is done (a message that is queued);
    the engine may then write it together with everything else, which is what makes entering fast.
    """

    batch: Batch
    perform: Callable[[Batch], None]
    port: str = "next"
    reason: str = ""
    later: bool = False


Outcome = Leave | Rest | End | Do


class Node:
    """A node type. Subclass it, and put one instance called `node` into a module of this package."""

    key: str  # the module's name
    label: ClassVar[str]
    hint: ClassVar[str] = ""  # one sentence for the palette's tooltip and the dialog's head
    group: ClassVar[Group]
    order: ClassVar[int] = 0  # within the group
    icon: ClassVar[str]  # a lucide name
    Form: ClassVar[type[forms.Form]]
    template: ClassVar[str] = "flows/nodes/_form.html"  # the dialog's body
    sends: ClassVar[bool] = False  # whether rules may ask about its messages
    compares: ClassVar[bool] = False  # whether its ports are tried against each other, each credited what came of it
    holding: ClassVar[tuple[str, ...]] = ()  # the ports that may lead back, because contacts rest here before

    def ports(self, config: dict[str, Any]) -> Sequence[Port]:
        return NEXT

    def summary(self, config: dict[str, Any]) -> str:
        """What the card says under its title."""
        raise NotImplementedError

    def summary_among(self, config: dict[str, Any], nodes: Sequence[tuple[str, str]]) -> str:
        """The same where the sending nodes around it are known, as (id, what to call it)."""
        return self.summary(config)

    def problems(self, config: dict[str, Any]) -> list[str]:
        """Why a scenario with this node cannot start, as sentences. The form's own errors by default."""
        form = self._checked(config)
        return [
            f"{form[name].label}: {text}" if name in form.fields else text
            for name, texts in form.errors.items()
            for text in texts
        ]

    def form(self, config: dict[str, Any], **kwargs: Any) -> forms.Form:
        """The dialog's form, bound to a saved config: what the dialog, the API and the checks all validate with."""
        return self.Form(config, **kwargs)

    def _checked(self, config: dict[str, Any]) -> forms.Form:
        """The form after its checks. Making one copies all its fields, which costs more than the checks themselves:
        while a whole graph is looked at, one form serves all nodes of a type."""
        form = remembered(("form", self.key), lambda: self.form({}))
        form.data = config
        form.full_clean()
        return form

    def tidy(self, config: dict[str, Any]) -> dict[str, Any]:
        """A good config in the types that `run` works with ("7" becomes 7); what the form does not know, and a config
        that is not good yet, stay as they are."""
        form = self._checked(config)
        if not form.is_valid():
            return config
        return {key: form.cleaned_data.get(key, value) for key, value in config.items()}

    def unavailable(self) -> tuple[str, str] | None:
        """(sentence, URL name of the page that mends it) while the type cannot be used, or None."""
        return None

    def holds(self, config: dict[str, Any], port: str = "next") -> bool:
        """Whether whoever leaves by the port has rested here for some time: what makes a loop through it harmless."""
        return port in self.holding

    def asks_entry(self, config: dict[str, Any]) -> bool:
        """Whether a good config asks about the event that let contacts in."""
        return False

    def makes(self, config: dict[str, Any]) -> Sequence[str]:
        """The names of the events that happen to contacts because they pass here."""
        return ()

    def awaits(self, config: dict[str, Any]) -> str | None:
        """The name of the event that contacts wait for here. When it happens to one who rests here, `wake` is asked
        at once; it has to look for itself whether the event is the right one."""
        return None

    def run(self, batch: Batch) -> Iterator[Outcome]:
        """What becomes of a batch that arrived here."""
        raise NotImplementedError

    def wake(self, batch: Batch) -> Iterator[Outcome]:
        """What becomes of a batch that rested here and is due, or whose event happened; `batch.arrived` is given."""
        yield Leave(batch)

    def until(self, batch: Batch) -> Sequence[datetime | None] | None:
        """When each of a batch that rests here would be due by this config, counted from `batch.arrived`; None where
        the node type has no such moment. What waits are timed anew with when a version changes them."""
        return None


@dataclass(frozen=True)
class Run:
    """One moment at which a trigger lets an audience in. `key` names it within the scenario."""

    key: str
    due_at: datetime
    config: dict[str, Any] = field(default_factory=dict)  # plain JSON, for `audience`


class Trigger(Node):
    """A node through which contacts enter; it has no input."""

    group = Group.TRIGGERS
    # Whether runs that were missed while nothing ran are all made up for, or only the last of them.
    catches_up: ClassVar[bool] = True

    def run(self, batch: Batch) -> Iterator[Outcome]:
        yield Leave(batch)

    def event(self, config: dict[str, Any]) -> str | None:
        """The name of the events that let contacts in, for triggers that listen to the timeline."""
        return None

    def runs(self, config: dict[str, Any], started: datetime, since: datetime, zone: str) -> Iterator[Run]:
        """The runs due after `since`, earliest first, possibly without end; `started` is when the scenario was started,
        `zone` the installation's IANA name. The engine takes what is due and looks again at the next one's time."""
        return iter(())

    def audience(self, config: dict[str, Any], run: dict[str, Any], now: datetime) -> QuerySet[Contact]:
        """Who may enter in a run (whose `Run.config` is given), unordered."""
        raise NotImplementedError

    def reach(self, config: dict[str, Any], now: datetime) -> QuerySet[Contact]:
        """Whom the trigger is for in general, whatever the run: what is counted before a scenario starts."""
        return self.audience(config, {}, now)
