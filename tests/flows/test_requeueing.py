"""Contacts who failed or are stuck go on when somebody says so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message
from flows import requeueing, starting, stopping
from flows.models import Execution, Scenario, Step
from flows.nodes import registry
from flows.requeueing import Requeued
from flows.transitions import WrongState
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
WAITING = make.graph(
    ("in", "on_event", {"event": "api.call"}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("mail", "email", {"subject": "Hello", "body": "Hello"}),
    edges="in>wait wait>mail",
)
LATER = make.graph(
    ("in", "now", {"segment": None}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("mail", "email", {"subject": "Hello", "body": "Hello"}),
    edges="in>wait wait>mail",
)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No email node works, until it is mended by `undo`."""

    def breaks(batch: object) -> None:
        raise RuntimeError("The template is gone.")

    monkeypatch.setattr(registry()["email"], "_enqueue", breaks)
    return monkeypatch


def failed(contacts: int = 3, **fields: object) -> Scenario:
    """A scenario in which everybody failed on the way from the wait to the mail."""
    make.contacts(contacts)
    scenario = make.scenario(LATER, **fields)
    starting.start(scenario, NOW)
    until_still(NOW)
    until_still(NOW + WEEK)
    scenario.refresh_from_db()
    return scenario


def where() -> dict[str, int]:
    places = [f"{state} at {node}" for state, node in Execution.objects.values_list("state", "node")]
    return {place: places.count(place) for place in set(places)}


def test_a_scenario_whose_passes_failed_has_completed_in_part(broken):
    scenario = failed()
    assert where() == {"failed at wait": 3}
    assert scenario.state == "completed_partial"
    assert complaints([]) == {}


def test_all_who_failed_at_a_node_go_on_from_where_they_rested(broken):
    scenario = failed()
    broken.undo()
    assert requeueing.requeue(scenario, NOW + WEEK, node="wait") == Requeued(3, 0)
    assert scenario.state == "running"
    assert where() == {"waiting at wait": 3}
    assert set(Execution.objects.values_list("due_at", "error", "finished_at")) == {(NOW + WEEK, "", None)}
    assert complaints([]) == {}
    until_still(NOW + WEEK)
    # They do not wait for a week once more.
    assert where() == {"completed at mail": 3}
    assert Message.objects.count() == 3
    scenario.refresh_from_db()
    assert scenario.state == "completed"
    assert complaints(["mail"]) == {}
    steps = Step.objects.filter(execution_id=Execution.objects.first().pk).order_by("number")
    assert list(steps.values_list("node", "outcome")) == [
        ("in", "next"), ("wait", "failed"), ("wait", "next"), ("mail", "next"),
    ]  # fmt: skip


def test_who_fails_again_is_counted_once(broken):
    scenario = failed()
    requeueing.requeue(scenario, NOW + WEEK, node="wait")
    until_still(NOW + WEEK)
    assert where() == {"failed at wait": 3}
    assert complaints([]) == {}


def test_who_failed_on_arriving_arrives_anew(broken):
    scenario = failed(2)
    Execution.objects.update(node="mail", due_at=None)
    Step.objects.filter(outcome="failed").update(node="mail")
    scenario.nodecount_set.filter(node="wait").update(node="mail")
    requeueing.requeue(scenario, NOW + 2 * WEEK, node="mail")
    assert set(Execution.objects.values_list("state", "arrived_at")) == {("pending", NOW + 2 * WEEK)}
    until_still(NOW + 2 * WEEK)  # and fails again
    assert where() == {"failed at mail": 2}
    broken.undo()
    requeueing.requeue(scenario, NOW + 2 * WEEK, node="mail")
    until_still(NOW + 2 * WEEK)
    assert where() == {"completed at mail": 2}


def test_only_the_passes_that_are_named_go_on(broken):
    scenario = failed()
    first = Execution.objects.order_by("pk")[0].pk
    assert requeueing.requeue(scenario, NOW + WEEK, ids=[first, first, 10**12]) == Requeued(1, 1)
    assert where() == {"waiting at wait": 1, "failed at wait": 2}


def test_nobody_comes_to_be_inside_twice(broken):
    scenario = failed()
    first = Execution.objects.order_by("pk")[0]
    # The first contact has come again since, and the second has failed twice.
    second = Execution.objects.order_by("pk")[1]
    common = {"scenario": scenario, "flow": scenario.flow, "node": "wait", "entered_at": NOW, "arrived_at": NOW}
    Execution.objects.create(contact_id=first.contact_id, state="waiting", due_at=NOW + 2 * WEEK, **common)
    newer = Execution.objects.create(contact_id=second.contact_id, state="failed", single=False, due_at=NOW, **common)
    Execution.objects.filter(pk=first.pk).update(single=False)
    assert requeueing.requeue(scenario, NOW + WEEK, node="wait") == Requeued(2, 2)
    first.refresh_from_db()
    second.refresh_from_db()
    newer.refresh_from_db()
    assert (first.state, second.state, newer.state) == ("failed", "failed", "waiting")


@pytest.mark.parametrize(("mode", "takes"), [("every_time", False), ("once", True), ("restart", True)])
def test_the_place_is_taken_as_the_reentry_mode_has_it(broken, mode: str, takes: bool):
    scenario = failed(1, reentry=mode)
    requeueing.requeue(scenario, NOW + WEEK, node="wait")
    assert Execution.objects.get().single == takes


def test_the_stuck_go_on_and_those_who_wait_for_something_do_not(monkeypatch: pytest.MonkeyPatch):
    make.contacts(4)
    scenario = make.scenario(LATER)
    starting.start(scenario, NOW)
    until_still(NOW)
    late, endless, due, early = Execution.objects.order_by("pk")
    Execution.objects.filter(pk=late.pk).update(due_at=NOW - timedelta(minutes=6))
    Execution.objects.filter(pk=endless.pk).update(due_at=None)
    Execution.objects.filter(pk=due.pk).update(due_at=NOW - timedelta(minutes=4))
    assert requeueing.stuck(scenario, "wait", NOW) == 2
    assert requeueing.requeue(scenario, NOW, node="wait") == Requeued(2, 0)
    assert set(Execution.objects.filter(due_at=NOW)) == {late, endless}
    assert requeueing.stuck(scenario, "wait", NOW) == 0
    # Where an event is awaited, who has no due moment is not stuck.
    Execution.objects.filter(pk=early.pk).update(due_at=None)
    monkeypatch.setitem(vars(requeueing.graph_of(scenario.flow_id)), "awaited", {"order.placed": ["wait"]})
    assert requeueing.stuck(scenario, "wait", NOW) == 0


def test_nobody_goes_on_in_a_scenario_that_was_stopped(broken):
    scenario = failed()
    Scenario.objects.filter(pk=scenario.pk).update(state="running")
    stopping.stop(scenario, NOW + WEEK)
    with pytest.raises(WrongState, match="cannot be taken up again: it is stopped"):
        requeueing.requeue(scenario, NOW + WEEK, node="wait")


def test_going_on_costs_the_same_for_any_number(broken):
    def statements(contacts: int) -> int:
        Execution.objects.all().delete()
        make.Contact.objects.all().delete()
        scenario = failed(contacts)
        with CaptureQueriesContext(connection) as queries:
            assert requeueing.requeue(scenario, NOW + WEEK, node="wait").requeued == contacts
        return len(queries)

    assert statements(2) == statements(30)


def test_all_who_failed_anywhere_go_on(broken):
    scenario = failed()
    Execution.objects.filter(pk=Execution.objects.first().pk).update(node="mail")
    assert requeueing.requeue(scenario, NOW + WEEK) == Requeued(3, 0)
