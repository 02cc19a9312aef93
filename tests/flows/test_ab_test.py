"""Chance decides which way a contact goes, once and for all."""

from collections import Counter

import pytest
from django.http import QueryDict

from flows import starting
from flows.models import Execution, Step
from flows.nodes import registry
from flows.nodes.ab_test import drawn
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

LOTS = [f"3:n1:{contact}" for contact in range(10_000)]


def chosen(**weights: float) -> list[str]:
    return [drawn(lot, list(weights.items())) for lot in LOTS]


@pytest.mark.parametrize("weights", [{"a": 50, "b": 50}, {"a": 1, "b": 3}, {"a": 5, "b": 2, "c": 2, "d": 1}])
def test_everybody_gets_a_variant_about_as_often_as_its_share(weights):
    found = Counter(chosen(**weights))
    for port, weight in weights.items():
        assert found[port] / len(LOTS) == pytest.approx(weight / sum(weights.values()), abs=0.02)


def test_nobody_gets_a_variant_of_share_zero():
    assert set(chosen(a=0, b=1, c=0)) == {"b"}


def test_other_numbers_of_the_same_shares_move_nobody():
    assert chosen(a=1, b=1) == chosen(a=50, b=50)


def test_a_larger_share_only_draws_contacts_to_itself_and_no_more_than_it_must():
    before, after = chosen(a=50, b=50, c=0), chosen(a=50, b=100, c=0)
    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {("a", "b")}
    assert len(moved) / len(LOTS) == pytest.approx(100 / 150 - 1 / 2, abs=0.02)


def test_a_new_variant_takes_its_contacts_from_the_others_alike():
    before, after = chosen(a=1, b=1), chosen(a=1, b=1, c=1)
    moved = Counter((old, new) for old, new in zip(before, after, strict=True) if old != new)
    assert set(moved) == {("a", "c"), ("b", "c")}
    assert moved["a", "c"] / len(LOTS) == pytest.approx(1 / 6, abs=0.02)


def test_nodes_and_scenarios_draw_independently():
    other = [drawn(f"3:n2:{contact}", [("a", 1), ("b", 1)]) for contact in range(10_000)]
    both = Counter(zip(chosen(a=1, b=1), other, strict=True))
    assert all(n / len(LOTS) == pytest.approx(1 / 4, abs=0.02) for n in both.values())


@pytest.mark.django_db
def test_a_contact_who_comes_again_gets_the_same_variant():
    make.contacts(30)
    variants = [{"name": "Short", "weight": 1}, {"name": "Long", "weight": 1}]
    graph = make.graph(
        ("in", "now", {}),
        ("test", "ab_test", {"variants": variants}),
        ("rest", "wait", {"amount": 1, "unit": "days"}),
        edges="in>test test:a>rest rest>test",
    )
    scenario = make.scenario(graph, most_rounds=2)
    starting.start(scenario, NOW)
    for _ in range(4):
        until_still(max(Execution.objects.exclude(due_at=None).values_list("due_at", flat=True), default=NOW))
    taken = Counter(Step.objects.filter(node="test").values_list("execution_id", "outcome"))
    assert len(taken) == 30 and set(taken.values()) == {1, 3}
    labels = {port.name: port.label for port in registry()["ab_test"].ports({"variants": variants})}
    assert labels == {"a": "Short", "b": "Long"}


def test_the_dialogs_rows_are_read_in_their_order():
    posted = QueryDict("variants.name=Short&variants.weight=1&variants.name=&variants.weight=2.5")
    form = registry()["ab_test"].form(posted)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["variants"] == [{"name": "Short", "weight": 1}, {"name": "B", "weight": 2.5}]
