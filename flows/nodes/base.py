"""What a node type is: palette entry, dialog, checks and behaviour in one object.

`run` is pure. It gets a batch of executions that stand at one node and yields what becomes of each of them; only
`flows.engine` writes. Every execution of the batch must be in exactly one yielded outcome.
"""

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
from contacts.segments import tree


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
    # When each came here; only of those who rested here and are due, the others came just `now`.
    arrived: list[datetime] | None = None
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
            self.arrived and [self.arrived[i] for i in chosen],
            self.late,
        )

    def split(self, rule: dict[str, Any]) -> "tuple[Batch, Batch]":
        """Those whose contact matches the rule tree now, and the others: one query for the batch. Rules on properties
        ask about the event that let each one in."""
        entry = any(leaf["rule"] == "property" for leaf in tree.leaves(rule))
        yes: set[int] = set()
        for places in self._turns():
            scope = self._scope(places)
            contacts = [self.contacts[i] for i in places]
            entries = [self.events[i] for i in places] if entry else None
            matching = segments.matching(rule, contacts, self.now, scope, entries)
            yes.update(i for i in places if self.contacts[i] in matching)
        if len(yes) in (0, len(self)):
            return (self, self.part(())) if yes else (self.part(()), self)
        return self.part(sorted(yes)), self.part(i for i in range(len(self)) if i not in yes)

    def matching_events(self, rule: dict[str, Any], happened: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        """Those of the pairs (execution, event) whose event matches the rule tree together with its contact."""
        events: dict[int, list[int]] = {}
        for execution, event in happened:
            events.setdefault(execution, []).append(event)
        found: set[tuple[int, int]] = set()
        for places in self._turns(i for i, execution in enumerate(self.ids) if execution in events):
            asked = [(self.ids[i], event) for i in places for event in events[self.ids[i]]]
            scope = self._scope(places)
            matching = segments.matching_events(rule, [event for _, event in asked], self.now, scope)
            found.update(pair for pair in asked if pair[1] in matching)
        return found

    def _scope(self, places: Sequence[int]) -> segments.Scope:
        return segments.Scope(origin=f"scenario:{self.scenario_id}", passes=[self.ids[i] for i in places])

    def _turns(self, places: Iterable[int] | None = None) -> list[list[int]]:
        """The places in turns, each contact once in each: a rule about messages means those of one pass, and contacts
        may be in several passes at once. Nearly always one turn."""
        turns: list[list[int]] = []
        nth: dict[int, int] = {}
        for i in range(len(self)) if places is None else places:
            turn = nth.get(self.contacts[i], 0)
            nth[self.contacts[i]] = turn + 1
            if turn == len(turns):
                turns.append([])
            turns[turn].append(i)
        return turns


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
