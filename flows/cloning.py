"""Copies scenarios."""

from datetime import datetime
from typing import Any

from django.db import transaction

from flows.models import Scenario
from flows.saving import save

SETTINGS = ("reentry", "reentry_hours", "exits", "follows", "most_rounds", "keeps_when_stopped", "priority")


@transaction.atomic
def clone(scenario: Scenario, user: Any, now: datetime, graph: Any = None, objective: Any = None) -> Scenario:
    """A draft with the same graph and settings, nobody in it, under the name “… (copy)”.

    With a `graph` (and `objective`) that was drawn but never saved, the copy keeps that; may raise saving.Invalid.
    """
    copy = Scenario.objects.create(
        name=f"{scenario.name[:190]} (copy)",
        description=scenario.description,
        **{name: getattr(scenario, name) for name in SETTINGS},
        created_by=user if getattr(user, "pk", None) else None,
    )
    if graph is not None:
        save(copy, graph, objective or {}, user, None, now)
    elif scenario.flow:
        save(copy, scenario.flow.graph, scenario.objective, user, None, now)
    return copy
