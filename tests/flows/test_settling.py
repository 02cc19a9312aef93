"""New versions are worked off slice by slice: exactly once, whoever moves, dies or works at the same time."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Provider
from flows import engine, publishing, settling, starting, triggering
from flows.models import Execution, Flow, Scenario, Step
from flows.publishing import Answers
from tests import make
from tests.contacts.other_connection import other_connection
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.test_concurrency import at_once, impatient, passes
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
WEEK = timedelta(days=7)
CALL = ("in", "on_event", {"event": "api.call"})
WAIT, PAUSE = ("wait", "wait", {"amount": 7, "unit": "days"}), ("pause", "wait", {"amount": 2, "unit": "days"})
TAG = ("tag", "tag", {"add": ["keen"], "remove": []})
WAITING = make.graph(CALL, WAIT, TAG, edges="in>wait wait>tag")
ELSEWHERE = make.graph(CALL, PAUSE, TAG, edges="in>pause pause>tag")


@pytest.fixture(autouse=True)
def nothing_is_wrong() -> Any:
    Provider.objects.get_or_create(channel="email", kind="local", defaults={"name": "Outbox"})
    yield
    assert complaints([]) == {}


def inside(count: int, batch: int, monkeypatch: pytest.MonkeyPatch, graph: dict = WAITING) -> Scenario:
    """A running scenario in which so many contacts wait, and workers that take a few of them at a time."""
    scenario = make.scenario(graph)
    starting.start(scenario, NOW)
    triggering.call(scenario, make.contacts(count), {}, NOW)
    monkeypatch.setattr(engine, "BATCH", batch)
    return scenario


ON = Answers({"wait": "pause"})


def publish(scenario: Scenario, graph: dict = ELSEWHERE, answers: Answers = ON) -> Flow:
    return publishing.publish(scenario, graph, {}, None, None, NOW, answers)


def places() -> dict[str, int]:
    nodes = list(Execution.objects.values_list("node", flat=True))
    return {node: nodes.count(node) for node in set(nodes)}


def work() -> None:
    while settling.settle(NOW):
        pass


@pytest.mark.parametrize("round", range(3))
def test_two_workers_send_everybody_on_once(round: int, monkeypatch: pytest.MonkeyPatch):
    publish(inside(400, 30, monkeypatch))
    at_once(work, work)
    work()
    assert places() == {"pause": 400}
    assert Step.objects.filter(outcome="redirected").count() == 400
    assert not Flow.objects.filter(settled_at=None).exists()


def from_the_first_pass() -> None:
    """Tests before may have used up millions of ids, which are not to be gone through by small windows."""
    first = Execution.objects.order_by("pk").values_list("pk", flat=True)[0]
    Flow.objects.filter(settled_at=None).update(settled_up_to=first - 1)


def test_a_worker_who_settles_and_one_who_moves_what_is_due_do_not_take_it_from_each_other(
    monkeypatch: pytest.MonkeyPatch,
):
    publish(inside(400, 30, monkeypatch))
    monkeypatch.setattr(settling, "WINDOW", 70)
    from_the_first_pass()

    def move() -> None:
        while engine.advance(NOW + WEEK):
            pass

    at_once(work, move, work)
    work()
    until_still(NOW + 2 * WEEK)
    assert passes() == {"completed": 400}
    assert Step.objects.filter(outcome="redirected").count() == 400
    assert Step.objects.filter(node="tag").count() == 400


def test_a_worker_that_dies_in_a_slice_leaves_it_as_it_was(monkeypatch: pytest.MonkeyPatch):
    publish(inside(20, 5, monkeypatch))
    settling.settle(NOW)
    carry = engine.carry

    def dies(*args: Any) -> None:
        carry(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "carry", dies)
    with pytest.raises(KeyboardInterrupt):
        settling.settle(NOW)
    assert places() == {"wait": 15, "pause": 5}
    assert complaints([]) == {}
    monkeypatch.setattr(engine, "carry", carry)
    work()
    assert places() == {"pause": 20}
    assert Step.objects.filter(outcome="redirected").count() == 20


def test_those_whom_somebody_else_holds_are_not_waited_for_and_not_forgotten(monkeypatch: pytest.MonkeyPatch):
    publish(inside(30, 100, monkeypatch))
    with other_connection() as other:
        other.execute("BEGIN")
        held = "SELECT id FROM flows_execution ORDER BY id OFFSET 10 LIMIT 5"
        other.execute(f"SELECT id FROM flows_execution WHERE id IN ({held}) FOR UPDATE")
        impatient()
        settling.settle(NOW)
        assert places() == {"wait": 5, "pause": 25}
        other.execute("ROLLBACK")
    work()
    assert places() == {"pause": 30}
    assert not Flow.objects.filter(settled_at=None).exists()


def test_publishing_waits_for_the_batch_that_is_moving_so_that_nobody_comes_to_rest_where_nothing_is(
    monkeypatch: pytest.MonkeyPatch,
):
    scenario = make.scenario(make.graph(CALL, PAUSE, WAIT, edges="in>pause pause>wait"))
    starting.start(scenario, NOW)
    triggering.call(scenario, make.contacts(20), {}, NOW)
    monkeypatch.setattr(engine, "BATCH", 10)
    moving, carry = threading.Event(), engine.carry

    def slowly(*args: Any) -> None:
        carry(*args)
        moving.set()
        with other_connection() as other:
            # The batch has come to rest at the very node, uncommitted, and the publication already waits for it.
            while not other.execute(
                "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%flows_scenario%%'"
            ).fetchall():
                pass

    monkeypatch.setattr(engine, "carry", slowly)
    shorter = make.graph(CALL, PAUSE, edges="in>pause")

    def late() -> str:
        moving.wait()
        try:
            publish(scenario, shorter, Answers())
        except publishing.Invalid as refusal:
            return str(refusal)
        return ""

    _, refusal = at_once(lambda: engine.advance(NOW + WEEK), late)
    assert refusal == "10 contacts stand at this step, which was removed. Say where they go."
    monkeypatch.setattr(engine, "carry", carry)
    publish(scenario, shorter, Answers({"wait": "pause"}))
    until_still(NOW + WEEK)
    # The other ten had not come there, and go no further than their own pause.
    assert Step.objects.filter(outcome="redirected").count() == 10
    assert not Execution.objects.filter(node="wait").exists()


def test_a_batch_that_was_claimed_before_the_publication_moves_in_the_new_version(monkeypatch: pytest.MonkeyPatch):
    scenario = inside(10, 10, monkeypatch, make.graph(CALL, PAUSE, WAIT, edges="in>pause pause>wait"))
    claim = engine.claim

    def meanwhile(*args: Any) -> Any:
        claimed = claim(*args)
        if claimed:
            at_once(lambda: publish(scenario, make.graph(CALL, PAUSE, edges="in>pause"), Answers()))
        return claimed

    monkeypatch.setattr(engine, "claim", meanwhile)
    engine.advance(NOW + WEEK)
    assert passes() == {"completed": 10}
    assert places() == {"pause": 10}


def test_slices_look_at_a_window_of_ids_each_and_find_everybody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settling, "WINDOW", 7)
    shorter = make.graph(CALL, ("wait", "wait", {"amount": 2, "unit": "days"}), TAG, edges="in>wait wait>tag")
    publish(inside(50, 3, monkeypatch), shorter, Answers(retime=True))
    from_the_first_pass()
    work()
    assert set(Execution.objects.values_list("due_at", flat=True)) == {NOW + timedelta(days=2)}
    assert not Flow.objects.filter(settled_at=None).exists()


def test_who_had_finished_at_a_shape_that_went_long_ago_goes_on_too(monkeypatch: pytest.MonkeyPatch):
    over = ("over", "end", {})
    scenario = inside(5, 9, monkeypatch, make.graph(CALL, TAG, over, edges="in>tag tag>over"))
    for _ in range(2):
        publish(scenario, make.graph(CALL, TAG, edges="in>tag"), Answers(backfill=True))
        work()
    assert passes() == {"completed": 5}
    publish(scenario, make.graph(CALL, TAG, PAUSE, edges="in>tag tag>pause"), Answers(backfill=True))
    work()
    until_still(NOW)
    assert places() == {"pause": 5}


def test_two_workers_send_those_who_had_finished_on_once(monkeypatch: pytest.MonkeyPatch):
    scenario = inside(100, 9, monkeypatch, make.graph(CALL, TAG, edges="in>tag"))
    publish(scenario, make.graph(CALL, TAG, PAUSE, edges="in>tag tag>pause"), Answers(backfill=True))
    at_once(work, work)
    work()
    assert passes() == {"pending": 100}
    until_still(NOW)
    assert passes() == {"waiting": 100}
    assert Step.objects.filter(node="tag").count() == 100


def test_who_enters_anew_while_they_would_be_sent_on_is_inside_once(monkeypatch: pytest.MonkeyPatch):
    scenario = inside(0, 100, monkeypatch, make.graph(CALL, TAG, edges="in>tag"))
    ids = make.contacts(20)
    triggering.call(scenario, ids, {}, NOW)
    longer = make.graph(CALL, TAG, PAUSE, edges="in>tag tag>pause")
    publish(scenario, longer, Answers(backfill=True))
    at_once(work, lambda: triggering.call(Scenario.objects.get(), ids, {}, NOW))
    work()
    until_still(NOW)
    inside_now = Execution.objects.filter(state="waiting").values_list("contact_id", flat=True)
    assert sorted(inside_now) == ids
