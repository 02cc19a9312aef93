"""Saves scenarios' graphs as new versions; two people who save over each other are told."""

from datetime import datetime
from typing import Any

from django.db import transaction

from flows import entering, objectives, validation
from flows.graph import Problem, saved_trigger
from flows.kept_graphs import graph_of
from flows.models import Flow, Follows, Scenario, ScenarioState


class Invalid(Exception):
    """The graph cannot be saved; `problems` says why, node by node."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class Conflict(Exception):
    """Somebody saved `flow` since the version was opened that is being saved now."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(f"Version {flow.number} was saved in the meantime.")
        self.flow = flow


class Busy(Exception):
    """The scenario runs: its graph cannot change under the contacts that are moving through it."""


@transaction.atomic
def save(
    scenario: Scenario, graph: Any, objective: dict[str, Any], user: Any, base_number: int | None, now: datetime
) -> Flow:
    """Make the next version of the graph, which becomes the live one. A graph that cannot start yet may be saved.

    `base_number` is the version that was opened (None: whatever there is). Saving what is already saved makes no
    version. Raises Invalid, Conflict or Busy, and then nothing has changed.
    """
    locked = Scenario.objects.select_for_update(no_key=True, of=("self",)).select_related("flow").get(pk=scenario.pk)
    if locked.state == ScenarioState.RUNNING:
        raise Busy("Pause the scenario before you change it.")
    current = locked.flow
    if current and base_number is not None and current.number != base_number:
        raise Conflict(current)
    problems = validation.structure(graph) + objectives.problems(objective)
    if locked.state != ScenarioState.DRAFT and current:
        problems += _trigger_is_kept(current.graph, graph)
    if problems:
        raise Invalid(problems)
    graph = validation.tidy(graph)
    if current is None or current.graph != graph:
        number = current.number + 1 if current else 1
        author = user if getattr(user, "pk", None) else None
        locked.flow = Flow.objects.create(scenario=locked, number=number, graph=graph, created_by=author)
    locked.objective = objective
    locked.listens_to = _listens_to(locked)
    locked.awaits = awaited(locked)
    locked.save(update_fields=["flow", "objective", "listens_to", "awaits"])
    scenario.refresh_from_db()
    assert scenario.flow is not None
    return scenario.flow


def removed(scenario: Scenario, graph: dict[str, Any]) -> set[str]:
    """The ids of live nodes that the graph no longer has."""
    if scenario.flow is None:
        return set()
    return {node["id"] for node in scenario.flow.graph["nodes"]} - {node["id"] for node in graph["nodes"]}


def _trigger_is_kept(old: dict[str, Any], new: Any) -> list[Problem]:
    """Contacts came in through the trigger: it may change its settings, not go away, once the scenario was started."""
    trigger = saved_trigger(old)
    if trigger is None or not isinstance(new, dict):
        return []
    nodes = new.get("nodes") if isinstance(new.get("nodes"), list) else []
    if any(isinstance(node, dict) and node.get("id") == trigger["id"] for node in nodes):
        return []
    return [Problem(trigger["id"], "The trigger cannot be removed once the scenario was started.")]


def _listens_to(scenario: Scenario) -> str:
    """The name of the events that let contacts in, or nothing."""
    if scenario.flow is None or saved_trigger(scenario.flow.graph) is None:
        return ""
    kind, config = entering.trigger_of(scenario)
    return kind.event(config) or ""


def awaited(scenario: Scenario) -> list[str]:
    """The names of the events that contacts may be waiting for in any version that somebody may still be following."""
    graphs = [scenario.flow] if scenario.follows == Follows.LIVE else list(scenario.flows.all())
    return sorted({name for flow in graphs if flow for name in graph_of(flow.pk).awaited})
