"""Who may enter a scenario again, and what the database makes of two who let the same contact in at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from flows import claiming, engine, entering, reentry, starting
from flows.models import Execution, Scenario, Step
from tests import make
from tests.flows.at_once import at_once
from tests.flows.drive import until_still
from tests.make import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ORDERS = make.graph(
    ("in", "on_event", {"event": "order.placed"}),
    ("wait", "wait", {"amount": 3, "unit": "hours"}),
    edges="in>wait",
)


def started(mode: str, **fields: object) -> Scenario:
    scenario = make.scenario(ORDERS, reentry=mode, **fields)
    starting.start(scenario, NOW)
    return scenario


def enter(scenario: Scenario, contacts: list[int], at: datetime) -> int:
    with transaction.atomic():
        (locked,) = claiming.running([scenario.pk])
        return entering.enter(locked, contacts, [None] * len(contacts), at)


def states(contact: int) -> list[str]:
    return list(Execution.objects.filter(contact_id=contact).order_by("pk").values_list("state", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "hours", "expected"),
    [
        # Entries are tried at once, after one hour (still inside), after four (has left), and after nine.
        ("once", None, [1, 0, 0, 0]),
        ("not_while_inside", None, [1, 0, 1, 1]),
        ("restart", None, [1, 1, 1, 1]),
        ("every_time", None, [1, 1, 1, 1]),
        ("spaced", 2, [1, 0, 1, 1]),
        ("spaced", 6, [1, 0, 0, 1]),
    ],
)
def test_each_mode_lets_in_when_it_says(mode, hours, expected):
    anna = make.contact("anna@example.com").pk
    scenario = started(mode, reentry_hours=hours)
    entries = []
    for later in (0, 1, 4, 9):
        until_still(NOW + later * HOUR)
        entries.append(enter(scenario, [anna], NOW + later * HOUR))
    assert entries == expected


@pytest.mark.django_db
def test_a_restart_ends_the_pass_before_and_begins_anew():
    anna = make.contact("anna@example.com").pk
    scenario = started("restart")
    enter(scenario, [anna], NOW)
    enter(scenario, [anna], NOW + HOUR)
    first, second = Execution.objects.filter(contact_id=anna).order_by("pk")
    assert (first.state, first.finished_at, first.single) == ("exited", NOW + HOUR, False)
    assert (second.state, second.due_at, second.single) == ("waiting", NOW + 4 * HOUR, True)
    last = Step.objects.filter(execution=first).order_by("number").last()
    assert (last.node, last.outcome, last.reason) == ("wait", "exited", "The contact entered anew.")


@pytest.mark.django_db
def test_passes_side_by_side_are_asked_their_own_conditions():
    graph = make.graph(
        ("in", "on_event", {"event": "order.placed"}),
        ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"}),
        ("wait", "wait", {"amount": 1, "unit": "hours"}),
        ("ask", "condition", {"rule": {"rule": "message", "did": "clicked", "node": "mail"}}),
        edges="in>mail mail>wait wait>ask",
    )
    make.local_outboxes()
    anna = make.contact("anna@example.com").pk
    scenario = make.scenario(graph, reentry="every_time")
    starting.start(scenario, NOW)
    enter(scenario, [anna], NOW)
    enter(scenario, [anna], NOW)
    first, second = Execution.objects.order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_message SET state = 'sent', clicked_at = %s WHERE origin_pass = %s", [NOW, second.pk]
        )
    engine.advance(NOW + HOUR)
    answers = dict(Step.objects.filter(node="ask").values_list("execution_id", "outcome"))
    assert answers == {first.pk: "no", second.pk: "yes"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["once", "not_while_inside", "spaced", "restart"])
def test_two_who_let_in_at_once_make_one_place(mode):
    ids = make.contacts(200)
    scenario = started(mode, reentry_hours=1)
    works: list[Callable[[], int]] = [lambda: enter(scenario, ids, NOW), lambda: enter(scenario, ids[::-1], NOW)]
    entries = sum(at_once(*works))
    inside = Execution.objects.filter(state="waiting")
    assert inside.count() == inside.values("contact").distinct().count() == 200
    assert entries == (400 if mode == "restart" else 200)
    assert Execution.objects.filter(state="exited").count() == entries - 200


@pytest.mark.django_db(transaction=True)
def test_every_time_lets_in_every_time_also_at_once():
    ids = make.contacts(100)
    scenario = started("every_time")
    assert sum(at_once(lambda: enter(scenario, ids, NOW), lambda: enter(scenario, ids, NOW))) == 200
    assert Execution.objects.filter(state="waiting", single=False).count() == 200


@pytest.mark.django_db
def test_another_mode_counts_for_those_who_were_in_before():
    anna, ben = make.contacts(2)
    scenario = started("every_time")
    enter(scenario, [anna, ben], NOW)
    enter(scenario, [anna], NOW + HOUR)
    until_still(NOW + 3 * HOUR)  # the first two passes are over, Anna's second is not
    reentry.change(scenario, "once", None)
    assert enter(scenario, [anna, ben], NOW + 3 * HOUR) == 0
    reentry.change(scenario, "not_while_inside", None)
    assert enter(scenario, [anna, ben], NOW + 3 * HOUR) == 1
    assert states(ben) == ["completed", "waiting"]
    reentry.change(scenario, "every_time", None)
    assert enter(scenario, [anna, ben], NOW + 3 * HOUR) == 2
    reentry.change(scenario, "not_while_inside", None)
    assert enter(scenario, [anna, ben], NOW + 3 * HOUR) == 0
    assert Execution.objects.filter(single=True).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["once", "not_while_inside", "spaced", "restart", "every_time"])
def test_entering_costs_the_same_few_queries_whatever_the_size(mode):
    def queries(count: int) -> int:
        scenario = started(mode, reentry_hours=1, name=f"{mode} {count}")
        ids = make.contacts(count, domain=f"{count}.example.com")
        enter(scenario, ids, NOW)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            enter(scenario, ids, NOW + HOUR)
        return len(captured)

    assert queries(5) == queries(50)
