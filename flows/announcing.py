"""Tells other scenarios, through the timeline, who entered a scenario and who went through it."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from contacts import timeline
from contacts.models import Event
from flows.models import Scenario, ScenarioState

ENTERED, COMPLETED = "scenario.entered", "scenario.completed"


def announce(scenario: Scenario, entered: Sequence[int], completed: Sequence[int], now: datetime) -> None:
    """Record the passes of these contacts where another scenario listens to them, and only there: nearly
    nobody does, and every pass would otherwise cost two rows more."""
    passed = {name: ids for name, ids in ((ENTERED, entered), (COMPLETED, completed)) if ids}
    if not passed:
        return
    others = Scenario.objects.exclude(state=ScenarioState.DRAFT).exclude(pk=scenario.pk)
    listening = others.filter(Q(listens_to__in=list(passed)) | Q(awaits__overlap=list(passed)))
    heard = {name for names in listening.values_list("listens_to", "awaits") for name in (names[0], *names[1])}
    for name in sorted(heard & passed.keys()):
        timeline.record_for(passed[name], name, {"scenario": scenario.pk}, now)


def of_others(scenario: Scenario, events: Sequence[timeline.LoggedEvent]) -> list[timeline.LoggedEvent]:
    """Without what the scenario itself announced: its own passes would let contacts in again without end."""
    passes = [event.id for event in events if event.name in (ENTERED, COMPLETED)]
    if not passes:
        return list(events)
    own = set(Event.objects.filter(pk__in=passes, properties__scenario=scenario.pk).values_list("pk", flat=True))
    return [event for event in events if event.id not in own]
