"""Many who failed are put back slice by slice, each of them once, whatever becomes of the worker."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flows import pausing, requeueing, starting, stopping
from flows.models import Execution, NodeCount, Scenario
from flows.requeueing import Requeued
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.test_requeueing import WEEK, broken, failed, where
from tests.make import NOW

pytestmark = pytest.mark.django_db
__all__ = ["broken"]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requeueing, "SLICE", 3)


def left() -> int:
    return requeueing.left(Scenario.objects.get())


def test_the_first_slice_goes_on_at_once_and_the_others_follow(broken):
    scenario = failed(8)
    broken.undo()
    broken.setattr(requeueing, "SLICE", 3)
    assert requeueing.requeue(scenario, NOW + WEEK, node="wait") == Requeued(3, 0, 5)
    assert (requeueing.left(scenario), requeueing.left(scenario, "wait"), requeueing.left(scenario, "mail")) == (
        5,
        5,
        0,
    )
    assert requeueing.go_on(NOW + WEEK)
    assert (where(), left()) == ({"waiting at wait": 6, "failed at wait": 2}, 2)
    until_still(NOW + WEEK)
    assert where() == {"completed at mail": 8}
    scenario.refresh_from_db()
    assert (scenario.state, scenario.overdue) == ("completed", {})
    assert not requeueing.go_on(NOW + WEEK)
    assert complaints(["mail"]) == {}


def test_a_scenario_has_not_completed_while_some_are_still_to_go_on(broken):
    scenario = failed(8)
    requeueing.requeue(scenario, NOW + WEEK, node="wait")
    Execution.objects.filter(state="waiting").update(state="completed", due_at=None)
    starting.complete(NOW + WEEK)
    scenario.refresh_from_db()
    assert scenario.state == "running"


def test_who_fails_again_is_not_put_back_again(broken):
    scenario = failed(8)
    requeueing.requeue(scenario, NOW + WEEK, node="wait")
    until_still(NOW + WEEK)
    assert where() == {"failed at wait": 8}
    assert Execution.objects.filter(moves=3).count() == 8  # in, failed, failed
    scenario.refresh_from_db()
    assert (scenario.state, scenario.overdue) == ("completed_partial", {})
    assert complaints([]) == {}


def test_a_worker_that_dies_in_a_slice_has_done_nothing(broken):
    scenario = failed(8)
    requeueing.requeue(scenario, NOW + WEEK, node="wait")

    def dies(*told: object) -> None:
        raise ConnectionError("The worker is gone.")

    with broken.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(requeueing, "_write_down", dies)
        requeueing.go_on(NOW + WEEK)
    assert (where(), left()) == ({"waiting at wait": 3, "failed at wait": 5}, 5)
    assert NodeCount.objects.filter(node="wait", metric="waiting", n__lt=0).count() > 0
    assert complaints([]) == {}


def test_the_newest_of_several_passes_goes_on_whichever_slice_it_is_in(broken):
    scenario = failed(4)
    first = Execution.objects.order_by("pk")[0]
    common = {"scenario": scenario, "flow": scenario.flow, "node": "wait", "entered_at": NOW, "arrived_at": NOW}
    newer = Execution.objects.create(contact_id=first.contact_id, state="failed", single=False, due_at=NOW, **common)
    Execution.objects.filter(state="failed").update(single=False)
    assert requeueing.requeue(scenario, NOW + WEEK, node="wait") == Requeued(2, 1, 2)
    while requeueing.go_on(NOW + WEEK):
        pass
    first.refresh_from_db()
    newer.refresh_from_db()
    assert (first.state, newer.state) == ("failed", "waiting")
    assert where() == {"waiting at wait": 4, "failed at wait": 1}


def test_the_stuck_come_after_those_who_failed(broken):
    scenario = failed(4)
    Execution.objects.filter(pk__in=Execution.objects.order_by("-pk")[:2]).update(state="waiting", due_at=NOW)
    Scenario.objects.update(state="running")
    scenario.refresh_from_db()
    assert requeueing.requeue(scenario, NOW + WEEK, node="wait") == Requeued(3, 0, 1)
    assert requeueing.go_on(NOW + WEEK)
    assert set(Execution.objects.values_list("due_at", flat=True)) == {NOW + WEEK}
    assert left() == 0


def test_it_goes_on_through_a_pause_and_a_resume_and_ends_with_a_stop(broken):
    scenario = failed(11)
    requeueing.requeue(scenario, NOW + WEEK, node="wait")
    pausing.pause(scenario, NOW + WEEK)
    assert requeueing.go_on(NOW + WEEK)
    pausing.resume(scenario, NOW + WEEK)
    assert left() == 5
    assert requeueing.go_on(NOW + WEEK)
    stopping.stop(scenario, NOW + WEEK)
    assert not requeueing.go_on(NOW + WEEK)
    assert left() == 0


def test_a_slice_costs_the_same_for_any_number(broken):
    def statements(size: int) -> int:
        broken.setattr(requeueing, "SLICE", size)
        Execution.objects.all().delete()
        make.Contact.objects.all().delete()
        Scenario.objects.update(overdue={})
        scenario = failed(2 * size + 1)
        requeueing.requeue(scenario, NOW + WEEK, node="wait")
        with CaptureQueriesContext(connection) as queries:
            requeueing.go_on(NOW + WEEK)
        return len(queries)

    assert statements(2) == statements(20)
