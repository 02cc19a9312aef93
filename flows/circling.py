"""Finds scenarios that may let the same contacts in again and again by what they do themselves."""

from typing import Any

from contacts.segments import tree
from flows import announcing
from flows.graph import Graph, parse
from flows.models import Reentry, Scenario, ScenarioState

PASSES = (announcing.ENTERED, announcing.COMPLETED)


def warnings(scenario: Scenario) -> list[str]:
    """What to think of before the start, as sentences. No reason to refuse it: filters and ends may see to it."""
    if scenario.flow is None or scenario.reentry == Reentry.ONCE or not scenario.listens_to:
        return []
    graph = parse(scenario.flow.graph)
    return [*_by_its_own_actions(scenario, graph), *_by_each_other(scenario, graph)]


def _by_its_own_actions(scenario: Scenario, graph: Graph) -> list[str]:
    name = scenario.listens_to
    makers = [node for node in graph.nodes.values() if name in node.kind.makes(node.config)]
    if not makers:
        return []
    what = f"Contacts enter by “{name}”, and “{makers[0].kind.label}” in this scenario makes it happen"
    if _filter(graph):
        return [f"{what}. Make sure that the filter of the trigger leaves these out, or contacts go round without end."]
    return [f"{what}: they would come in again and again. Let contacts enter once, or give the trigger a filter."]


def _by_each_other(scenario: Scenario, graph: Graph) -> list[str]:
    if scenario.listens_to not in PASSES:
        return []
    others = Scenario.objects.filter(listens_to__in=PASSES, flow__isnull=False).select_related("flow")
    found = []
    for other in others.exclude(pk=scenario.pk).exclude(state=ScenarioState.DRAFT).exclude(reentry=Reentry.ONCE):
        if _may_hear(_filter(graph), other) and _may_hear(_filter(parse(other.flow.graph)), scenario):
            found.append(
                f"This scenario and “{other.name}” let contacts in by each other’s passes: they would go to and fro "
                "without end. Let contacts enter one of them once, or change a filter."
            )
    return found


def _filter(graph: Graph) -> Any:
    return graph.trigger.config.get("filter") if graph.trigger else None


def _may_hear(rule: Any, other: Scenario) -> bool:
    """Whether the filter of a trigger may let in by the passes of that scenario."""
    if not rule or tree.problems(rule):
        return True
    wanted = rule.get("all", [rule])
    return not any(
        part.get("rule") == "property"
        and part.get("field") == "scenario"
        and part.get("op") == "equals"
        and str(part.get("value")) != str(other.pk)
        for part in wanted
    )
