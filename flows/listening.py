"""Does what events mean to scenarios: reads the timeline in the order of its commits.

Whoever is let in by an event enters, whoever waits for it is woken, and whoever reached an objective by it leaves.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts import segments, timeline
from contacts.remembering import remembering
from flows import announcing, leaving, objectives, triggering, waking
from flows.claiming import locked
from flows.entering import enter, trigger_of
from flows.isolating import isolating
from flows.models import Scenario, ScenarioState
from flows.transitions import PAUSED

CONSUMER = "scenarios"
# So many events at once that what each listening scenario costs anew in every batch is shared by many of them.
EVENTS = 20_000
# In a pause nobody moves; but what happens in it is noticed, and who waited for it goes on after the pause.
LISTENING = [ScenarioState.RUNNING, ScenarioState.STOPPED, ScenarioState.SCHEDULED, *PAUSED]


@dataclass
class Listeners:
    """The scenarios that events concern, by the events' name: those who are let in by it, wait for it, or want it."""

    entering: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    waiting: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    wanting: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def names(self) -> set[str]:
        return {*self.entering, *self.waiting, *self.wanting}


def listen(now: datetime) -> bool:
    """Read one batch of events and do what they mean to scenarios. Returns whether there may be more."""
    with transaction.atomic(), remembering():
        listeners = _listeners()
        events = timeline.read(CONSUMER, EVENTS, names=listeners.names)
        if _listeners() != listeners:
            # Somebody pressed Start in between: their first events may be among those that were passed over.
            transaction.set_rollback(True)
            return True
        by_name: dict[str, list[timeline.LoggedEvent]] = defaultdict(list)
        for event in events:
            by_name[event.name].append(event)
        _wake(listeners, by_name, now)
        happened: dict[int, list[timeline.LoggedEvent]] = defaultdict(list)
        for event in events:
            for pk in listeners.entering.get(event.name, ()):
                happened[pk].append(event)
        for scenario in locked(happened, [ScenarioState.RUNNING]):
            _apart(scenario, lambda one: _let_in(one, happened[one.pk], now))
    return bool(events)


def _listeners() -> Listeners:
    found = Listeners()
    rows = Scenario.objects.filter(state__in=LISTENING).order_by("pk")
    for pk, state, listens_to, awaits, exits, objective in rows.values_list(
        "pk", "state", "listens_to", "awaits", "exits", "objective"
    ):
        running = state == ScenarioState.RUNNING
        # A call from outside names its scenario and lets in at once (flows.triggering).
        if running and listens_to not in ("", triggering.EVENT):
            found.entering[listens_to].append(pk)
        for name in awaits:
            found.waiting[name].append(pk)
        if running and exits.get("objective"):
            for name in objectives.events(objective):
                found.wanting[name].append(pk)
    return found


def _wake(listeners: Listeners, by_name: dict[str, list[timeline.LoggedEvent]], now: datetime) -> None:
    """Before anybody enters, so that nobody's entry wakes themselves."""
    concerned: dict[int, list[str]] = defaultdict(list)
    for name in by_name:
        for pk in listeners.waiting.get(name, ()):
            concerned[pk].append(name)
    for scenario in locked(concerned, LISTENING):
        for name in concerned[scenario.pk]:
            contacts = [event.contact_id for event in by_name[name]]
            _apart(scenario, lambda one, name=name, contacts=contacts: waking.wake(one, name, contacts, now))
    wanting: dict[int, set[int]] = defaultdict(set)
    for name, events in by_name.items():
        for pk in listeners.wanting.get(name, ()):
            wanting[pk].update(event.contact_id for event in events)
    for scenario in locked(wanting, [ScenarioState.RUNNING]):
        isolating(
            lambda contacts, scenario=scenario: leaving.reached(scenario, contacts, now),
            sorted(wanting[scenario.pk]),
            lambda contact, error: None,
        )


def _apart(scenario: Scenario, work: Callable[[Scenario], None]) -> None:
    """Should it break, it does so for this scenario: the log is read once for all, and goes on for the others."""
    isolating(lambda one: work(one[0]), [scenario], lambda broken, error: None)


def _let_in(scenario: Scenario, events: Sequence[timeline.LoggedEvent], now: datetime) -> None:
    # What happened before somebody pressed Start is none of the scenario's business.
    since = scenario.started_at.timestamp() if scenario.started_at else float("-inf")
    events = [event for event in events if event.epoch >= since]
    events = announcing.of_others(scenario, events)
    _, config = trigger_of(scenario)
    rule = config.get("filter")
    if rule and events:
        events = _matching(rule, events, now)
    for turn in _turns(events):
        enter(scenario, [event.contact_id for event in turn], [event.id for event in turn], now)


def _matching(
    rule: dict[str, Any], events: Sequence[timeline.LoggedEvent], now: datetime
) -> list[timeline.LoggedEvent]:
    """Those that the filter lets through; one that it breaks on lets nobody in."""
    matching: set[int] = set()
    isolating(
        lambda part: matching.update(segments.matching_events(rule, [event.id for event in part], now)),
        events,
        lambda event, error: None,
    )
    return [event for event in events if event.id in matching]


def _turns(events: Sequence[timeline.LoggedEvent]) -> list[list[timeline.LoggedEvent]]:
    """The events in turns, each contact once in each: the second event of a contact comes after its first."""
    turns: list[list[timeline.LoggedEvent]] = []
    nth: dict[int, int] = defaultdict(int)
    for event in events:
        turn = nth[event.contact_id]
        nth[event.contact_id] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(event)
    return turns
