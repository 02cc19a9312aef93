"""What has become overdue is dealt with in slices; the scenario stands still meanwhile and says how far it has come."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message
from flows import catching_up, leaving, overdue, pausing, saving, scheduling, starting, stopping
from flows.models import Execution, Scenario
from flows.overdue import Policy
from flows.transitions import WrongState
from tests import make
from tests.flows.at_once import at_once
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.test_overdue import HOUR, TWO, dues, messages, paused
from tests.make import NOW

pytestmark = pytest.mark.django_db
MOMENT = NOW + 20 * HOUR


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdue, "SLICE", 3)


def state() -> str:
    return Scenario.objects.get().state


def left() -> dict[str, int] | None:
    return overdue.progress(Scenario.objects.get())


def test_it_stands_still_until_everything_has_had_its_turn_and_then_goes_on():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    assert (scenario.state, overdue.progress(scenario)) == ("paused", {"done": 3, "total": 16})
    done = []
    while state() == "paused":
        assert catching_up.catch_up(MOMENT)
        done.append((left() or {}).get("done"))
    # Three contacts, then two of them and three messages, then three and two.
    assert done == [6, 11, 14, None]
    assert dues() == [20 + n for n in range(8)]
    due = [(due - NOW) / HOUR for due in Message.objects.order_by("pk").values_list("due_at", flat=True)]
    assert due == [20 + n for n in range(8)]
    assert state() == "running"
    assert not catching_up.catch_up(MOMENT)
    until_still(MOMENT + 3 * HOUR)
    assert messages("again") == {"queued": 4}
    assert complaints(["hello", "again"]).keys() <= {"messages and the timeline disagree"}


def test_a_slice_costs_the_same_for_any_number_and_nothing_where_nobody_is_behind(monkeypatch: pytest.MonkeyPatch):
    with CaptureQueriesContext(connection) as queries:
        catching_up.catch_up(MOMENT)
    assert len(queries) == 1

    def statements(size: int) -> int:
        monkeypatch.setattr(overdue, "SLICE", size)
        scenario = paused(2 * size + 1)
        pausing.resume(scenario, NOW + 90 * HOUR, Policy("spread", 8))
        with CaptureQueriesContext(connection) as queries:
            catching_up.catch_up(NOW + 90 * HOUR)
        Execution.objects.all().delete()
        make.Contact.objects.all().delete()
        Scenario.objects.update(overdue={})
        return len(queries)

    assert statements(2) == statements(20)


def test_a_worker_that_dies_in_a_slice_leaves_no_gap_and_gives_nobody_two_turns(monkeypatch: pytest.MonkeyPatch):
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    spread = overdue._spread

    def dies(*told: object) -> None:
        spread(*told)
        raise ConnectionError("The worker is gone.")

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(overdue, "_spread", dies)
        catching_up.catch_up(MOMENT)
    assert left() == {"done": 3, "total": 16}
    while catching_up.catch_up(MOMENT + HOUR):
        pass
    assert dues() == [20 + n for n in range(8)]


def test_who_leaves_meanwhile_leaves_a_gap_at_the_end_only():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    gone = Execution.objects.order_by("pk")[4]
    leaving.remove(scenario, gone, MOMENT)
    while catching_up.catch_up(MOMENT):
        pass
    there = Execution.objects.exclude(pk=gone.pk).order_by("pk").values_list("due_at", flat=True)
    assert [(due - NOW) / HOUR for due in there] == [20 + n for n in range(7)]


def test_messages_that_are_too_late_are_skipped_in_slices():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("skip", 14.5))
    assert (scenario.state, overdue.progress(scenario)) == ("paused", {"done": 3, "total": 8})
    until_still(MOMENT + 2 * HOUR)
    assert messages("hello") == {"skipped: too late": 8}
    # Late is who was due so long before the scenario was told to go on, not before it did.
    assert messages("again") == {"skipped: too late": 5, "queued": 3}
    assert state() == "running"


def test_a_pause_keeps_it_from_going_on_and_who_had_a_turn_keeps_it():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    pausing.pause(scenario, MOMENT)
    assert (scenario.state, scenario.overdue) == ("paused", {})
    assert not catching_up.catch_up(MOMENT)
    assert dues() == [20, 21, 22, 4, 5, 6, 7, 8]
    with pytest.raises(WrongState, match="cannot be paused: it is paused"):
        pausing.pause(scenario, MOMENT)


def test_another_choice_takes_the_place_of_the_first():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    pausing.resume(scenario, MOMENT)
    assert (scenario.state, scenario.overdue) == ("running", {})
    until_still(MOMENT)
    assert messages("again") == {"queued": 6}  # one of those who had a turn has it now


def test_one_that_is_stopped_meanwhile_does_not_go_on():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    stopping.stop(scenario, MOMENT)
    until_still(MOMENT)
    assert state() == "stopped"
    assert dues() == [20, 21, 22, 4, 5, 6, 7, 8]


def test_a_start_waits_for_it_as_a_resume_does():
    scenario = paused(8)
    stopping.stop(scenario, NOW + HOUR)
    starting.start(scenario, MOMENT, Policy("spread", 8))
    assert (scenario.state, overdue.progress(scenario)) == ("stopped", {"done": 3, "total": 16})
    until_still(MOMENT + HOUR)
    scenario.refresh_from_db()
    assert (scenario.state, scenario.started_at, scenario.overdue) == ("running", MOMENT + HOUR, {})


def test_a_scheduled_start_is_begun_once():
    scenario = paused(8)
    stopping.stop(scenario, NOW + HOUR)
    scheduling.schedule(scenario, MOMENT, NOW + HOUR, Policy("spread", 8))
    assert scheduling.begin_scheduled(MOMENT)
    assert not scheduling.begin_scheduled(MOMENT)
    assert state() == "scheduled"
    until_still(MOMENT)
    assert (state(), left()) == ("running", None)
    assert dues()[-1] == 27


def test_one_that_cannot_go_on_any_more_says_why():
    scenario = paused(8)
    pausing.resume(scenario, MOMENT, Policy("spread", 8))
    broken = {**TWO, "nodes": [{**node, "config": {}} if node["id"] == "last" else node for node in TWO["nodes"]]}
    saving.save(scenario, broken, {}, None, None, MOMENT)
    while catching_up.catch_up(MOMENT):
        pass
    scenario.refresh_from_db()
    assert (scenario.state, scenario.overdue) == ("paused", {})
    assert scenario.state_reason.startswith("It could not go on. ")


@pytest.mark.django_db(transaction=True)
def test_two_workers_give_everybody_one_turn():
    scenario = paused(20)
    pausing.resume(scenario, NOW + 40 * HOUR, Policy("spread", 20))

    def work() -> None:
        while left():
            catching_up.catch_up(NOW + 40 * HOUR)

    at_once(work, work)
    assert dues() == [40 + n for n in range(20)]
    assert state() == "running"
