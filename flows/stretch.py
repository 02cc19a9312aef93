"""Carries a batch of executions node after node, in memory, until each of them rests or ends.

`flows.writing` then puts it all down at once.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from contacts import contact_zones
from flows import announcing, exits, rounds, writing
from flows.claiming import Standing
from flows.models import Execution, ExecutionState
from flows.nodes import registry
from flows.nodes.base import Batch, Do, End, Group, Leave, Outcome, Rest
from flows.writing import Movement, Settled

# A graph whose loops all pass a wait can never carry a batch further than through each of its nodes once.
MOST_NODES_PER_STRETCH = 10_000
REMOVED = "The step was removed from the scenario."
REDIRECTED = "redirected"
INSERTED = "A step was inserted before this one."


class Wandering(Exception):
    """A batch went round and round without ever resting."""


@dataclass
class Stretch(Movement):
    """One transaction's worth of movement in one version of one scenario."""

    # Contact ids → IANA names of at least their zones.
    zone_of: Callable[[Sequence[int]], dict[int, str]] = contact_zones.zones_of
    later: list[tuple[Callable[[Sequence[Batch]], None], Batch]] = field(default_factory=list)

    def batch(self, one: Standing) -> Batch:
        """Executions that stand at one node, as nodes see them."""
        known = self.flow.graph.nodes.get(one.node)
        return Batch(
            self.scenario.origin,
            one.node,
            known.config if known else {},
            self.now,
            one.ids,
            one.contacts,
            one.moves,
            one.events,
            self.zone_of,
            _arrivals_of,
            one.late,
        )

    def carry(self, arrived: Sequence[Batch] = (), woken: Sequence[Batch] = ()) -> None:
        """Work out where everybody gets to. `arrived` newly stand at their node, `woken` rested there and are due."""
        types = registry()
        todo: list[tuple[Batch, bool]] = [(batch, True) for batch in woken] + [(batch, False) for batch in arrived]
        for batch in arrived:
            self._count(batch, "entered")
        passed = 0
        while todo:
            passed += 1
            if passed > MOST_NODES_PER_STRETCH:
                raise Wandering("The flow goes round in a circle without waiting.")
            batch, was_resting = todo.pop()
            if was_resting:
                self._count(batch, "waiting", -1)
            node = self.flow.graph.nodes.get(batch.node_id)
            if node is None:
                if (onward := self._redirect(batch)) is not None:
                    self._count(onward, "entered")
                    todo.append((onward, False))
                continue
            kind = types[node.type]
            if kind.group is Group.ACTIONS and exits.any_for(self.scenario):
                batch, leaving = exits.sort(self.scenario, batch, self.entering)
                for gone, reason in leaving:
                    self._leave_for_good(gone, ExecutionState.EXITED, "exited", reason)
                if not len(batch):
                    continue
            for outcome in kind.wake(batch) if was_resting else kind.run(batch):
                if len(outcome.batch):
                    todo.extend((onward, False) for onward in self._take(outcome))

    def place(self, batch: Batch, resting: bool) -> None:
        """Put those whose node is gone where they go from there, and no further: for the time when nobody moves."""
        self._count(batch, "waiting", -1) if resting else self._count(batch, "entered")
        if (onward := self._redirect(batch)) is not None:
            self.settled.append(Settled(onward, ExecutionState.PENDING, self.now))

    def put_before(self, batch: Batch, target: str, resting: bool) -> None:
        """They are before another node, one that was inserted, and rest there as if they had come to it when they came
        to theirs."""
        self._count(batch, "waiting", -1) if resting else self._count(batch, "entered")
        self._count(batch, f"left:{REDIRECTED}")
        onward = self._onward(batch, REDIRECTED, INSERTED, target)
        moments = registry()[self.flow.graph.nodes[target].type].until(onward)
        if moments is None:
            self.settled.append(Settled(onward, ExecutionState.PENDING, self.now))
            return
        self._count(onward, "entered")
        self._count(onward, "waiting")
        due = [max(moment or self.now, self.now) for moment in moments]
        self.settled.append(Settled(onward, ExecutionState.WAITING, due))

    def leave(self, batch: Batch, reason: str, resting: bool) -> None:
        """They leave the scenario where they stand."""
        if resting:
            self._count(batch, "waiting", -1)
        self._leave_for_good(batch, ExecutionState.EXITED, "exited", reason)

    def _redirect(self, batch: Batch) -> Batch | None:
        """Their node is gone: they are where the version sends them, or, where it sends them nowhere, leave."""
        target = self.flow.redirects.get(batch.node_id)
        if target is None or target not in self.flow.graph.nodes:
            self._leave_for_good(batch, ExecutionState.EXITED, "exited", REMOVED)
            return None
        self._count(batch, f"left:{REDIRECTED}")
        return self._onward(batch, REDIRECTED, REMOVED, target)

    def _take(self, outcome: Outcome) -> list[Batch]:
        """Note one outcome; returns the batches that go on."""
        batch = outcome.batch
        if isinstance(outcome, Rest):
            self._count(batch, "waiting")
            self.settled.append(Settled(batch, ExecutionState.WAITING, outcome.due_at))
            return []
        if isinstance(outcome, End):
            self._leave_for_good(batch, ExecutionState.COMPLETED, "end", outcome.reason)
            return []
        if isinstance(outcome, Do):
            if outcome.later:
                self.later.append((outcome.perform, batch))
            else:
                outcome.perform([batch])
        return self._go_on(batch, outcome)

    def _go_on(self, batch: Batch, outcome: Leave | Do) -> list[Batch]:
        target = self.flow.graph.follow(batch.node_id, outcome.port)
        if (batch.node_id, outcome.port) in self.flow.graph.back_edges:
            batch, tired = rounds.sort(batch, outcome.port, self.scenario.most_rounds)
            if len(tired):
                reason = f"Went back from here {self.scenario.most_rounds:,} times, which is as often as is allowed."
                self._leave_for_good(tired, ExecutionState.EXITED, "exited", reason)
            if not len(batch):
                return []
        self._count(batch, f"left:{outcome.port}")
        onward = self._onward(batch, outcome.port, outcome.reason, target)
        if target is None:
            self.settled.append(Settled(onward, ExecutionState.COMPLETED))
            return []
        self._count(onward, "entered")
        return [onward]

    def _onward(self, batch: Batch, outcome: str, reason: str, target: str | None) -> Batch:
        """The batch after another step, at the target, or, where that is nowhere, where it was."""
        trail = (*batch.trail, (batch.node_id, outcome, reason))
        if target is None:
            return replace(batch, trail=trail)
        return replace(batch, trail=trail, node_id=target, config=self.flow.graph.nodes[target].config)

    def _leave_for_good(self, batch: Batch, state: str, outcome: str, reason: str) -> None:
        self._count(batch, outcome if outcome != "end" else "ended")
        self.settled.append(Settled(self._onward(batch, outcome, reason, None), state))

    def _count(self, batch: Batch, metric: str, sign: int = 1) -> None:
        self.counts[batch.node_id, metric] += sign * len(batch)

    def contacts(self, *states: str) -> list[int]:
        return [contact for one in self.settled if one.state in states for contact in one.batch.contacts]


def write(stretches: Sequence[Stretch]) -> None:
    """Put it all down. Raises AlreadyInside where some of those who are `entering` could not."""
    writing.write(stretches)
    later: dict[Callable[[Sequence[Batch]], None], list[Batch]] = defaultdict(list)
    for stretch in stretches:
        for perform, batch in stretch.later:
            later[perform].append(batch)
    for perform, batches in later.items():
        perform(batches)
    for stretch in stretches:
        entered = stretch.contacts(*ExecutionState) if stretch.entering else []
        announcing.announce(stretch.scenario, entered, stretch.contacts(ExecutionState.COMPLETED), stretch.now)


def _arrivals_of(executions: Sequence[int]) -> dict[int, datetime]:
    return dict(Execution.objects.filter(pk__in=executions).values_list("pk", "arrived_at"))
