"""Several workers at once, each with a session of its own: nobody twice, nobody lost, nobody kept waiting."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from campaigns.models import Message, Provider
from contacts import timeline
from flows import claiming, engine, entering, listening, pausing, starting
from flows.models import EntryRun, Execution, Scenario, Step
from tests import make
from tests.contacts.other_connection import other_connection
from tests.flows.at_once import at_once
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
WEEK = timedelta(days=7)
WAITING = make.graph(
    ("in", "now", {"segment": None}),
    ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("again", "email", {"subject": "Still there?", "body": "<p>Hello</p>"}),
    edges="in>mail mail>wait wait>again",
)
ORDERS = make.graph(("in", "on_event", {"event": "order.placed"}), ("end", "end", {}), edges="in>end")


@pytest.fixture(autouse=True)
def outbox():
    # The accounts that a migration made are gone after another transactional test.
    Provider.objects.get_or_create(channel="email", kind="local", defaults={"name": "Outbox"})


def entered(scenario: Scenario, contacts: list[int]) -> Callable[[], int]:
    def work() -> int:
        with transaction.atomic():
            (locked,) = claiming.running([scenario.pk])
            return entering.enter(locked, contacts, [None] * len(contacts), NOW)

    return work


def impatient() -> None:
    """From here on this session would rather fail than wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")


def inside(count: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """A scenario in which so many contacts wait, and an engine that moves a few of them at a time."""
    make.contacts(count)
    scenario = make.scenario(WAITING)
    starting.start(scenario, NOW)
    until_still(NOW)
    monkeypatch.setattr(engine, "BATCH", batch)
    return scenario


def passes() -> dict[str, int]:
    states = list(Execution.objects.values_list("state", flat=True))
    return {state: states.count(state) for state in set(states)}


@pytest.mark.parametrize("round", range(3))
def test_contacts_whom_two_workers_enter_at_once_enter_once(round):
    ids = make.contacts(400)
    scenario = make.scenario(WAITING)
    starting.start(scenario, NOW)
    ours, theirs = at_once(entered(scenario, ids), entered(scenario, ids[::-1]))
    assert ours + theirs == 400
    assert Execution.objects.count() == Execution.objects.values("contact").distinct().count() == 400
    assert Step.objects.count() == 800
    assert Message.objects.count() == 400


def test_two_workers_who_meet_halfway_let_in_everybody_between_them():
    ids = make.contacts(600)
    scenario = make.scenario(WAITING)
    starting.start(scenario, NOW)
    ours, theirs = at_once(entered(scenario, ids[:400]), entered(scenario, ids[200:]))
    assert ours + theirs == 600
    assert set(Execution.objects.values_list("contact_id", flat=True)) == set(ids)


def test_two_workers_share_a_run_of_the_trigger(monkeypatch):
    monkeypatch.setattr(entering, "BATCH", 50)
    make.contacts(500)
    starting.start(make.scenario(WAITING), NOW)

    def work() -> None:
        while entering.plan(NOW) or entering.admit(NOW):
            pass

    at_once(work, work)
    work()  # whoever found the run taken has gone home
    assert Execution.objects.count() == 500
    assert not EntryRun.objects.filter(finished_at=None).exists()


def test_two_workers_advance_everybody_once(monkeypatch):
    inside(1_000, 50, monkeypatch)

    def work() -> None:
        while engine.advance(NOW + WEEK):
            pass

    at_once(work, work)
    work()
    assert passes() == {"completed": 1_000}
    assert Step.objects.count() == 4_000
    assert Message.objects.count() == 2_000


def test_a_worker_does_not_wait_for_those_whom_another_one_moves(monkeypatch):
    inside(30, 100, monkeypatch)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT id FROM flows_scenario FOR SHARE")
        held = other.execute("SELECT id FROM flows_execution ORDER BY id LIMIT 10 FOR UPDATE").fetchall()
        impatient()
        engine.advance(NOW + WEEK)
        assert passes() == {"completed": 20, "waiting": 10}
        assert set(Execution.objects.filter(state="waiting").values_list("pk")) == set(held)
        other.execute("ROLLBACK")
    engine.advance(NOW + WEEK)
    assert passes() == {"completed": 30}


def test_a_pause_waits_for_the_batch_that_is_moving_and_then_nobody_moves(monkeypatch):
    scenario = inside(20, 5, monkeypatch)
    moving, paused = threading.Event(), threading.Event()
    carry = engine.carry

    def slowly(*args: Any) -> None:
        carry(*args)
        moving.set()
        with other_connection() as other:
            # The batch is still uncommitted when the pause already waits for it.
            while not other.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%flows_scenario%%'"
            ).fetchall():
                pass
        assert not paused.is_set()

    monkeypatch.setattr(engine, "carry", slowly)

    def pause() -> int:
        moving.wait()
        pausing.pause(scenario, NOW + WEEK)
        paused.set()
        return Execution.objects.filter(state="completed").count()

    _, moved_at_pause = at_once(lambda: engine.advance(NOW + WEEK), pause)
    assert moved_at_pause == 5
    assert not engine.advance(NOW + WEEK)
    assert passes() == {"completed": 5, "waiting": 15}


def test_two_workers_read_each_event_once(monkeypatch):
    monkeypatch.setattr(listening, "EVENTS", 20)
    ids = make.contacts(300)
    graph = make.graph(
        ("in", "on_event", {"event": "order.placed", "filter": None}), ("end", "end", {}), edges="in>end"
    )
    scenario = make.scenario(graph)
    starting.start(scenario, NOW)
    timeline.record_for(ids, "order.placed", {}, NOW)
    timeline.record_for(ids, "order.placed", {}, NOW)

    def work() -> None:
        while listening.listen(NOW):
            pass

    at_once(work, work)
    until_still(NOW)
    # Each order is a pass of its own, because everybody is through at once.
    events = list(Execution.objects.values_list("event_id", flat=True))
    assert len(events) == len(set(events)) == 600


def test_events_that_another_worker_reads_keep_nobody_waiting():
    (ann,) = make.contacts(1)
    graph = make.graph(
        ("in", "on_event", {"event": "order.placed", "filter": None}), ("end", "end", {}), edges="in>end"
    )
    starting.start(make.scenario(graph), NOW)
    until_still(NOW)
    timeline.record_for([ann], "order.placed", {}, NOW)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM contacts_eventcursor FOR UPDATE")
        impatient()
        assert not listening.listen(NOW)
        other.execute("ROLLBACK")
    until_still(NOW)
    assert passes() == {"completed": 1}


def test_the_first_event_after_the_start_is_not_passed_over(monkeypatch):
    (ann,) = make.contacts(1)
    graph = make.graph(
        ("in", "on_event", {"event": "order.placed", "filter": None}), ("end", "end", {}), edges="in>end"
    )
    scenario = make.scenario(graph)
    read, started = timeline.read, []

    def meanwhile(*args: Any, **options: Any) -> list[timeline.LoggedEvent]:
        # Between the look at who listens and the look at what happened.
        if not started:
            started.append(at_once(lambda: starting.start(scenario, NOW)))
            at_once(lambda: timeline.record_for([ann], "order.placed", {}, NOW))
        return read(*args, **options)

    monkeypatch.setattr(timeline, "read", meanwhile)
    until_still(NOW)
    assert passes() == {"completed": 1}


def test_what_is_overdue_in_a_paused_scenario_does_not_slow_the_others():
    make.contacts(2)
    scenario, paused = make.scenario(WAITING), make.scenario(WAITING, name="Paused")
    for one in (scenario, paused):
        starting.start(one, NOW)
    until_still(NOW)
    pausing.pause(paused, NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO flows_execution (scenario_id, flow_id, contact_id, state, node, due_at, moves, single,
                entered_at, arrived_at, error)
            SELECT %s, %s, 1000000 + n, 'waiting', 'wait', %s, 2, true, %s, %s, '' FROM generate_series(1, 100000) n""",
            [paused.pk, paused.flow_id, NOW - WEEK, NOW - WEEK, NOW - WEEK],
        )
        cursor.execute("ANALYZE flows_execution")
        cursor.execute("ANALYZE flows_scenario")
    plans: list[dict[str, Any]] = []

    def explained(execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "SKIP LOCKED" in sql:
            with connection.cursor() as cursor:
                cursor.cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                plans.append(cursor.fetchone()[0][0]["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        engine.advance(NOW + WEEK)
    (plan,) = plans
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "flows_execution"]
    assert [scan["Index Name"] for scan in scans] == ["execution_due"]
    assert scans[0]["Actual Rows"] == 2
    assert Execution.objects.filter(scenario=scenario, state="completed").count() == 2
    assert Execution.objects.filter(scenario=paused, state="waiting").count() == 100_002


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in nodes(part))]
