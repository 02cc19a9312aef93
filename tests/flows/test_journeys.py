"""Where contacts are in scenarios, told on their pages and beside the canvas."""

from typing import Any

from django.test import Client
from django.urls import reverse

from config.models import User
from flows import journeys
from flows.models import Execution, ExecutionState, Scenario, Step
from tests import make
from tests.make import NOW

GRAPH = make.graph(
    ("t", "on_event", {"event": "contact.created"}),
    ("c", "condition", {"rule": {"rule": "tag", "name": "vip"}}),
    ("w", "wait", {"amount": 7, "unit": "days"}),
    edges="t>c c:no>w",
)


def ada() -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("ada", "ada@example.com", "correct horse battery"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def inside(scenario: Scenario, contact: Any, node: str = "w") -> Execution:
    execution = Execution.objects.create(
        scenario=scenario, flow=scenario.flow, contact=contact, state=ExecutionState.WAITING, node=node, due_at=NOW,
        entered_at=NOW, arrived_at=NOW, moves=2,
    )  # fmt: skip
    Step.objects.create(execution=execution, number=0, node="t", outcome="next", at=NOW)
    Step.objects.create(execution=execution, number=1, node="c", outcome="no", at=NOW)
    return execution


def test_a_contacts_page_tells_where_it_stands_and_how_it_came_there(db: None) -> None:
    scenario, contact = make.scenario(GRAPH, "Welcome series"), make.contact(email="vera@example.com")
    inside(scenario, contact)
    page = ada().get(reverse("contact_page", args=[contact.pk])).content.decode()
    assert "Welcome series" in page
    assert "At Wait: 7 days since" in page
    assert "took “No”" in page


def test_many_passes_cost_no_more_queries_than_one(db: None, django_assert_max_num_queries: Any) -> None:
    contact = make.contact(email="vera@example.com")
    for n in range(8):
        inside(make.scenario(GRAPH, f"Scenario {n}"), contact)
    with django_assert_max_num_queries(2):
        told = journeys.of_contact(contact)
    assert told[0].execution.scenario.name == "Scenario 7"
    assert [step.outcome for step in told[0].steps] == ["went on", "took “No”"]


def test_the_count_on_a_shape_leads_to_who_stands_there(db: None) -> None:
    scenario, client = make.scenario(GRAPH), ada()
    vera, uma = make.contact(email="vera@example.com"), make.contact(email="uma@example.com")
    inside(scenario, vera)
    inside(scenario, uma, node="c")
    page = client.get(reverse("scenario_waiting", args=[scenario.pk, "w"])).content.decode()
    assert "vera@example.com" in page and "uma@example.com" not in page
    assert "<h1>Wait: 7 days</h1>" in page
    assert (
        "Nobody waits here now" in client.get(reverse("scenario_waiting", args=[scenario.pk, "gone"])).content.decode()
    )
