"""Who leaves a scenario before its end: by the objective, by a rule, by an excluded segment; and how loops end."""

from datetime import timedelta

import pytest

from campaigns.models import Message
from contacts import tagging, timeline
from contacts.models import Segment
from flows import objectives, starting, stats
from flows.models import Execution, Scenario, Step
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VIP = {"rule": "tag", "name": "vip"}
REMINDER = make.graph(
    ("in", "now", {"segment": None}),
    ("wait", "wait", {"amount": 2, "unit": "days"}),
    ("mail", "email", {"subject": "Your order", "body": "<p>Hello</p>"}),
    edges="in>wait wait>mail",
)


@pytest.fixture(autouse=True)
def outboxes(db):
    make.local_outboxes()


def started(graph=REMINDER, objective=None, **fields) -> Scenario:
    scenario = make.scenario(graph, **fields)
    Scenario.objects.filter(pk=scenario.pk).update(objective=objective or {})
    scenario.refresh_from_db()
    starting.start(scenario, NOW)
    until_still(NOW)
    return scenario


def ends() -> dict[int, tuple[str, str]]:
    """The state of each contact's newest pass, and why its last step was made."""
    found = {}
    for execution in Execution.objects.order_by("pk"):
        last = Step.objects.filter(execution=execution).order_by("number").last()
        found[execution.contact_id] = (execution.state, last.reason if last else "")
    return found


def test_who_meets_the_rule_leaves_before_the_next_action_and_gets_no_message():
    anna, ben = make.contacts(2)
    scenario = started(exits={"rule": VIP})
    tagging.add([anna], ["vip"], NOW + DAY)
    until_still(NOW + 2 * DAY)
    assert ends() == {anna: ("exited", "The rule for leaving holds."), ben: ("completed", "")}
    assert list(Message.objects.values_list("contact_id", flat=True)) == [ben]
    assert stats.live(scenario)["mail"] == {"entered": 2, "exited": 1, "left:next": 1, "queued": 1}


def test_the_excluded_segment_does_not_enter_and_leaves_before_the_next_action():
    anna, ben, carla = make.contacts(3)
    segment = Segment.objects.create(name="VIPs", rule=VIP)
    tagging.add([carla], ["vip"], NOW)
    started(exits={"segment": segment.pk})
    assert set(ends()) == {anna, ben}
    tagging.add([anna], ["vip"], NOW + DAY)
    until_still(NOW + 2 * DAY)
    assert ends() == {anna: ("exited", "The contact is in the excluded segment."), ben: ("completed", "")}


@pytest.mark.django_db(transaction=True)
def test_who_reaches_the_objective_leaves_at_once():
    make.local_outboxes()
    anna, ben, carla = make.contacts(3)
    big = {"rule": "property", "field": "total", "op": "greater", "value": 50}
    objective = {"kind": "event", "event": "order.placed", "filter": {"all": [big]}, "within_days": 1}
    started(exits={"objective": True}, objective=objective)
    placed = [
        timeline.NewEvent(anna, "order.placed", {"total": 80}),
        timeline.NewEvent(ben, "order.placed", {"total": 9}),
    ]
    timeline.record(placed, NOW + HOUR)
    until_still(NOW + HOUR)
    assert ends()[anna] == ("exited", "The objective was reached.")
    assert [state for state, _ in ends().values()].count("waiting") == 2
    timeline.record([timeline.NewEvent(carla, "order.placed", {"total": 99})], NOW + 30 * HOUR)
    until_still(NOW + 2 * DAY)
    assert ends()[carla] == ("completed", "")  # too late to count


def test_an_objective_by_messages_counts_those_of_the_pass():
    anna, ben = make.contacts(2)
    graph = make.graph(
        ("in", "now", {"segment": None}),
        ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"}),
        ("wait", "wait", {"amount": 5, "unit": "days"}),
        edges="in>mail mail>wait",
    )
    scenario = started(graph, objective={"kind": "opened", "within_days": 3})
    passes = dict(Execution.objects.values_list("contact_id", "pk"))
    Message.objects.filter(contact_id=anna).update(opened_at=NOW + DAY)
    Message.objects.filter(contact_id=ben).update(opened_at=NOW + 4 * DAY)
    assert objectives.reached(scenario, list(passes.values()), NOW + 4 * DAY) == {passes[anna]}
    scenario.objective = {"kind": "opened"}
    assert objectives.reached(scenario, list(passes.values()), NOW + 4 * DAY) == set(passes.values())


def test_a_loop_ends_after_as_many_rounds_as_are_allowed():
    anna = make.contact("anna@example.com").pk
    graph = make.graph(
        ("in", "now", {"segment": None}),
        ("wait", "wait", {"amount": 1, "unit": "hours"}),
        ("mail", "email", {"subject": "Again", "body": "<p>Hello</p>"}),
        edges="in>wait wait>mail mail>wait",
    )
    scenario = started(graph, most_rounds=2)
    for hour in range(1, 6):
        until_still(NOW + hour * HOUR)
    assert ends()[anna] == ("exited", "Went back from here 2 times, which is as often as is allowed.")
    assert Message.objects.count() == 3
    assert stats.live(scenario)["mail"] == {"entered": 3, "exited": 1, "left:next": 2, "queued": 3}
