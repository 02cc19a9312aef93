"""The executions that stand at one node, as node types see them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contacts import segments
from contacts.segments import tree


@dataclass
class Batch:
    """Executions that stand at one node of one scenario: parallel lists, one place per execution."""

    scenario_origin: str  # what the origins of all messages of the scenario begin with
    node_id: str
    config: dict[str, Any]
    now: datetime
    ids: list[int]
    contacts: list[int]
    moves: list[int]  # the steps that each had made when it was claimed
    events: list[int | None]  # the event that let each one in
    zone_of: Callable[[Sequence[int]], dict[int, str]] = field(repr=False)  # contact ids → IANA names, cached
    arrivals_of: Callable[[Sequence[int]], dict[int, datetime]] = field(repr=False)  # execution ids → moments
    # Whether they are overdue for so long that the operator wants their messages skipped.
    late: bool = False
    # The steps that all of them have made since they were claimed, as (node, outcome, reason); not written down yet.
    trail: tuple[tuple[str, str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def origin(self) -> str:
        """What messages of this node carry, so that flows can find them again."""
        return f"{self.scenario_origin}:{self.node_id}"

    @property
    def visits(self) -> list[int]:
        """The number of the step that each is about to make."""
        made = len(self.trail)
        return [moves + made for moves in self.moves]

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
        return replace(
            self,
            ids=[self.ids[i] for i in chosen],
            contacts=[self.contacts[i] for i in chosen],
            moves=[self.moves[i] for i in chosen],
            events=[self.events[i] for i in chosen],
        )

    def split(self, rule: dict[str, Any]) -> "tuple[Batch, Batch]":
        """Those whose contact matches the rule tree now, and the others: one query for the batch. Rules on properties
        ask about the event that let each one in."""
        entry = any(leaf["rule"] == "property" for leaf in tree.leaves(rule))
        matches = [False] * len(self)
        for places in self._turns():
            scope = self._scope(places)
            contacts = [self.contacts[i] for i in places]
            entries = [self.events[i] for i in places] if entry else None
            matching = segments.matching(rule, contacts, self.now, scope, entries)
            for i, contact in zip(places, contacts, strict=True):
                matches[i] = contact in matching
        if all(matches):
            return self, self.part(())
        if not any(matches):
            return self.part(()), self
        return self.part(i for i, yes in enumerate(matches) if yes), self.part(
            i for i, yes in enumerate(matches) if not yes
        )

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
        return segments.Scope(origin=self.scenario_origin, passes=[self.ids[i] for i in places])

    def _turns(self, places: Iterable[int] | None = None) -> list[list[int]]:
        """The places in turns, each contact once in each: a rule about messages means those of one pass, and contacts
        may be in several passes at once. Nearly always one turn."""
        chosen = list(range(len(self)) if places is None else places)
        if len(set(self.contacts)) == len(self):
            return [chosen]
        turns: list[list[int]] = []
        nth: dict[int, int] = {}
        for i in chosen:
            turn = nth.get(self.contacts[i], 0)
            nth[self.contacts[i]] = turn + 1
            if turn == len(turns):
                turns.append([])
            turns[turn].append(i)
        return turns
