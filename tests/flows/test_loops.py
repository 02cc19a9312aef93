"""Contacts go back to an earlier step, so often and no oftener; scenarios that would go round for ever are told."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.urls import reverse

from campaigns.models import Message
from flows import circling, starting, validation
from flows.models import Execution, NodeCount, Scenario, Step
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MAIL = ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"})
REST = ("rest", "wait", {"amount": 1, "unit": "days"})
LOOP = make.graph(("in", "now", {}), MAIL, REST, edges="in>mail mail>rest rest>mail")


def played(graph: dict[str, Any], days: int, **fields: Any) -> Scenario:
    scenario = make.scenario(graph, **fields)
    starting.start(scenario, NOW)
    for day in range(days):
        until_still(NOW + day * DAY)
    return scenario


def counted(scenario: Scenario) -> dict[str, int]:
    found: dict[str, int] = {}
    for node, metric, n in NodeCount.objects.filter(scenario=scenario).values_list("node", "metric", "n"):
        found[f"{node} {metric}"] = found.get(f"{node} {metric}", 0) + n
    return {key: n for key, n in found.items() if n}


@pytest.mark.parametrize("contacts", [1, 40])
@pytest.mark.parametrize("most", [1, 3])
def test_they_go_back_so_often_and_then_leave(contacts, most):
    make.contacts(contacts)
    scenario = played(LOOP, 7, most_rounds=most)
    assert set(Execution.objects.values_list("state", "node")) == {("exited", "rest")}
    assert Message.objects.count() == contacts * (most + 1)
    reason = f"Went back from here {most} times, which is as often as is allowed."
    assert set(Step.objects.filter(outcome="exited").values_list("reason", "at")) == {(reason, NOW + (most + 1) * DAY)}
    assert counted(scenario) == {
        "in entered": contacts,
        "in left:next": contacts,
        "mail entered": contacts * (most + 1),
        "mail left:next": contacts * (most + 1),
        "rest entered": contacts * (most + 1),
        "rest left:next": contacts * most,
        "rest exited": contacts,
        " exited": contacts,
    }
    scenario.refresh_from_db()
    assert scenario.state == "completed"


def test_whoever_never_goes_back_is_never_counted():
    make.contacts(2)
    graph = make.graph(("in", "now", {}), MAIL, REST, edges="in>mail mail>rest")
    played(graph, 3, most_rounds=1)
    assert set(Execution.objects.values_list("state", flat=True)) == {"completed"}


def test_each_way_back_counts_by_itself():
    make.contacts(1)
    ask = ("ask", "condition", {"rule": {"rule": "tag", "name": "vip"}})
    later = ("later", "wait", {"amount": 1, "unit": "days"})
    ways = "in>mail mail>rest rest>ask ask:yes>mail ask:no>later later>mail"
    graph = make.graph(("in", "now", {}), MAIL, REST, ask, later, edges=ways)
    scenario = played(graph, 9, most_rounds=2)
    # Two rests on each round, and the third return is refused.
    assert Execution.objects.values_list("state", "node").get() == ("exited", "later")
    assert Message.objects.count() == 3
    assert counted(scenario)["later left:next"] == 2


def test_reminders_that_go_back_by_the_timeout_end_when_the_event_happens_or_after_so_many():
    make.contacts(1)
    graph = make.graph(
        ("in", "now", {}),
        ("rest", "wait_for", {"event": "order.placed", "amount": 1, "unit": "days"}),
        MAIL,
        edges="in>rest rest:timeout>mail mail>rest",
    )
    assert validation.problems(graph) == []
    played(graph, 6, most_rounds=2)
    assert Message.objects.count() == 3
    assert Execution.objects.values_list("state", "node").get() == ("exited", "mail")


# Scenarios that let in by what they do


def listening(event: str, *nodes: tuple, rule: Any = None, name: str = "Circle", **fields: Any) -> Scenario:
    places = ["in", *(node[0] for node in nodes)]
    edges = " ".join(f"{a}>{b}" for a, b in pairwise(places))
    trigger = ("in", "on_event", {"event": event, "filter": rule})
    return make.scenario(make.graph(trigger, *nodes, edges=edges), name=name, **fields)


def by(scenario: Scenario) -> dict[str, Any]:
    return {"rule": "property", "field": "scenario", "op": "equals", "value": scenario.pk}


@pytest.mark.parametrize(
    ("event", "node", "warned"),
    [
        ("email.sent", MAIL, True),
        ("sms.sent", MAIL, False),
        ("email.opened", MAIL, False),
        ("tag.added", ("tag", "tag", {"add": ["x"]}), True),
        ("tag.removed", ("tag", "tag", {"add": ["x"]}), False),
        ("contact.updated", ("set", "update_contact", {"set": {"plan": "x"}}), True),
        ("order.placed", MAIL, False),
    ],
)
def test_a_scenario_that_makes_its_own_event_is_warned_of(event, node, warned):
    assert bool(circling.warnings(listening(event, node))) == warned
    assert circling.warnings(listening(event, node, reentry="once")) == []


def test_with_a_filter_the_warning_asks_to_look_at_it():
    rule = {"rule": "property", "field": "tag", "op": "equals", "value": "vip"}
    (sentence,) = circling.warnings(listening("tag.added", ("tag", "tag", {"add": ["x"]}), rule=rule))
    assert "Make sure that the filter" in sentence


def test_two_that_let_in_by_each_others_passes_are_warned_of():
    first = listening("scenario.completed", name="First")
    assert circling.warnings(first) == []
    second = listening("scenario.completed", name="Second", rule=by(first))
    assert circling.warnings(second) == [], "a draft tells nobody of its passes and nobody of others'"
    starting.start(first, NOW)
    (sentence,) = circling.warnings(second)
    assert "“First”" in sentence
    third = listening("scenario.entered", name="Third", rule=by(second))
    assert circling.warnings(third) == []


def test_the_start_dialog_shows_the_warning(admin_client):
    scenario = listening("email.sent", MAIL)
    html = admin_client.get(reverse("scenario_start", args=[scenario.pk])).content.decode()
    assert "they would come in again and again" in html
