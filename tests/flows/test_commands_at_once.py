"""Operators' commands while workers move contacts: each waits for the other, and nobody is lost or moved after it."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Message
from contacts import timeline
from flows import clearing, engine, entering, leaving, pausing, requeueing, scheduling, starting, stopping
from flows.models import Execution, Scenario
from flows.transitions import WrongState
from tests import make
from tests.contacts.other_connection import other_connection
from tests.flows.at_once import at_once
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.test_stopping import WAITING, passes
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
BLOCKED = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%flows_%%'"


@pytest.fixture
def scenario(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Twenty contacts wait in it, and an engine moves five at a time."""
    make.contacts(20)
    found = make.scenario(WAITING)
    starting.start(found, NOW)
    until_still(NOW)
    monkeypatch.setattr(engine, "BATCH", 5)
    return found


def while_moving(monkeypatch: pytest.MonkeyPatch, command: Any) -> None:
    """Give a command when a batch has been moved and is not committed yet; the command must wait for it."""
    moving, done = threading.Event(), threading.Event()
    carry = engine.carry

    def slowly(*args: Any) -> None:
        carry(*args)
        if moving.is_set():
            return
        moving.set()
        with other_connection() as other:
            while not other.execute(BLOCKED).fetchall():
                pass
        assert not done.is_set()

    monkeypatch.setattr(engine, "carry", slowly)

    def give() -> None:
        moving.wait()
        command()
        done.set()

    at_once(lambda: engine.advance(NOW + WEEK), give)
    monkeypatch.setattr(engine, "carry", carry)


def test_a_stop_waits_for_the_batch_that_is_moving_and_then_the_others_leave(scenario, monkeypatch):
    while_moving(monkeypatch, lambda: stopping.stop(scenario, NOW + WEEK))
    assert passes() == {"completed": 5, "waiting": 15}
    until_still(NOW + WEEK)
    assert passes() == {"completed": 5, "exited": 15}
    # Five have written a second message by then, which is taken back with the others.
    assert set(Message.objects.values_list("state", "reason")) == {("skipped", "scenario stopped")}
    assert complaints(["mail", "again"]) == {}


def test_a_clearing_waits_for_the_batch_that_is_moving(scenario, monkeypatch):
    while_moving(monkeypatch, lambda: clearing.clear(scenario, NOW + WEEK))
    until_still(NOW + WEEK)
    assert passes() == {"completed": 5, "exited": 15}


def test_one_who_is_moving_is_waited_for_and_cannot_be_taken_out_any_more(scenario, monkeypatch):
    refused: list[str] = []

    def remove() -> None:
        try:
            leaving.remove(scenario, Execution.objects.order_by("due_at", "pk")[0], NOW + WEEK)
        except WrongState as error:
            refused.append(str(error))

    # All of them are in the batch.
    monkeypatch.setattr(engine, "BATCH", 100)
    while_moving(monkeypatch, remove)
    assert refused == ["This pass is over: completed."]
    assert passes() == {"completed": 20}


def test_two_workers_take_everybody_out_between_them(scenario):
    stopping.stop(scenario, NOW + HOUR)

    def work() -> None:
        while clearing.take_out(NOW + HOUR):
            pass

    at_once(work, work)
    work()
    assert passes() == {"exited": 20}
    assert Scenario.objects.get().cleared_upto is None
    assert complaints(["mail", "again"]) == {}


@pytest.mark.parametrize("round", range(3))
def test_whoever_enters_after_a_new_start_stays_while_others_still_leave(scenario, round):
    stopping.stop(scenario, NOW + HOUR)
    starting.start(scenario, NOW + 2 * HOUR)

    def enter() -> None:
        while entering.plan(NOW + 2 * HOUR) or entering.admit(NOW + 2 * HOUR):
            pass

    def take_out() -> None:
        while clearing.take_out(NOW + 2 * HOUR):
            pass

    def move() -> None:
        while engine.advance(NOW + 2 * HOUR):
            pass

    at_once(enter, take_out, move)
    until_still(NOW + 2 * HOUR)
    assert passes() == {"exited": 20, "waiting": 20}
    assert not Execution.objects.filter(state="waiting", entered_at__lt=NOW + 2 * HOUR).exists()
    assert complaints(["mail", "again"]) == {}


def test_a_stop_during_a_run_of_the_trigger_lets_nobody_more_in(monkeypatch):
    monkeypatch.setattr(entering, "BATCH", 5)
    make.contacts(60)
    scenario = make.scenario(WAITING)
    starting.start(scenario, NOW)
    entering.plan(NOW)
    entering.admit(NOW)

    def enter() -> None:
        while entering.admit(NOW):
            pass

    at_once(enter, lambda: stopping.stop(scenario, NOW + HOUR))
    until_still(NOW + HOUR)
    assert passes().keys() == {"exited"}
    entered = Execution.objects.count()
    assert not entering.admit(NOW + HOUR)
    assert Execution.objects.count() == entered


def test_two_commands_at_once_are_one(scenario):
    def give(command: Any) -> Any:
        def work() -> str:
            try:
                command(Scenario.objects.get(pk=scenario.pk), NOW)
            except WrongState:
                return "refused"
            return "done"

        return work

    assert sorted(at_once(give(stopping.stop), give(stopping.stop))) == ["done", "refused"]
    starting_twice = [give(starting.start), give(starting.start)]
    assert sorted(at_once(*starting_twice)) == ["done", "refused"]
    assert sorted(at_once(give(pausing.pause), give(pausing.pause))) == ["done", "refused"]
    assert sorted(at_once(give(pausing.resume), give(pausing.resume))) == ["done", "refused"]


def test_two_workers_begin_a_scheduled_scenario_once():
    scenario = make.scenario(WAITING)
    scheduling.schedule(scenario, NOW + HOUR, NOW)
    begun = at_once(*[lambda: scheduling.begin_scheduled(NOW + HOUR)] * 2)
    assert True in begun
    scenario.refresh_from_db()
    assert (scenario.state, scenario.started_at) == ("running", NOW + HOUR)


def test_a_scenario_does_not_complete_over_those_who_are_put_back_into_the_queue(scenario):
    until_still(NOW + WEEK)
    one = Execution.objects.order_by("pk")[0]
    Execution.objects.filter(pk=one.pk).update(state="failed", due_at=NOW)
    Scenario.objects.filter(pk=scenario.pk).update(state="running")
    for _ in range(10):
        at_once(
            lambda: starting.complete(NOW + WEEK),
            lambda: requeueing.requeue(Scenario.objects.get(pk=scenario.pk), NOW + WEEK, ids=[one.pk]),
        )
        scenario.refresh_from_db()
        assert (scenario.state, passes()) == ("running", {"completed": 19, "waiting": 1})
        Execution.objects.filter(pk=one.pk).update(state="failed")


def test_whoever_is_kept_notices_what_happens_while_the_next_start_is_scheduled():
    (ann,) = make.contacts(1)
    graph = make.graph(
        ("in", "now", {"segment": None}), ("wait", "wait", {"amount": 7, "unit": "days"}), edges="in>wait"
    )
    scenario = make.scenario(graph, keeps_when_stopped=True)
    starting.start(scenario, NOW)
    until_still(NOW)
    stopping.stop(scenario, NOW)
    scheduling.schedule(scenario, NOW + WEEK, NOW)
    Scenario.objects.filter(pk=scenario.pk).update(awaits=["order.placed"])
    graph_of = requeueing.graph_of(scenario.flow_id)
    vars(graph_of)["awaited"] = {"order.placed": ["wait"]}
    timeline.record_for([ann], "order.placed", {}, NOW + HOUR)
    until_still(NOW + HOUR)
    assert Execution.objects.get().due_at == NOW + HOUR
