"""Lets contacts into scenarios by what happens to them: reads the timeline in the order of its commits."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from contacts import segments, timeline
from flows import announcing, triggering
from flows.engine import BATCH, running
from flows.entering import enter, trigger_of
from flows.models import Scenario, ScenarioState

CONSUMER = "scenarios"


def listen(now: datetime) -> bool:
    """Read one batch of events and let in whom they concern. Returns whether there may be more."""
    with transaction.atomic():
        listeners = _listeners()
        events = timeline.read(CONSUMER, BATCH, names=set(listeners))
        if _listeners() != listeners:
            # Somebody pressed Start in between: their first events may be among those that were passed over.
            transaction.set_rollback(True)
            return True
        happened: dict[int, list[timeline.LoggedEvent]] = defaultdict(list)
        for event in events:
            for pk in listeners[event.name]:
                happened[pk].append(event)
        for scenario in running(happened):
            _let_in(scenario, happened[scenario.pk], now)
    return bool(events)


def _listeners() -> dict[str, list[int]]:
    """The running scenarios that wait for events, by the name of the event."""
    listeners: dict[str, list[int]] = defaultdict(list)
    # A call from outside names its scenario and lets in at once (flows.triggering).
    listening = Scenario.objects.filter(state=ScenarioState.RUNNING).exclude(listens_to__in=["", triggering.EVENT])
    for pk, name in listening.order_by("pk").values_list("pk", "listens_to"):
        listeners[name].append(pk)
    return listeners


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
