"""Contacts walk through scenarios in batches, on a virtual clock."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message
from contacts import timeline
from contacts.models import ContactTag
from flows import engine, entering, pausing, saving, starting, stats
from flows.cohorts import cohort_of
from flows.models import Execution, NodeCount, Scenario, Step
from flows.publishing import Answers
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

WEEK = timedelta(days=7)
HELLO = ("mail", "email", {"subject": "Hello {{ contact.first_name }}", "body": "<p>Hello</p>"})
AGAIN = ("again", "email", {"subject": "Still there?", "body": "<p>Hello again</p>"})
CLICKED = ("clicked", "condition", {"rule": {"rule": "message", "did": "clicked", "node": "mail"}})
FIRST = make.graph(
    ("in", "now", {"segment": None}),
    HELLO,
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    CLICKED,
    AGAIN,
    ("keen", "tag", {"add": ["keen"], "remove": []}),
    edges="in>mail mail>wait wait>clicked clicked:no>again clicked:yes>keen",
)

pytestmark = pytest.mark.django_db


def where() -> dict[str, int]:
    found: dict[str, int] = {}
    for state, node in Execution.objects.values_list("state", "node"):
        found[f"{state} at {node}"] = found.get(f"{state} at {node}", 0) + 1
    return found


def recounted(scenario: Scenario) -> dict[tuple[str, str], int]:
    """The counts made afresh from the steps and the executions."""
    found: dict[tuple[str, str], int] = {}

    def add(node: str, metric: str) -> None:
        found[node, metric] = found.get((node, metric), 0) + 1

    for execution in Execution.objects.filter(scenario=scenario):
        steps = list(Step.objects.filter(execution_id=execution.pk).order_by("number"))
        for step in steps:
            add(step.node, "entered")
            if step.outcome != "failed":
                add(step.node, {"end": "ended", "exited": "exited"}.get(step.outcome, f"left:{step.outcome}"))
        if execution.finished_at:
            add("", execution.state)
        if execution.state == "completed":
            add("", cohort_of(execution.entered_at.date()))
        if execution.state == "failed":
            add(execution.node, "failed")
        if execution.state == "waiting":
            add(execution.node, "entered")
            add(execution.node, "waiting")
    return found


def counted(scenario: Scenario) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for node, metric, n in NodeCount.objects.filter(scenario=scenario).values_list("node", "metric", "n"):
        found[node, metric] = found.get((node, metric), 0) + n
    return {key: n for key, n in found.items() if n}


def test_everybody_gets_the_mail_and_waits_a_week():
    make.contacts(12)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    until_still(NOW)
    assert where() == {"waiting at wait": 12}
    assert Message.objects.filter(origin__key=f"scenario:{scenario.pk}:mail", state="queued").count() == 12
    assert set(Execution.objects.values_list("due_at", flat=True)) == {NOW + WEEK}
    until_still(NOW + WEEK - timedelta(seconds=1))
    assert where() == {"waiting at wait": 12}


def test_those_who_clicked_are_tagged_and_the_others_written_to_again():
    ids = make.contacts(10)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    until_still(NOW)
    Message.objects.filter(contact__in=ids[:3]).update(state="sent", clicked_at=NOW)
    until_still(NOW + WEEK)
    assert where() == {"completed at again": 7, "completed at keen": 3}
    assert set(ContactTag.objects.values_list("contact_id", flat=True)) == set(ids[:3])
    assert set(Message.objects.filter(origin__key__endswith=":again").values_list("contact_id", flat=True)) == set(
        ids[3:]
    )
    scenario.refresh_from_db()
    assert scenario.state == "completed"
    assert counted(scenario) == recounted(scenario)
    assert stats.overview([scenario])[scenario.pk] == {"entered": 10, "inside": 0, "sent": 0}


def test_the_trace_says_what_happened_at_every_node():
    make.contacts(1)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    until_still(NOW)
    until_still(NOW + WEEK)
    trace = Step.objects.order_by("number").values_list("number", "node", "outcome", "at")
    assert list(trace) == [
        (0, "in", "next", NOW),
        (1, "mail", "next", NOW),
        (2, "wait", "next", NOW + WEEK),
        (3, "clicked", "no", NOW + WEEK),
        (4, "again", "next", NOW + WEEK),
    ]


def test_the_number_of_statements_does_not_depend_on_the_number_of_contacts():
    def statements(contacts: int) -> int:
        make.contacts(contacts, domain=f"d{contacts}.example")
        scenario = make.scenario(FIRST, name=f"With {contacts}")
        starting.start(scenario, NOW)
        with CaptureQueriesContext(connection) as queries:
            until_still(NOW)
            until_still(NOW + WEEK)
        return len(queries)

    statements(1)
    assert statements(400) <= statements(3) + 2


def test_while_paused_nobody_enters_and_nobody_moves():
    make.contacts(4)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    until_still(NOW)
    pausing.pause(scenario, NOW)
    until_still(NOW + WEEK)
    assert where() == {"waiting at wait": 4}
    pausing.resume(scenario, NOW + WEEK)
    until_still(NOW + WEEK)
    assert where() == {"completed at again": 4}


def test_a_contact_who_is_inside_does_not_enter_again():
    anna, ben = make.contacts(2)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    scenario.refresh_from_db()
    with transaction.atomic():
        assert entering.enter(scenario, [anna], [None], NOW) == 1
        assert entering.enter(scenario, [anna, ben], [None, None], NOW) == 1
    assert Execution.objects.count() == 2


def test_the_database_itself_refuses_a_second_pass():
    (anna,) = make.contacts(1)
    scenario = make.scenario(FIRST)
    common = {"scenario": scenario, "flow": scenario.flow, "contact_id": anna, "node": "wait"}
    common |= {"entered_at": NOW, "arrived_at": NOW}
    Execution.objects.create(state="waiting", **common)
    with pytest.raises(IntegrityError), transaction.atomic():
        Execution.objects.create(state="waiting", **common)


@pytest.mark.django_db(transaction=True)
def test_events_let_in_those_to_whom_they_happen():
    anna, ben, carla = make.contacts(3)
    big = {"all": [{"rule": "property", "field": "total", "op": "greater", "value": 50}]}
    listening = make.graph(
        ("in", "on_event", {"event": "order.placed", "filter": big}),
        ("wait", "wait", {"amount": 1, "unit": "hours"}),
        edges="in>wait",
    )
    scenario = make.scenario(listening)
    starting.start(scenario, NOW)
    timeline.record(
        [
            timeline.NewEvent(anna, "order.placed", {"total": 80}),
            timeline.NewEvent(ben, "order.placed", {"total": 20}),
            timeline.NewEvent(carla, "visit", {"total": 80}),
            timeline.NewEvent(anna, "order.placed", {"total": 90}),
        ],
        NOW,
    )
    until_still(NOW)
    assert list(Execution.objects.values_list("contact_id", "state")) == [(anna, "waiting")]


def test_one_poisonous_execution_fails_alone():
    ids = make.contacts(9)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    until_still(NOW)
    # The database refuses to move this one on, whatever batch it comes in.
    victim = Execution.objects.get(contact=ids[4])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE flows_execution ADD CONSTRAINT refuses CHECK (id <> {victim.pk} OR moves < 4)")
    until_still(NOW + WEEK)
    assert where() == {"completed at again": 8, "failed at wait": 1}
    victim.refresh_from_db()
    assert "refuses" in victim.error
    assert counted(scenario)["wait", "failed"] == 1
    assert ("wait", "waiting") not in counted(scenario)


def test_whoever_stands_at_a_removed_node_leaves_the_scenario():
    make.contacts(2)
    scenario = make.scenario(FIRST)
    starting.start(scenario, NOW)
    until_still(NOW)
    pausing.pause(scenario, NOW)
    short = make.graph(("in", "now", {"segment": None}), HELLO, edges="in>mail")
    saving.save(scenario, short, {}, None, None, NOW, Answers({"wait": None}))
    pausing.resume(scenario, NOW)
    until_still(NOW + WEEK)
    assert where() == {"exited at wait": 2}
    assert set(Step.objects.filter(outcome="exited").values_list("reason", flat=True)) == {
        "The step was removed from the scenario."
    }


def test_two_who_save_over_each_other_are_told():
    scenario = make.scenario(FIRST)
    opened = scenario.flow.number
    other = make.graph(("in", "now", {"segment": None}), HELLO, edges="in>mail")
    saving.save(scenario, other, {}, None, opened, NOW)
    with pytest.raises(saving.Conflict):
        saving.save(scenario, FIRST, {}, None, opened, NOW)
    scenario.refresh_from_db()
    assert scenario.flow.graph == other


def test_a_scenario_with_problems_does_not_start():
    scenario = make.scenario(make.graph(("in", "now", {"segment": None}), ("mail", "email", {}), edges="in>mail"))
    with pytest.raises(starting.NotReady) as refusal:
        starting.start(scenario, NOW)
    assert {problem.node for problem in refusal.value.problems} == {"mail"}
    scenario.refresh_from_db()
    assert scenario.state == "draft"


def test_an_idle_tick_costs_four_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        assert not engine.advance(NOW)
        assert not entering.plan(NOW)
        assert not entering.admit(NOW)
