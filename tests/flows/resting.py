"""A scenario in which contacts rest, and where its pages list them."""

from datetime import datetime
from typing import Any

from flows import starting, triggering
from flows.models import Execution, NodeCount, Scenario
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

RESTING = make.graph(
    ("in", "on_event", {"event": "api.call"}),
    ("rest", "wait", {"amount": 7, "unit": "days"}),
    ("hear", "wait_for", {"event": "order.placed", "amount": 2, "unit": "days"}),
    edges="in>rest rest>hear",
)


def running() -> Scenario:
    scenario = make.scenario(RESTING)
    starting.start(scenario, NOW)
    scenario.refresh_from_db()
    return scenario


def enter(scenario: Scenario, contacts: list[int], at: datetime, **context: Any) -> None:
    triggering.call(scenario, contacts, context, at)
    until_still(at)


def stand(scenario: Scenario, dues: list[datetime | None]) -> list[int]:
    """Passes that rest at the wait until these moments; their ids."""
    rows = Execution.objects.bulk_create(
        Execution(scenario=scenario, flow=scenario.flow, contact_id=contact, state="waiting", node="rest", due_at=due,
                  entered_at=NOW, arrived_at=NOW, moves=1)
        for contact, due in zip(make.contacts(len(dues), "standing.example"), dues, strict=True)
    )  # fmt: skip
    NodeCount.objects.create(scenario=scenario, node="rest", metric="waiting", day=NOW.date(), n=len(dues))
    return [row.pk for row in rows]


def address(scenario: Scenario, node: str = "rest") -> str:
    return f"/scenarios/{scenario.pk}/nodes/{node}/waiting/"
