"""Contacts wait for something to happen to them, and no longer than is given."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.models import Message
from contacts import timeline
from contacts.models import Event
from flows import claiming, engine, listening, pausing, starting, triggering, validation
from flows.models import Execution, Scenario, Step
from tests import make
from tests.contacts.other_connection import other_connection
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ORDER = {"event": "order.placed", "amount": 1, "unit": "hours"}
BIG = {"rule": "property", "field": "total", "op": "greater", "value": 50}
REMINDER = ("mail", "email", {"subject": "Your {{ event.product }}", "body": "<p>Still there</p>"})


def cart(rest: dict[str, Any] = ORDER, **fields: Any) -> Scenario:
    """A running scenario that reminds whoever leaves a cart, unless they order."""
    graph = make.graph(
        ("in", "on_event", {"event": "cart.updated"}),
        ("rest", "wait_for", rest),
        REMINDER,
        ("done", "end", {}),
        edges="in>rest rest:happened>done rest:timeout>mail",
    )
    scenario = make.scenario(graph, **fields)
    starting.start(scenario, NOW)
    return scenario


def happens(contact: int, name: str, at: Any = NOW, now: Any = None, **properties: Any) -> None:
    timeline.record([timeline.NewEvent(contact, name, properties, at=at)], now or at)


def where() -> list[tuple[str, str]]:
    return list(Execution.objects.order_by("pk").values_list("state", "node"))


def left_by(node: str = "rest") -> list[tuple[str, Any]]:
    return list(Step.objects.filter(node=node).order_by("execution_id", "number").values_list("outcome", "at"))


def test_who_orders_goes_on_at_once_and_who_does_not_is_reminded_after_an_hour():
    ann, ben = make.contacts(2)
    cart()
    for contact in (ann, ben):
        happens(contact, "cart.updated", product="lamp")
    until_still(NOW)
    assert set(Execution.objects.values_list("state", "node", "due_at")) == {("waiting", "rest", NOW + HOUR)}
    soon = NOW + timedelta(minutes=10)
    happens(ann, "order.placed", soon)
    until_still(soon)
    assert where() == [("completed", "done"), ("waiting", "rest")]
    until_still(NOW + HOUR)
    assert where() == [("completed", "done"), ("completed", "mail")]
    assert left_by() == [("happened", soon), ("timeout", NOW + HOUR)]


def test_the_event_that_templates_read_is_still_the_one_that_let_in():
    (ann,) = make.contacts(1)
    cart()
    happens(ann, "cart.updated", product="lamp")
    until_still(NOW)
    until_still(NOW + HOUR)
    assert Message.objects.get().event_id == Event.objects.get(name="cart.updated").pk


def test_only_an_event_that_passes_the_filter_wakes():
    (ann,) = make.contacts(1)
    cart({**ORDER, "filter": BIG})
    happens(ann, "cart.updated")
    until_still(NOW)
    for minutes, total in ((1, 20), (2, 80)):
        at = NOW + timedelta(minutes=minutes)
        happens(ann, "order.placed", at, total=total)
        until_still(at)
    assert left_by() == [("happened", NOW + timedelta(minutes=2))]


def test_a_filter_may_ask_about_a_message_of_this_pass():
    (ann,) = make.contacts(1)
    opened = {"rule": "message", "did": "opened", "node": "mail"}
    graph = make.graph(
        ("in", "now", {}),
        REMINDER,
        ("rest", "wait_for", {"event": "email.opened", "filter": opened, "amount": 1, "unit": "days"}),
        edges="in>mail mail>rest",
    )
    assert validation.problems(graph) == []
    starting.start(make.scenario(graph), NOW)
    until_still(NOW)
    happens(ann, "email.opened", NOW + HOUR)
    until_still(NOW + HOUR)
    assert left_by() == []
    Message.objects.update(state="sent", opened_at=NOW + 2 * HOUR)
    happens(ann, "email.opened", NOW + 2 * HOUR)
    until_still(NOW + 2 * HOUR)
    assert left_by() == [("happened", NOW + 2 * HOUR)]


def test_the_event_that_let_in_is_not_the_one_that_is_waited_for():
    (ann,) = make.contacts(1)
    cart({**ORDER, "event": "cart.updated"})
    happens(ann, "cart.updated")
    until_still(NOW)
    assert where() == [("waiting", "rest")]
    happens(ann, "cart.updated", NOW + timedelta(minutes=1))
    until_still(NOW + timedelta(minutes=1))
    assert where() == [("completed", "done")]


def test_what_happened_between_the_cart_and_its_being_noticed_counts():
    ann, ben = make.contacts(2)
    cart()
    happens(ann, "cart.updated", NOW)
    happens(ann, "order.placed", NOW + timedelta(seconds=5))
    happens(ben, "order.placed", NOW - timedelta(seconds=5))
    happens(ben, "cart.updated", NOW)
    noticed = NOW + timedelta(seconds=30)
    until_still(noticed)
    assert where() == [("completed", "done"), ("waiting", "rest")]


def test_what_happened_before_a_later_node_was_reached_does_not_count_there():
    (ann,) = make.contacts(1)
    graph = make.graph(
        ("in", "on_event", {"event": "cart.updated"}),
        ("pause", "wait", {"amount": 1, "unit": "hours"}),
        ("rest", "wait_for", ORDER),
        edges="in>pause pause>rest",
    )
    starting.start(make.scenario(graph), NOW)
    happens(ann, "cart.updated")
    until_still(NOW)
    happens(ann, "order.placed", NOW + timedelta(minutes=30))
    until_still(NOW + HOUR)
    assert Execution.objects.values_list("node", "due_at").get() == ("rest", NOW + 2 * HOUR)


def test_what_happened_in_time_and_is_read_late_wins_over_the_timeout():
    ann, ben = make.contacts(2)
    cart()
    for contact in (ann, ben):
        happens(contact, "cart.updated")
    until_still(NOW)
    late = NOW + 3 * HOUR
    happens(ann, "order.placed", NOW + HOUR, late)
    happens(ben, "order.placed", NOW + HOUR + timedelta(seconds=1), late)
    until_still(late)
    assert where() == [("completed", "done"), ("completed", "mail")]


def test_days_are_those_of_the_contacts_own_calendar():
    (ann,) = make.contacts(1, timezone="Europe/Paris")
    cart({**ORDER, "amount": 1, "unit": "months"})
    happens(ann, "cart.updated")
    until_still(NOW)
    # Summer time has begun by then.
    assert Execution.objects.get().due_at == NOW + timedelta(days=31) - HOUR


def test_in_a_pause_it_is_noticed_and_they_go_on_after_it():
    ann, ben = make.contacts(2)
    scenario = cart({**ORDER, "unit": "days"})
    for contact in (ann, ben):
        happens(contact, "cart.updated")
    until_still(NOW)
    pausing.pause(scenario, NOW)
    happens(ann, "order.placed", NOW + HOUR)
    until_still(NOW + HOUR)
    assert where() == [("waiting", "rest")] * 2
    pausing.resume(scenario, NOW + 2 * HOUR)
    until_still(NOW + 2 * HOUR)
    assert where() == [("completed", "done"), ("waiting", "rest")]


def test_a_call_from_outside_enters_and_another_one_lets_go_on():
    (ann,) = make.contacts(1)
    graph = make.graph(
        ("in", "on_event", {"event": "api.call"}),
        ("rest", "wait_for", {**ORDER, "event": "api.call"}),
        edges="in>rest",
    )
    scenario = make.scenario(graph)
    starting.start(scenario, NOW)
    triggering.call(scenario, [ann], {}, NOW)
    until_still(NOW)
    assert where() == [("waiting", "rest")]
    assert triggering.call(scenario, [ann], {"paid": True}, NOW + timedelta(minutes=1)) == 0
    until_still(NOW + timedelta(minutes=1))
    assert left_by() == [("happened", NOW + timedelta(minutes=1))]


def test_an_event_that_was_read_before_they_came_to_rest_is_found_by_their_first_look():
    (ann,) = make.contacts(1)
    cart()
    happens(ann, "cart.updated")
    listening.listen(NOW)
    assert Execution.objects.values_list("node", "due_at").get() == ("rest", NOW)
    # As if the log had been read past it while the entry was not yet committed.
    happens(ann, "order.placed")
    timeline.skip_to_now(listening.CONSUMER)
    engine.advance(NOW)
    assert left_by() == [("happened", NOW)]


def test_an_event_that_is_read_while_they_are_being_laid_to_rest_wakes_them_afterwards():
    (ann,) = make.contacts(1)
    scenario = cart()
    happens(ann, "cart.updated")
    listening.listen(NOW)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute(
            "INSERT INTO contacts_event (contact_id, name, properties, at) VALUES (%s, 'order.placed', '{}', %s)",
            [ann, NOW],
        )
        with transaction.atomic():
            standings = claiming.claim(NOW, 10)
            (locked,) = claiming.running([scenario.pk])
            engine.carry([locked], standings, NOW)  # looks, and sees nothing
            other.execute("COMMIT")
            listener = threading.Thread(target=_listen)
            listener.start()
            listener.join(0.5)  # for as long as it does not wait for us
    listener.join()
    assert Execution.objects.get().due_at == NOW
    until_still(NOW)
    assert left_by() == [("happened", NOW)]


def _listen() -> None:
    try:
        listening.listen(NOW)
    finally:
        connection.close()


def test_many_cost_no_more_statements_than_few():
    cart({**ORDER, "filter": BIG})

    def statements(people: list[int], now: Any) -> int:
        for contact in people:
            happens(contact, "cart.updated", now)
        until_still(now)
        for contact in people[1:]:
            happens(contact, "order.placed", now + timedelta(minutes=1), total=80)
        with CaptureQueriesContext(connection) as queries:
            until_still(now + timedelta(minutes=1))
        return len(queries)

    statements(make.contacts(3, domain="warm.example"), NOW)
    few = statements(make.contacts(3, domain="few.example"), NOW + DAY)
    assert statements(make.contacts(80, domain="many.example"), NOW + 2 * DAY) <= few + 2


@pytest.mark.parametrize(("port", "refused"), [("timeout", False), ("happened", True)])
def test_only_the_way_out_after_the_time_is_up_may_lead_back(port, refused):
    tag = ("tag", "tag", {"add": ["reminded"]})
    graph = make.graph(("in", "now", {}), ("rest", "wait_for", ORDER), tag, edges=f"in>rest rest:{port}>tag tag>rest")
    assert bool(validation.problems(graph)) == refused
