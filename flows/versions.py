"""Tells which versions a scenario has had: who made them and when, what changed, and how many contacts follow each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet, Sum

from flows import diffing
from flows.canvas import EMPTY
from flows.diffing import Line
from flows.models import Execution, ExecutionState, Flow, Follows, NodeCount, Scenario

INSIDE = (ExecutionState.PENDING, ExecutionState.PROCESSING, ExecutionState.WAITING)


@dataclass(frozen=True)
class Version:
    """A saved version; `lines` say what changed since the one before, `inside` how many contacts follow it now."""

    flow: Flow
    live: bool
    inside: int
    lines: list[Line]


def of(scenario: Scenario) -> QuerySet[Flow]:
    """The versions, newest first."""
    return scenario.flows.select_related("created_by").order_by("-number")


def told(scenario: Scenario, flows: Sequence[Flow]) -> list[Version]:
    """These versions, in their order, with what is to be said about them."""
    before = scenario.flows.filter(number__in=[flow.number - 1 for flow in flows])
    graphs = {flow.number: flow.graph for flow in before}
    counts = inside(scenario)
    return [
        Version(
            flow,
            flow.pk == scenario.flow_id,
            counts.get(flow.pk, 0),
            diffing.in_words(graphs.get(flow.number - 1, EMPTY), flow.graph),
        )
        for flow in flows
    ]


def inside(scenario: Scenario) -> dict[int, int]:
    """How many contacts follow each version, by its id."""
    if scenario.flow_id is None:
        return {}
    if scenario.follows == Follows.LIVE:
        resting = NodeCount.objects.filter(scenario=scenario, metric="waiting").aggregate(n=Sum("n"))["n"] or 0
        about = Execution.objects.filter(scenario=scenario, state=ExecutionState.PENDING, due_at__isnull=False).count()
        return {scenario.flow_id: resting + about}
    rows = Execution.objects.filter(scenario=scenario, state__in=INSIDE).values_list("flow")
    return dict(rows.annotate(n=Count("pk")))


def graph(scenario: Scenario, name: str) -> dict:
    """The graph of a version by its number, or of the “draft”. Raises Flow.DoesNotExist."""
    if name == "draft" and scenario.draft is not None:
        return scenario.draft
    if not name.isascii() or not name.isdigit() or len(name) > 9:
        raise Flow.DoesNotExist
    return scenario.flows.get(number=int(name)).graph
