"""What a node type is: palette entry, dialog, checks and behaviour in one object.

`run` is pure. It gets a batch of executions that stand at one node and yields what becomes of each of them; only
`flows.engine` writes. Every execution of the batch must be in exactly one yielded outcome.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet

from contacts import segments
from contacts.models import Contact
from contacts.remembering import remembered


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
class Batch:
    """Executions that stand at one node of one scenario: parallel lists, one place per execution."""

    scenario_id: int
    node_id: str
    config: dict[str, Any]
    now: datetime
    ids: list[int]
    contacts: list[int]
    visits: list[int]  # the number of the step that each is about to make
    events: list[int | None]  # the event that let each one in
    zone_of: Callable[[Sequence[int]], dict[int, str]] = field(repr=False)  # contact ids → IANA names, cached
    arrivals_of: Callable[[Sequence[int]], dict[int, datetime]] = field(repr=False)  # execution ids → moments
    # Whether they are overdue for so long that the operator wants their messages skipped.
    late: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def origin(self) -> str:
        """What messages of this node carry, so that flows can find them again."""
        return f"scenario:{self.scenario_id}:{self.node_id}"

    def zones(self) -> list[str]:
        """The IANA name of each execution's contact's own zone, in the order of the batch."""
        known = self.zone_of(self.contacts)
        return [known[contact] for contact in self.contacts]

    @property
    def arrived(self) -> list[datetime]:
        """When each execution came to where it is written down to stand, in the order of the batch. Asks each time."""
        known = self.arrivals_of(self.ids)
        return [known.get(execution, self.now) for execution in self.ids]

    def part(self, places: Iterable[int]) -> "Batch":
        """The executions at these places of the lists."""
        chosen = list(places)
        return Batch(
            self.scenario_id,
            self.node_id,
            self.config,
            self.now,
            [self.ids[i] for i in chosen],
            [self.contacts[i] for i in chosen],
            [self.visits[i] for i in chosen],
            [self.events[i] for i in chosen],
            self.zone_of,
            self.arrivals_of,
            self.late,
        )

    def split(self, rule: dict[str, Any]) -> "tuple[Batch, Batch]":
        """Those whose contact matches the rule tree now, and the others: one query for the batch, and one more for
        each further pass of a contact who is in it several times, for rules may ask about the messages of a pass."""
        if len(set(self.contacts)) < len(self.contacts):
            return self._split_by_turns(rule)
        scope = segments.Scope(origin=f"scenario:{self.scenario_id}", passes=self.ids)
        matching = segments.matching(rule, self.contacts, self.now, scope)
        yes = [i for i, contact in enumerate(self.contacts) if contact in matching]
        no = [i for i, contact in enumerate(self.contacts) if contact not in matching]
        return self.part(yes), self.part(no)

    def _split_by_turns(self, rule: dict[str, Any]) -> "tuple[Batch, Batch]":
        turns: dict[int, list[int]] = defaultdict(list)
        seen: dict[int, int] = defaultdict(int)
        for place, contact in enumerate(self.contacts):
            turns[seen[contact]].append(place)
            seen[contact] += 1
        yes = {one for turn in turns.values() for one in self.part(turn).split(rule)[0].ids}
        places = range(len(self))
        return self.part(i for i in places if self.ids[i] in yes), self.part(
            i for i in places if self.ids[i] not in yes
        )


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

    def holds(self, config: dict[str, Any]) -> bool:
        """Whether everybody rests here for some time: what makes a loop through it harmless."""
        return False

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
