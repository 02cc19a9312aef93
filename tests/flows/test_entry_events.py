"""What the event said by which a contact entered can be asked and written all along the way."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Message
from contacts import timeline
from flows import starting, triggering, validation
from flows.models import Execution, Step
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def about(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"rule": "property", "field": field, "op": op, "value": value}


def asking(rule: Any, trigger: tuple[str, dict] = ("on_event", {"event": "api.call"})) -> dict[str, Any]:
    return make.graph(
        ("in", *trigger),
        ("rest", "wait", {"amount": 1, "unit": "days"}),
        ("ask", "condition", {"rule": rule}),
        ("mail", "email", {"subject": "Your {{ event.product }}", "body": "<p>Hello</p>"}),
        edges="in>rest rest>ask ask:yes>mail",
    )


def answers() -> list[str]:
    return list(Step.objects.filter(node="ask").order_by("execution_id").values_list("outcome", flat=True))


def test_a_condition_and_a_template_read_the_context_of_the_call_that_let_in():
    ann, ben, cleo = make.contacts(3)
    scenario = make.scenario(asking({"all": [about("total", "greater", 50), {"not": {"rule": "tag", "name": "x"}}]}))
    starting.start(scenario, NOW)
    for contact, context in ((ann, {"total": 80, "product": "lamp"}), (ben, {"total": 20}), (cleo, {})):
        assert triggering.call(scenario, [contact], context, NOW) == 1
    # What happens to them later is another matter.
    timeline.record_for([ben], "api.call", {"total": 99}, NOW)
    until_still(NOW)
    until_still(NOW + DAY)
    assert answers() == ["yes", "no", "no"]
    event = Execution.objects.get(contact=ann).event_id
    assert Message.objects.get().event_id == event


def test_what_is_not_so_of_an_event_that_does_not_say_is_so():
    ann, ben = make.contacts(2)
    scenario = make.scenario(asking({"not": about("total", "greater", 50)}))
    starting.start(scenario, NOW)
    triggering.call(scenario, [ann], {"total": 80}, NOW)
    triggering.call(scenario, [ben], {}, NOW)
    until_still(NOW)
    until_still(NOW + DAY)
    assert answers() == ["no", "yes"]


def test_passes_side_by_side_each_ask_about_their_own_event_and_their_own_messages():
    (ann,) = make.contacts(1)
    clicked = {"rule": "message", "did": "clicked", "node": "first"}
    graph = make.graph(
        ("in", "on_event", {"event": "api.call"}),
        ("first", "email", {"subject": "Hello", "body": "<p>Hello</p>"}),
        ("rest", "wait", {"amount": 1, "unit": "days"}),
        ("ask", "condition", {"rule": about("total", "greater", 50)}),
        ("ask2", "condition", {"rule": clicked}),
        edges="in>first first>rest rest>ask ask:yes>ask2 ask:no>ask2",
    )
    scenario = make.scenario(graph, reentry="every_time")
    starting.start(scenario, NOW)
    for total in (80, 20, 90):
        assert triggering.call(scenario, [ann], {"total": total}, NOW) == 1
    until_still(NOW)
    second = Execution.objects.order_by("pk")[1]
    Message.objects.filter(origin_pass=second.pk).update(state="sent", clicked_at=NOW)
    until_still(NOW + DAY)
    assert answers() == ["yes", "no", "yes"]
    assert list(Step.objects.filter(node="ask2").order_by("execution_id").values_list("outcome", flat=True)) == [
        "no",
        "yes",
        "no",
    ]


def test_where_contacts_enter_without_an_event_there_is_nothing_to_ask():
    graph = asking({"any": [about("total", "greater", 50), {"rule": "tag", "name": "x"}]}, ("now", {}))
    assert [(problem.node, problem.message) for problem in validation.problems(graph)] == [
        ("ask", "A rule asks about the event by which contacts enter, and “Now” is none.")
    ]
    inside = {"rule": "event", "name": "order.placed", "where": [about("total", "greater", 50)]}
    assert validation.problems(asking(inside, ("now", {}))) == []
