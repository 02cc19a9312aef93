"""Does what events mean to scenarios: reads the timeline in the order of its commits.

Whoever is let in by an event enters, whoever waits for it is woken, and whoever reached an objective by it leaves.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from contacts import segments, timeline
from flows import announcing, leaving, objectives, triggering, waking
from flows.claiming import locked
from flows.engine import BATCH
from flows.entering import enter, trigger_of
from flows.models import Scenario, ScenarioState
from flows.transitions import PAUSED

CONSUMER = "scenarios"
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
    with transaction.atomic():
        listeners = _listeners()
        events = timeline.read(CONSUMER, BATCH, names=listeners.names)
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
            _let_in(scenario, happened[scenario.pk], now)
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
            waking.wake(scenario, name, [event.contact_id for event in by_name[name]], now)
    wanting: dict[int, set[int]] = defaultdict(set)
    for name, events in by_name.items():
        for pk in listeners.wanting.get(name, ()):
            wanting[pk].update(event.contact_id for event in events)
    for scenario in locked(wanting, [ScenarioState.RUNNING]):
        leaving.reached(scenario, sorted(wanting[scenario.pk]), now)


def _let_in(scenario: Scenario, events: Sequence[timeline.LoggedEvent], now: datetime) -> None:
    # What happened before somebody pressed Start is none of the scenario's business.
    events = [event for event in events if scenario.started_at is None or event.at >= scenario.started_at]
    events = announcing.of_others(scenario, events)
    _, config = trigger_of(scenario)
    rule = config.get("filter")
    if rule and events:
        matching = segments.matching_events(rule, [event.id for event in events], now)
        events = [event for event in events if event.id in matching]
    for turn in _turns(events):
        enter(scenario, [event.contact_id for event in turn], [event.id for event in turn], now)


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
