"""Every comparison with every value over everything that can be held, against the naive evaluator."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from contacts import segments
from contacts.models import Contact, Installation
from contacts.segments import operators
from contacts.segments.operators import OPERATORS
from tests.contacts.reference_comparing import compare
from tests.contacts.reference_world import World
from tests.contacts.rule_strategies import DAYS, LOCAL, NOW, NUMBERS, TEXT_NUMBERS, WORDS, WRONG

HELD = [*DAYS, *LOCAL, *WRONG, *WORDS, *NUMBERS, *TEXT_NUMBERS, True, False, None, "", [], ["Paris", 5], {"a": 1}, 1e25]
MISSING = object()
ORDERED = [*DAYS, *LOCAL, *NUMBERS, *TEXT_NUMBERS]
VALUES = {
    "text": [*DAYS, *WRONG, *WORDS, *NUMBERS, *TEXT_NUMBERS, True, False],
    "list": [["Paris", 5], [True, "007", "2026-03-01"]],
    "order": ORDERED,
    "pair": [*product([*DAYS, *LOCAL], repeat=2), *product([*NUMBERS, *TEXT_NUMBERS], repeat=2)],
    "date": [*DAYS, *LOCAL],
    "days": [0, 1, 28, "30", 36500],
    "nothing": [None],
}


def asked(takes: str, values: Iterable | None = None) -> list:
    """Pairs the wrong way round are refused."""
    made = [list(value) if isinstance(value, tuple) else value for value in values or VALUES[takes]]
    return [pair for pair in made if not operators.problems("between", pair)] if takes == "pair" else made


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.key)
def test_an_attribute_is_compared_as_the_reference_says(db, operator):
    world = World(NOW, ZoneInfo("Europe/Paris"))
    Installation.objects.create(pk=1, timezone="Europe/Paris")
    rows = [Contact(attributes={} if held is MISSING else {"k": held}, created_at=NOW, updated_at=NOW)
            for held in [*HELD, MISSING]]  # fmt: skip
    held = {row.pk: row.attributes.get("k") for row in Contact.objects.bulk_create(rows)}
    for value in asked(operator.takes):
        rule = {"rule": "attribute", "field": "k", "op": operator.key, "value": value}
        expected = {id for id, item in held.items() if compare(item, operator.key, value, world)}
        found = segments.matching(rule, list(held), NOW)
        assert found == expected, (value, [held[id] for id in found ^ expected])


@pytest.mark.parametrize("operator", [o for o in OPERATORS.values() if o.of_dates], ids=lambda operator: operator.key)
def test_the_time_of_creation_is_compared_as_the_reference_says(db, operator):
    world = World(NOW, ZoneInfo("Europe/Paris"))
    Installation.objects.create(pk=1, timezone="Europe/Paris")
    moments = [NOW + timedelta(minutes=30 * n) for n in range(-200, 100)]
    rows = [Contact(created_at=at, updated_at=NOW) for at in moments]
    held = {row.pk: row.created_at for row in Contact.objects.bulk_create(rows)}
    values = [*product([*DAYS, *LOCAL], repeat=2)] if operator.takes == "pair" else [*DAYS, *LOCAL]
    for value in asked(operator.takes, None if operator.takes in ("days", "nothing") else values):
        rule = {"rule": "attribute", "field": "created_at", "op": operator.key, "value": value}
        expected = {id for id, item in held.items() if compare(item, operator.key, value, world)}
        found = segments.matching(rule, list(held), NOW)
        assert found == expected, (value, [held[id] for id in found ^ expected])


@pytest.mark.parametrize(
    ("sign", "operator"),
    [("=", "equals"), ("!=", "not_equals"), ("not", "not_equals"), (">", "greater"), (">=", "at_least"), ("<", "less"),
     ("<=", "at_most")],
)  # fmt: skip
def test_signs_are_other_spellings_of_operators(db, sign, operator):
    rows = [Contact(attributes={"k": n}, created_at=NOW, updated_at=NOW) for n in (4, 5, 6)]
    ids = [row.pk for row in Contact.objects.bulk_create(rows)]
    signed, spelt = (
        segments.matching({"rule": "attribute", "field": "k", "op": op, "value": 5}, ids, NOW)
        for op in (sign, operator)
    )
    assert signed == spelt
    assert 0 < len(signed) < 3
