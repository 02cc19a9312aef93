"""Old steps and events go when the installation says so, and nothing that is still needed goes with them."""

from datetime import timedelta

import pytest
from django.db import connection

from contacts import timeline
from contacts.models import Event, Installation
from flows import pruning, starting, stats
from flows.models import Execution, Step
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

DAY = timedelta(days=1)
MAIL = ("mail", "email", {"subject": "Hello {{ event.item }}", "body": "<p>Hello</p>"})

# Real commits, because only what is committed can be read from the timeline.
pytestmark = pytest.mark.django_db(transaction=True)


def keep(steps: int | None = None, events: int | None = None) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"keep_steps_days": steps, "keep_events_days": events})


def walk(slices, now) -> int:
    """How many slices it took to come to the end."""
    count = 1
    while slices(now):
        count += 1
    return count


def test_without_a_setting_everything_is_kept():
    (anna,) = make.contacts(1)
    scenario = make.scenario(make.graph(("in", "now", {}), MAIL, edges="in>mail"))
    starting.start(scenario, NOW)
    timeline.record_for([anna], "order.placed", {}, NOW)
    until_still(NOW)
    walk(pruning.steps, NOW + 999 * DAY)
    walk(pruning.events, NOW + 999 * DAY)
    assert Step.objects.count() == 2
    assert Event.objects.exists()


def test_steps_go_so_long_after_the_contact_left_and_the_counts_stay():
    ids = make.contacts(3)
    wait = ("wait", "wait", {"amount": 50, "unit": "days"})
    rule = {"rule": "attribute", "field": "email", "op": "equals", "value": "c0@example.com"}
    ask = ("ask", "condition", {"rule": rule})
    scenario = make.scenario(make.graph(("in", "now", {}), ask, wait, MAIL, edges="in>ask ask:yes>wait ask:no>mail"))
    starting.start(scenario, NOW)
    until_still(NOW)
    keep(steps=30)
    before = stats.live(scenario)
    walk(pruning.steps, NOW + 29 * DAY)
    assert Step.objects.count() == 2 + 2 * 3
    walk(pruning.steps, NOW + 31 * DAY)
    inside = Execution.objects.get(contact=ids[0])
    assert set(Step.objects.values_list("execution_id", flat=True)) == {inside.pk}
    assert stats.live(scenario) == before
    until_still(NOW + 50 * DAY)
    assert Execution.objects.get(contact=ids[0]).state == "completed"


def test_the_walk_goes_in_slices_and_rests_for_a_day(monkeypatch):
    monkeypatch.setattr(pruning, "SLICE", 3)
    make.contacts(10)
    scenario = make.scenario(make.graph(("in", "now", {}), MAIL, edges="in>mail"))
    starting.start(scenario, NOW)
    until_still(NOW)
    keep(steps=1)
    later = NOW + 2 * DAY
    for left in (7, 4, 1):
        assert pruning.steps(later)
        assert Step.objects.values("execution_id").distinct().count() == left
    assert not pruning.steps(later)
    assert not Step.objects.exists()
    assert walk(pruning.steps, later + DAY / 2) == 1
    assert walk(pruning.steps, later + DAY) == 4


def test_events_that_are_still_needed_stay():
    anna, ben, carl = make.contacts(3)
    graph = make.graph(
        ("in", "on_event", {"event": "cart.left"}), ("wait", "wait", {"amount": 90, "unit": "days"}), MAIL,
        edges="in>wait wait>mail",
    )  # fmt: skip
    starting.start(make.scenario(graph), NOW)
    graph = make.graph(("in", "on_event", {"event": "order.placed"}), MAIL, edges="in>mail")
    starting.start(make.scenario(graph), NOW)
    timeline.record_for([anna], "cart.left", {"item": "shoes"}, NOW)
    timeline.record_for([ben], "order.placed", {"item": "hats"}, NOW)
    timeline.record_for([carl], "page.seen", {}, NOW)
    until_still(NOW)
    timeline.record_for([carl], "page.seen", {"unread": True}, NOW)
    keep(events=30)
    walk(pruning.events, NOW + 29 * DAY)
    assert Event.objects.count() == 4
    walk(pruning.events, NOW + 31 * DAY)
    assert list(Event.objects.order_by("pk").values_list("contact_id", "name")) == [
        (anna, "cart.left"),  # she is still inside, and her mail will say what she left
        (ben, "order.placed"),  # his mail is not sent yet
        (carl, "page.seen"),  # nobody has read it
    ]


def test_no_slice_scans_a_table():
    make.contacts(1)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO contacts_event (contact_id, name, properties, at)
            SELECT id, 'page.seen', '{}', %s FROM contacts_contact, generate_series(1, 30000)""",
            [NOW],
        )
        cursor.execute(
            """INSERT INTO flows_execution (scenario_id, flow_id, contact_id, state, node, moves, single, entered_at,
                arrived_at, finished_at, error)
            SELECT 1, 1, n, 'completed', 'in', 1, false, %(now)s, %(now)s, %(now)s, '' FROM generate_series(1, 30000) n
            """,
            {"now": NOW},
        )
        cursor.execute(
            """INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
            SELECT id, 0, 'in', 'next', '', %s FROM flows_execution""",
            [NOW],
        )
        cursor.execute("ANALYZE contacts_event, flows_execution, flows_step")
        for sql in (pruning._STEPS, pruning._EVENTS):
            cursor.execute(f"EXPLAIN {sql}", {"after": 100, "before": NOW + DAY, "slice": pruning.SLICE})
            plan = "\n".join(row[0] for row in cursor.fetchall())
            for table in ("contacts_event", "flows_execution", "flows_step"):
                assert f"Seq Scan on {table} " not in plan, plan
