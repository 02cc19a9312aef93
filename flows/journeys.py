"""Tells in words where contacts are in scenarios and how they came there."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from contacts.models import Contact
from contacts.remembering import remembered, remembering
from flows import canvas
from flows.models import INSIDE, Execution, Step

MOST_STEPS = 30  # of one pass: loops make any number of them
# What became of a contact at a node, where it did not leave by a connector that has a name.
OUTCOMES = {
    "next": "went on",
    "end": "came to the end",
    "exited": "left the scenario",
    "redirected": "was sent on",
    "failed": "could not go on",
}


@dataclass(frozen=True)
class Told:
    """One step of a pass: where, what happened, why, and when."""

    node: str
    outcome: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Journey:
    """One pass: `node` is where it stands or ended, `since` when it came there; `steps` are its last ones, in order."""

    execution: Execution
    node: str
    since: datetime
    steps: list[Told]
    inside: bool

    @property
    def earlier(self) -> int:
        """How many steps are not told."""
        return max(0, self.execution.moves - len(self.steps))


def of_contact(contact: Contact, most: int = 20) -> list[Journey]:
    """The contact's newest passes, in two queries."""
    rows = Execution.objects.filter(contact=contact).select_related("scenario__flow").order_by("-pk")[:most]
    return _told(list(rows))


def _told(executions: list[Execution]) -> list[Journey]:
    steps = defaultdict(list)
    rows = Step.objects.filter(
        # Those below zero are of errands, which have numbers of their own.
        Q(number__gte=F("execution__moves") - MOST_STEPS) | Q(number__lt=0),
        execution_id__in=[execution.pk for execution in executions],
    )
    for step in rows.order_by("execution_id", "at", "number"):
        steps[step.execution_id].append(step)
    with remembering():
        return [_journey(execution, steps[execution.pk]) for execution in executions]


def _journey(execution: Execution, steps: list[Step]) -> Journey:
    told = []
    for step in steps:
        name, ports = _called(execution, step.node)
        label = ports.get(step.outcome)
        outcome = f"took “{label}”" if label else OUTCOMES.get(step.outcome, step.outcome)
        told.append(Told(name, outcome, step.reason, step.at))
    steps = [step for step in steps if step.number >= 0]
    since = steps[-1].at if steps else execution.entered_at
    return Journey(execution, _called(execution, execution.node)[0], since, told, execution.state in INSIDE)


def _called(execution: Execution, node: str) -> tuple[str, dict[str, str]]:
    flow = execution.scenario.flow
    graph = flow.graph if flow else canvas.EMPTY
    return remembered(("called", execution.scenario_id, node), lambda: canvas.called(graph, node))
