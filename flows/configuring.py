"""Changes a scenario's settings, also for the contacts who are inside."""

from typing import Any

from django.db import transaction

from campaigns import outbox
from flows import exits, objectives, reentry
from flows.models import Reentry, Scenario
from flows.saving import awaited

MOST_HOURS = 87_660  # about ten years
MOST_ROUNDS = 10_000


def problems(settings: dict[str, Any]) -> dict[str, list[str]]:
    """What is wrong with settings, as sentences, by the field's name. Only those of several fields, and the exits: what
    a field alone can say, forms and serializers say."""
    found: dict[str, list[str]] = {}
    hours = settings.get("reentry_hours")
    if settings.get("reentry") == Reentry.SPACED and not hours:
        found["reentry_hours"] = ["Say how much time lies between two entries."]
    elif hours is not None and not 1 <= hours <= MOST_HOURS:
        found["reentry_hours"] = [f"Give 1 to {MOST_HOURS:,} hours, which is about ten years."]
    rounds = settings.get("most_rounds")
    if rounds is not None and not 1 <= rounds <= MOST_ROUNDS:
        found["most_rounds"] = [f"Give a number from 1 to {MOST_ROUNDS:,}."]
    if sentences := exits.problems(settings.get("exits", {})):
        found["exits"] = sentences
    return found


@transaction.atomic
def change(scenario: Scenario, settings: dict[str, Any]) -> None:
    """Set fields of a scenario, without `problems`. Another re-entry mode settles the passes that were before."""
    Scenario.objects.select_for_update(no_key=True).get(pk=scenario.pk)
    scenario.refresh_from_db(fields=["reentry", "reentry_hours", "follows", "flow"])
    settings = dict(settings)
    mode = settings.pop("reentry", scenario.reentry)
    hours = settings.pop("reentry_hours", scenario.reentry_hours)
    if (mode, hours) != (scenario.reentry, scenario.reentry_hours):
        reentry.change(scenario, mode, hours)
    for name, value in settings.items():
        setattr(scenario, name, value)
    scenario.awaits = awaited(scenario)
    scenario.save(update_fields=[*settings, "awaits"])
    if "priority" in settings:
        outbox.prioritise(scenario.origin, scenario.origin_priority)
    if "objective" in settings:
        objectives.keep(scenario)
