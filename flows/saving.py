"""Saves scenarios' graphs: as the live version while nobody moves, and as a draft beside it while contacts do."""

from datetime import datetime
from typing import Any

from django.db import transaction

from flows import validation
from flows.models import Flow, Scenario, ScenarioState
from flows.publishing import NONE, Answers, Conflict, Invalid, awaited, lock, publish, stamp, trigger_problems

__all__ = [
    "Busy",
    "Conflict",
    "Invalid",
    "NoDraft",
    "awaited",
    "discard_draft",
    "keep_draft",
    "publish_draft",
    "restore",
    "save",
]


class Busy(Exception):
    """The scenario runs: its graph cannot change under the contacts that are moving through it."""


class NoDraft(Exception):
    """There is no draft beside the live version."""


@transaction.atomic
def save(
    scenario: Scenario,
    graph: Any,
    objective: dict[str, Any],
    user: Any,
    base_number: int | None,
    now: datetime,
    answers: Answers = NONE,
    drafted: str | None = "",
) -> Flow:
    """Make the next version of the graph at once, as `publishing.publish` does; raises Busy while contacts move."""
    if lock(scenario, base_number, drafted).state == ScenarioState.RUNNING:
        raise Busy("The scenario is running. Keep the change as a draft and publish it, or pause the scenario first.")
    return publish(scenario, graph, objective, user, base_number, now, answers, drafted)


@transaction.atomic
def keep_draft(
    scenario: Scenario, graph: Any, user: Any, base_number: int | None, drafted: str | None, now: datetime
) -> None:
    """Keep a graph beside the live version, which contacts go on to follow. What is live already is no draft.

    Raises Invalid or Conflict, and then nothing has changed.
    """
    locked = lock(scenario, base_number, drafted)
    if problems := validation.structure(graph) + trigger_problems(locked, graph):
        raise Invalid(problems)
    graph = validation.tidy(graph)
    if locked.flow and locked.flow.graph == graph:
        _put(scenario, None, None, None)
    elif graph != locked.draft:
        _put(scenario, graph, now, user if getattr(user, "pk", None) else None)
    scenario.refresh_from_db()


@transaction.atomic
def publish_draft(
    scenario: Scenario,
    objective: dict[str, Any] | None,
    user: Any,
    base_number: int | None,
    drafted: str | None,
    now: datetime,
    answers: Answers = NONE,
) -> Flow:
    """Make the draft the live version, as `publishing.publish` does; without an `objective` that stays.

    Raises NoDraft too."""
    locked = lock(scenario, base_number, drafted)
    if locked.draft is None:
        raise NoDraft("There is no draft beside the live version.")
    objective = locked.objective if objective is None else objective
    return publish(scenario, locked.draft, objective, user, base_number, now, answers, stamp(locked))


@transaction.atomic
def discard_draft(scenario: Scenario, drafted: str | None) -> None:
    """Raises NoDraft, or Conflict where somebody has saved another one since."""
    if lock(scenario, None, drafted).draft is None:
        raise NoDraft("There is no draft beside the live version.")
    _put(scenario, None, None, None)
    scenario.refresh_from_db()


@transaction.atomic
def restore(scenario: Scenario, number: int, user: Any, drafted: str | None, now: datetime) -> None:
    """Keep the graph of an earlier version as the draft. Raises Conflict where that would overwrite another draft than
    the one named, Invalid, or Flow.DoesNotExist."""
    graph = scenario.flows.get(number=number).graph
    keep_draft(scenario, graph, user, None, drafted, now)


def _put(scenario: Scenario, graph: Any, at: datetime | None, by: Any) -> None:
    Scenario.objects.filter(pk=scenario.pk).update(draft=graph, draft_saved_at=at, draft_saved_by=by)
