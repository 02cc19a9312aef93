"""Scenarios that are stopped or cleared, and single contacts that are taken out."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.delivery import claiming, sending
from campaigns.models import Message, Origin
from flows import clearing, engine, leaving, pausing, starting, stats, stopping
from flows.models import EntryRun, Execution, Scenario, Step
from flows.transitions import WrongState, still_leaving
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
WAITING = make.graph(
    ("in", "now", {"segment": None}),
    ("mail", "email", {"subject": "Hello", "body": "Hello"}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("again", "email", {"subject": "Again", "body": "Again"}),
    edges="in>mail mail>wait wait>again",
)


def inside(contacts: int = 5, **fields: object) -> Scenario:
    make.contacts(contacts)
    scenario = make.scenario(WAITING, **fields)
    starting.start(scenario, NOW)
    until_still(NOW)
    return scenario


def passes() -> dict[str, int]:
    states = list(Execution.objects.values_list("state", flat=True))
    return {state: states.count(state) for state in set(states)}


def ledger() -> dict[str, int]:
    states = [
        f"{state}: {reason}" if reason else state for state, reason in Message.objects.values_list("state", "reason")
    ]
    return {state: states.count(state) for state in set(states)}


def test_a_stop_makes_everybody_leave_and_takes_their_messages_back():
    scenario = inside()
    stopping.stop(scenario, NOW + HOUR)
    assert (scenario.state, scenario.next_run_at) == ("stopped", None)
    assert stats.leaving(scenario) == still_leaving(scenario).count() == 5
    until_still(NOW + HOUR)
    scenario.refresh_from_db()
    assert (scenario.cleared_upto, scenario.cleared_because) == (None, "")
    assert passes() == {"exited": 5}
    assert ledger() == {"skipped: scenario stopped": 5}
    assert set(Step.objects.filter(outcome="exited").values_list("node", "reason")) == {
        ("wait", "The scenario was stopped.")
    }
    assert complaints(["mail", "again"]) == {}


def test_whoever_is_kept_in_a_stop_goes_on_when_the_scenario_starts_again():
    scenario = inside(keeps_when_stopped=True)
    stopping.stop(scenario, NOW + HOUR)
    until_still(NOW + WEEK)
    assert passes() == {"waiting": 5}
    assert ledger() == {"queued": 5}
    assert not sending.work(NOW + WEEK)
    starting.start(scenario, NOW + WEEK)
    until_still(NOW + WEEK)
    # They went on, and the trigger let everybody in anew whose pass was over by then.
    assert Execution.objects.filter(entered_at=NOW).values_list("state", flat=True).distinct().get() == "completed"


def test_a_stopped_scenario_lets_nobody_in_by_a_run_that_was_not_over(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(starting.entering, "BATCH", 2)
    make.contacts(5)
    scenario = make.scenario(WAITING)
    starting.start(scenario, NOW)
    starting.entering.plan(NOW)
    starting.entering.admit(NOW)
    stopping.stop(scenario, NOW + HOUR)
    until_still(NOW + HOUR)
    assert passes() == {"exited": 2}
    assert not EntryRun.objects.filter(finished_at=None).exists()
    starting.start(scenario, NOW + 2 * HOUR)
    until_still(NOW + 2 * HOUR)
    assert passes() == {"exited": 2, "waiting": 5}


@pytest.mark.parametrize("state", ["running", "paused", "stopped", "draft"])
def test_clearing_takes_everybody_out_in_any_state_which_stays(state: str):
    scenario = inside()
    Scenario.objects.filter(pk=scenario.pk).update(state=state)
    clearing.clear(scenario, NOW + HOUR)
    until_still(NOW + HOUR)
    scenario.refresh_from_db()
    assert scenario.cleared_upto is None
    assert scenario.state == ("completed" if state == "running" else state)
    assert passes() == {"exited": 5}
    assert ledger() == {"skipped: scenario cleared": 5}
    assert complaints(["mail", "again"]) == {}


def test_they_leave_in_batches_and_one_who_waits_without_end_too(monkeypatch: pytest.MonkeyPatch):
    scenario = inside(7)
    Execution.objects.filter(pk=Execution.objects.order_by("pk")[0].pk).update(due_at=None)
    monkeypatch.setattr(engine, "BATCH", 3)
    stopping.stop(scenario, NOW + HOUR)
    left = []
    while clearing.take_out(NOW + HOUR):
        left.append(Execution.objects.filter(state="exited").count())
    assert left[:3] == [3, 6, 7]
    assert ledger() == {"skipped: scenario stopped": 7}
    assert Scenario.objects.get().cleared_upto is None


def test_the_command_and_each_slice_cost_the_same_for_any_number():
    def statements(contacts: int) -> tuple[int, int]:
        make.contacts(contacts, domain=f"d{contacts}.example")
        scenario = make.scenario(WAITING, name=f"With {contacts}")
        starting.start(scenario, NOW)
        until_still(NOW)
        with CaptureQueriesContext(connection) as command:
            stopping.stop(scenario, NOW + HOUR)
        with CaptureQueriesContext(connection) as slices:
            while clearing.take_out(NOW + HOUR):
                pass
        return len(command), len(slices)

    statements(1)
    assert statements(200) == statements(2)


def test_a_scenario_that_starts_while_contacts_still_leave_keeps_the_new_ones(monkeypatch: pytest.MonkeyPatch):
    scenario = inside(6)
    monkeypatch.setattr(engine, "BATCH", 2)
    stopping.stop(scenario, NOW + HOUR)
    clearing.take_out(NOW + HOUR)
    starting.start(scenario, NOW + 2 * HOUR)
    assert scenario.cleared_upto
    # All six enter anew, also those four who have not been taken out yet.
    starting.entering.plan(NOW + 2 * HOUR)
    starting.entering.admit(NOW + 2 * HOUR)
    assert passes() == {"exited": 6, "waiting": 6}
    # Their messages wait until those of the others have been taken back.
    assert Message.objects.filter(state="queued", origin__held=True).count() == 12
    until_still(NOW + 2 * HOUR)
    assert ledger() == {"skipped: scenario stopped": 6, "queued": 6}
    assert set(Origin.objects.values_list("held", flat=True)) == {False}
    assert Execution.objects.filter(state="waiting", entered_at=NOW + 2 * HOUR).count() == 6
    scenario.refresh_from_db()
    assert (scenario.state, scenario.cleared_upto) == ("running", None)
    assert complaints(["mail", "again"]) == {}


def test_who_is_due_leaves_instead_of_going_on_after_a_new_start():
    scenario = inside()
    stopping.stop(scenario, NOW + HOUR)
    Scenario.objects.filter(pk=scenario.pk).update(state="running")
    engine.advance(NOW + WEEK)
    assert passes() == {"exited": 5}
    assert not Message.objects.filter(origin__key__endswith=":again").exists()


def test_what_a_worker_has_in_hand_may_still_come_back_and_is_waited_for():
    scenario = inside(2)
    taken = claiming.claim(NOW, 1, ["email"])
    stopping.stop(scenario, NOW + HOUR)
    until_still(NOW + HOUR)
    assert Scenario.objects.get().cleared_upto
    # The provider was busy.
    Message.objects.filter(pk=taken.messages[0].id).update(state="queued")
    until_still(NOW + HOUR)
    assert ledger() == {"skipped: scenario stopped": 2}
    assert Scenario.objects.get().cleared_upto is None


def test_one_contact_is_taken_out_in_any_state_of_the_scenario():
    scenario = inside(3)
    first, second, third = Execution.objects.order_by("pk")
    leaving.remove(scenario, first, NOW + HOUR)
    pausing.pause(scenario, NOW + HOUR)
    leaving.remove(scenario, second, NOW + HOUR)
    assert (first.state, second.state) == ("exited", "exited")
    assert ledger() == {"skipped: taken out of the scenario": 2, "queued": 1}
    assert Step.objects.filter(outcome="exited").values_list("reason", flat=True)[0] == "Somebody took the contact out."
    with pytest.raises(WrongState, match="This pass is over: exited"):
        leaving.remove(scenario, first, NOW + HOUR)
    third.refresh_from_db()
    assert third.state == "waiting"
    assert complaints(["mail", "again"]) == {}
