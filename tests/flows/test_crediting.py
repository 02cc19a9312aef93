"""Conversions are credited to the ports that their passes took, as the steps have it, and judged."""

import random
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaigns import conversion_stats
from campaigns.delivery import sending
from campaigns.models import Conversion, Message, Origin
from campaigns.objectives import set_objective
from contacts import timeline
from flows import crediting, saving, starting, stats, variants
from flows.counting import squash
from flows.models import NodeCount, Scenario, Step
from tests import make
from tests.campaigns.converted import until_read
from tests.flows.at_once import at_once
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOUGHT = {"kind": "event", "event": "bought", "value_property": "value", "currency_property": "currency"}
MAIL = {"subject": "Hello", "body": "<p>Hello</p>"}


def trial(shares: tuple[int, int] = (1, 1), edges: str = "in>first first>test test:a>short test:b>long") -> dict:
    variants = [{"name": "Short", "weight": shares[0]}, {"name": "Long", "weight": shares[1]}]
    return make.graph(
        ("in", "now", {}),
        ("first", "email", MAIL),
        ("test", "ab_test", {"variants": variants}),
        ("short", "email", MAIL),
        ("long", "email", MAIL),
        edges=edges,
    )


def started(graph: dict[str, Any], objective: dict[str, Any] = BOUGHT) -> Scenario:
    scenario = make.scenario(graph)
    saving.save(scenario, graph, objective, None, None, NOW)
    starting.start(scenario, NOW)
    until_still(NOW)
    while sending.work(NOW + timedelta(minutes=1)):
        pass
    return scenario


def buys(contact: int, at: Any, **properties: Any) -> None:
    timeline.record([timeline.NewEvent(contact, "bought", properties, at)], at)


def credit(now: Any = NOW + 9 * DAY) -> None:
    until_read(now)
    while crediting.credit(now):
        pass


def by_port(port: str, node: str = "test") -> list[int]:
    steps = Step.objects.filter(node=node, outcome=port).order_by("execution_id")
    return list(steps.values_list("execution__contact_id", flat=True))


def counted(scenario: Scenario) -> dict[str, tuple[int, int, dict[str, Decimal]]]:
    """(taken, converted, revenue) by the variant's name."""
    found = variants.compared(scenario)["test"]
    return {name: (one.shown, one.converted, revenue) for name, one, revenue in found.rows}


def test_a_conversion_counts_for_the_port_that_its_pass_took():
    make.contacts(20)
    scenario = started(trial())
    short, long = by_port("a"), by_port("b")
    assert len(short) + len(long) == 20 and short and long
    for place, contact in enumerate(short[:3]):
        buys(contact, NOW + (1 + place) * DAY, value=10, currency="EUR")
    buys(long[0], NOW + DAY, value="2.5", currency="USD")
    credit()
    assert counted(scenario) == {
        "Short": (len(short), 3, {"EUR": Decimal(30)}),
        "Long": (len(long), 1, {"USD": Decimal("2.5")}),
    }
    nodes = stats.report(scenario)["nodes"]
    assert (nodes["short"]["converted"], nodes["short"]["revenue"]) == (3, {"EUR": "30.00"})
    assert nodes["short"]["conversion_rate"] == round(3 / len(short), 4)
    assert (nodes["first"]["converted"], nodes["first"]["revenue"]) == (0, {})
    assert nodes["test"]["variants"]["a"]["name"] == "Short"
    assert nodes["test"]["verdict"].startswith("Too early: each variant needs 100 contacts")
    assert stats.live(scenario)["long"]["converted"] == 1


def test_what_was_bought_before_the_test_counts_for_no_port():
    (ada,) = make.contacts(1)
    graph = trial(edges="in>first first>rest rest>test test:a>short test:b>long")
    graph["nodes"].append({"id": "rest", "type": "wait", "x": 0, "y": 0, "config": {"amount": 1, "unit": "days"}})
    scenario = started(graph)
    buys(ada, NOW + HOUR, value=5)
    until_still(NOW + 2 * DAY)
    credit()
    assert Conversion.objects.count() == 1
    assert {converted for _, converted, _ in counted(scenario).values()} == {0}
    buys(ada, NOW + 3 * DAY, value=7)
    credit()
    (port,) = [way for way in counted(scenario).values() if way[0]]
    assert port == (1, 1, {"EUR": 7})


def test_a_pass_that_converts_by_several_messages_or_orders_counts_once_with_all_that_it_brought():
    make.contacts(1)
    scenario = started(trial((1, 0), "in>first first>test test:a>short short>long"))
    (ada,) = by_port("a")
    for hour in (1, 2, 3):
        buys(ada, NOW + hour * HOUR, value=hour)
        if hour != 2:  # read apart, and together
            credit()
    assert counted(scenario)["Short"] == (1, 1, {"EUR": 6})


def test_shares_that_change_change_nothing_of_whom_a_conversion_counts_for():
    make.contacts(12)
    scenario = started(trial((1, 0)))
    ada, ben, *_ = by_port("a")
    buys(ada, NOW + DAY, value=1)
    saving.keep_draft(scenario, trial((0, 1)), None, None, None, NOW + DAY)
    saving.publish_draft(scenario, None, None, None, None, NOW + DAY)
    buys(ben, NOW + 2 * DAY, value=1)
    credit()
    assert counted(scenario) == {"Short": (12, 2, {"EUR": 2}), "Long": (0, 0, {})}


def test_every_passage_of_a_loop_counts_for_itself_with_the_port_it_took_then():
    (ada,) = make.contacts(1)
    edges = "in>first first>test test:a>rest test:b>rest rest>test"
    graph = trial((1, 0), edges)
    graph["nodes"].append({"id": "rest", "type": "wait", "x": 0, "y": 0, "config": {"amount": 1, "unit": "days"}})
    del graph["nodes"][3:5]
    scenario = started(graph)
    buys(ada, NOW + HOUR, value=1)
    other = {**graph, "nodes": [*graph["nodes"]]}
    other["nodes"][2] = trial((0, 1))["nodes"][2]
    saving.keep_draft(scenario, other, None, None, None, NOW + HOUR)
    saving.publish_draft(scenario, None, None, None, None, NOW + HOUR)
    until_still(NOW + DAY)
    buys(ada, NOW + DAY + HOUR, value=2)
    buys(ada, NOW + 2 * HOUR, value=4)  # late: it belongs to the first passage
    credit()
    assert counted(scenario) == {"Short": (1, 1, {"EUR": 5}), "Long": (1, 1, {"EUR": 2})}


def test_messages_of_campaigns_are_nobodys_passes():
    """Their passes are numbered by something else, which may be the number of an execution."""
    make.contacts(2)
    scenario = started(trial())
    Message.objects.filter(origin__key__endswith=":first").delete()
    for message in Message.objects.all():
        Origin.objects.filter(pk=message.origin_id).update(key=f"campaign:{message.pk}:a")
    for message in Message.objects.select_related("origin"):
        assert set_objective(message.origin.key, BOUGHT) == {}
        buys(message.contact_id, NOW + DAY, value=1)
    credit()
    assert Conversion.objects.count() == 2
    assert {converted for _, converted, _ in counted(scenario).values()} == {0}


def test_two_workers_credit_each_conversion_once(monkeypatch):
    monkeypatch.setattr(crediting, "SLICE", 3)
    make.contacts(40)
    scenario = started(trial())
    for contact in [*by_port("a"), *by_port("b")]:
        buys(contact, NOW + DAY, value=1)
    until_read(NOW + DAY)
    at_once(credit, credit)
    credit()
    assert sum(converted for _, converted, _ in counted(scenario).values()) == 40


def test_a_slice_is_credited_whole_or_not_at_all(monkeypatch):
    make.contacts(3)
    scenario = started(trial())
    for contact in [*by_port("a"), *by_port("b")]:
        buys(contact, NOW + DAY, value=1)
    until_read(NOW + DAY)

    def broken(self, **fields):
        raise RuntimeError("the worker dies")

    with monkeypatch.context() as patch:
        patch.setattr(crediting.Sweep, "save", broken)
        with pytest.raises(RuntimeError):
            crediting.credit(NOW + DAY)
    assert not NodeCount.objects.filter(metric__startswith="converted:").exists()
    credit()
    assert sum(converted for _, converted, _ in counted(scenario).values()) == 3


def test_crediting_costs_the_same_statements_whatever_its_number(django_assert_max_num_queries):
    make.contacts(60)
    started(trial())
    for contact in [*by_port("a"), *by_port("b")]:
        buys(contact, NOW + DAY, value=1)
    until_read(NOW + DAY)
    crediting.Sweep.objects.get_or_create(name=crediting.NAME)
    with django_assert_max_num_queries(8):
        crediting.credit(NOW + DAY)


def test_every_number_is_equal_to_a_recount(monkeypatch):
    """Random orders, read and credited in small slices: what pages show is what the steps and conversions give."""
    lots = random.Random(11)
    monkeypatch.setattr(crediting, "SLICE", 7)
    people = make.contacts(40)
    edges = "in>first first>test test:a>rest test:b>long long>rest rest>test"
    graph = trial((2, 1), edges)
    graph["nodes"][3] = {"id": "rest", "type": "wait", "x": 0, "y": 0, "config": {"amount": 1, "unit": "days"}}
    scenario = started(graph)
    for day in range(1, 5):
        until_still(NOW + day * DAY)
        while sending.work(NOW + day * DAY + HOUR):
            pass
        for _ in range(30):
            at = NOW + day * DAY + timedelta(hours=lots.randint(-24, 20), minutes=lots.randint(2, 50))
            buys(lots.choice(people), at, value=lots.randint(1, 9), currency=lots.choice(["EUR", "USD"]))
        if day != 2:
            credit()
        squash(NOW)
    steps = defaultdict(list)
    rows = Step.objects.filter(node="test").values_list("execution", "number", "outcome", "at")
    for execution, number, port, at in rows:
        steps[execution].append((number, port, at))
    converted, revenue, seen = Counter(), Counter(), set()
    for row in Conversion.objects.select_related("message").order_by("pk"):
        taken = [step for step in sorted(steps[row.message.origin_pass]) if step[2] < row.at]
        if taken:
            number, port, _ = taken[-1]
            revenue[port, row.currency] += row.value
            if (row.message.origin_pass, number) not in seen:
                seen.add((row.message.origin_pass, number))
                converted[port] += 1
    assert converted["a"] > 5 and converted["b"] > 5
    for port, name in (("a", "Short"), ("b", "Long")):
        way = counted(scenario)[name]
        assert way[:2] == (sum(port == p for s in steps.values() for _, p, _ in s), converted[port])
        assert way[2] == {currency: sum for (p, currency), sum in revenue.items() if p == port}
    firsts = Conversion.objects.filter(first=True).count()
    total = conversion_stats.of([scenario.origin])[scenario.origin]
    assert total["converted"] == firsts == sum(n.get("converted", 0) for n in stats.live(scenario).values())
    assert complaints(["first", "long"]) == {}
