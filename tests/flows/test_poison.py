"""What makes a batch break is set aside, with its error, and everybody else goes on."""

from datetime import timedelta
from math import ceil, log2

import pytest
from django.db import connection

from contacts import timeline
from contacts.models import Segment
from flows import entering, listening, starting
from flows.isolating import MOST, isolating
from flows.models import EntryRun, Execution, Flow, Scenario, Step
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

MINUTE = timedelta(minutes=1)
WAIT = ("wait", "wait", {"amount": 7, "unit": "days"})

pytestmark = pytest.mark.django_db


def refused(condition: str) -> None:
    """The database refuses executions unless this holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE flows_execution ADD CONSTRAINT refuses CHECK ({condition})")


def where(scenario: Scenario) -> list[tuple[int, str, str]]:
    found = Execution.objects.filter(scenario=scenario).order_by("contact_id")
    return list(found.values_list("contact_id", "state", "node"))


def tries(size: int, poison: set[int]) -> tuple[int, list[int], list[int]]:
    """How often work was tried, which items failed, and which were left."""
    tried, failed = [], []

    def work(items):
        tried.append(items)
        if poison & set(items):
            raise ValueError("poison")

    left = isolating(work, range(size), lambda item, error: failed.append(item))
    return len(tried), failed, left


def test_one_among_thousands_is_found_by_halving():
    count, failed, left = tries(5_000, {3_333})
    assert (failed, left) == ([3_333], [])
    assert count <= 2 * ceil(log2(5_000)) + 1


def test_where_everything_breaks_the_search_ends():
    count, failed, left = tries(5_000, set(range(5_000)))
    assert len(failed) == MOST
    assert len(left) == 5_000 - MOST
    assert count < 2 * MOST + 2 * ceil(log2(5_000))


def test_what_is_sound_is_done_even_after_many_have_broken():
    _, failed, left = tries(5_000, set(range(MOST)))
    assert (len(failed), left) == (MOST, [])


def test_too_large_for_the_database_is_the_items_fault():
    def work(items):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {'+'.join(['1'] * (60_000 if 3 in items else 1))}")

    failed = []
    isolating(work, range(8), lambda item, error: failed.append(item))
    assert failed == [3]


def test_who_cannot_take_the_first_steps_has_failed_at_the_trigger():
    ids = make.contacts(5)
    scenario = make.scenario(make.graph(("in", "now", {}), WAIT, edges="in>wait"))
    refused(f"contact_id <> {ids[2]} OR state = 'failed'")
    starting.start(scenario, NOW)
    until_still(NOW)
    expected = [(pk, "failed", "in") if pk == ids[2] else (pk, "waiting", "wait") for pk in ids]
    assert where(scenario) == expected
    broken = Execution.objects.get(contact=ids[2])
    assert "refuses" in broken.error
    assert list(Step.objects.filter(execution_id=broken.pk).values_list("number", "outcome")) == [(0, "failed")]
    assert complaints([]) == {}


def test_executions_that_all_break_fail_some_at_a_time_and_hold_nobody_up():
    ids = make.contacts(MOST + 30)
    graph = make.graph(("in", "now", {}), WAIT, edges="in>wait")
    broken, sound = make.scenario(graph), make.scenario(graph)
    for scenario in (broken, sound):
        starting.start(scenario, NOW)
    until_still(NOW)
    refused(f"scenario_id <> {broken.pk} OR state <> 'completed'")
    until_still(NOW + timedelta(days=7))
    assert where(sound) == [(pk, "completed", "wait") for pk in ids]
    until_still(NOW + timedelta(days=7))
    assert where(broken) == [(pk, "failed", "wait") for pk in ids]


@pytest.mark.django_db(transaction=True)
def test_a_filter_that_breaks_does_not_keep_others_from_their_events():
    graph = make.graph(("in", "on_event", {"event": "order.placed"}), WAIT, edges="in>wait")
    broken, sound = make.scenario(graph), make.scenario(graph)
    for scenario in (broken, sound):
        starting.start(scenario, NOW)
    graph["nodes"][0]["config"]["filter"] = {"rule": "no such rule"}
    flow = Flow.objects.create(scenario=broken, number=7, graph=graph)
    Scenario.objects.filter(pk=broken.pk).update(flow=flow)
    (anna,) = make.contacts(1)
    timeline.record_for([anna], "order.placed", {}, NOW)
    until_still(NOW)
    assert where(sound) == [(anna, "waiting", "wait")]
    assert where(broken) == []
    assert not listening.listen(NOW)


def test_a_segment_that_breaks_does_not_keep_other_runs_waiting():
    ids = make.contacts(2)
    segment = Segment.objects.create(name="Broken", rule={"all": []})
    broken = make.scenario(make.graph(("in", "now", {"segment": segment.pk}), WAIT, edges="in>wait"))
    sound = make.scenario(make.graph(("in", "now", {}), WAIT, edges="in>wait"))
    for scenario in (broken, sound):
        starting.start(scenario, NOW)
    Segment.objects.filter(pk=segment.pk).update(rule={"rule": "no such rule"})
    until_still(NOW)
    assert where(sound) == [(pk, "waiting", "wait") for pk in ids]
    assert where(broken) == []
    Segment.objects.filter(pk=segment.pk).update(rule={"all": []})
    until_still(NOW + 2 * MINUTE)
    assert where(broken) == [(pk, "waiting", "wait") for pk in ids]
    assert not EntryRun.objects.filter(finished_at=None).exists()
    assert not entering.admit(NOW)
