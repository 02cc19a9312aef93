"""Begins scenarios: from scratch, or with a prebuilt graph on the canvas."""

from datetime import datetime
from typing import Any

from django.db import transaction

from flows.models import Scenario
from flows.presets import Preset
from flows.saving import save


@transaction.atomic
def begin(scenario: Scenario, preset: Preset | None, user: Any, now: datetime) -> Scenario:
    """Keep a new draft; a preset brings its graph and its objective."""
    scenario.created_by = user
    scenario.save()
    if preset:
        save(scenario, preset.graph, preset.objective, user, None, now)
    return scenario
