"""Tells other scenarios, through the timeline, who entered a scenario and who went through it."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from contacts import timeline
from contacts.models import Event
from contacts.remembering import remembered
from flows.models import Scenario, ScenarioState

ENTERED, COMPLETED = "scenario.entered", "scenario.completed"


def announce(scenario: Scenario, entered: Sequence[int], completed: Sequence[int], now: datetime) -> None:
    """Record the passes of these contacts where another scenario listens to them, and only there: nearly
    nobody does, and every pass would otherwise cost two rows more."""
    passed = {name: ids for name, ids in ((ENTERED, entered), (COMPLETED, completed)) if ids}
    if not passed:
        return
    heard = {name for pk, names in remembered("listeners to passes", _listeners) for name in names if pk != scenario.pk}
    for name in sorted(heard & passed.keys()):
        timeline.record_for(passed[name], name, {"scenario": scenario.pk}, now)


def _listeners() -> list[tuple[int, list[str]]]:
    """The scenarios that passes of others concern, with the names of the events that they listen to."""
    names = [ENTERED, COMPLETED]
    listening = Scenario.objects.filter(Q(listens_to__in=names) | Q(awaits__overlap=names))
    rows = listening.exclude(state=ScenarioState.DRAFT).values_list("pk", "listens_to", "awaits")
    return [(pk, [listens_to, *awaits]) for pk, listens_to, awaits in rows]


def of_others(scenario: Scenario, events: Sequence[timeline.LoggedEvent]) -> list[timeline.LoggedEvent]:
    """Without what the scenario itself announced: its own passes would let contacts in again without end."""
    passes = [event.id for event in events if event.name in (ENTERED, COMPLETED)]
    if not passes:
        return list(events)
    own = set(Event.objects.filter(pk__in=passes, properties__scenario=scenario.pk).values_list("pk", flat=True))
    return [event for event in events if event.id not in own]
