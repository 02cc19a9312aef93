"""Rules know the types of defined attributes: what is suggested, which comparisons there are, and what is typed in."""

import json

import pytest
from django.urls import reverse

from contacts import segments
from contacts.models import Contact
from contacts.segments.drawing import row
from contacts.segments.forms import RuleField, place_of
from contacts.segments.suggesting import suggestions
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def rule(field, op="", value=None):
    given = {"rule": "attribute", "field": field, "op": op, "value": value}
    return {name: item for name, item in given.items() if item not in ("", None)}


def controls(config):
    return {control.key: control for control in row(config, segments.Scope()).controls}


def test_defined_attributes_are_suggested_first_with_their_labels():
    make.contact("a@example.com", attributes={"plan": "x", "planet": "y"})
    make.attribute("plan", label="Tariff")
    assert suggestions("attributes", "")[0] == {"value": "plan", "label": "Tariff"}
    assert suggestions("attributes", "plan") == [{"value": "plan", "label": "Tariff"}, "planet"]
    assert suggestions("attributes", "tariff") == [{"value": "plan", "label": "Tariff"}]
    make.attribute("size", "choice", choices=["S", "M"])
    assert suggestions("attributes-values", "", "size") == ["S", "M"]


@pytest.mark.parametrize(
    ("type", "op", "value", "drawn"),
    [
        ("number", "equals", 5, 'type="number"'),
        ("number", "between", [1, 2], 'type="number"'),
        ("boolean", "equals", False, '<option value="false" selected>'),
        ("date", "after", "2026-03-01", 'type="date"'),
        ("date", "between", ["2026-03-01", "2026-04-01"], 'type="date"'),
        ("choice", "equals", "Pro", '<option value="Pro" selected>'),
        ("choice", "equals", "Gold", '<option value="Gold" selected>Gold (no choice any more)</option>'),
        ("list", "contains", "Pro", '<option value="Pro" selected>'),
        ("text", "equals", "x", 'type="text"'),
    ],
)
def test_the_value_is_given_in_an_input_of_its_type(type, op, value, drawn):
    make.attribute("x", type, choices=["Basic", "Pro"])
    control = controls(rule("x", op, value))["value"]
    assert drawn in (control.parts[0] if control.parts else control.html)


def test_a_comparison_that_makes_no_sense_gives_way_until_a_value_is_there():
    make.attribute("likes", "list")
    assert '<option value="contains" selected>' in controls(rule("likes", "equals"))["op"].html
    kept = controls(rule("likes", "equals", "x"))["op"].html
    assert '<option value="equals" selected>' in kept and "starts_with" not in kept


def test_what_the_inputs_give_matches_what_is_kept():
    make.contact("ann@example.com", attributes={"seats": 5, "vip": True, "likes": ["Red"], "born": "1990-05-17"})
    make.contact("bob@example.com", attributes={"seats": "6", "vip": False, "likes": [], "born": "1991-05-17"})
    for asked in [
        rule("seats", "at_most", 5),
        rule("vip", "equals", True),
        rule("likes", "contains", "Red"),
        rule("born", "before", "1991-01-01"),
    ]:
        assert list(segments.audience(asked, NOW).values_list("email", flat=True)) == ["ann@example.com"], asked
    assert Contact.objects.count() == 2


def test_definitions_are_read_once_for_a_whole_tree(django_assert_max_num_queries):
    make.attribute("seats", "number")
    field = RuleField()
    with django_assert_max_num_queries(1):
        field.widget.render("rule", {"all": [rule("seats", "equals", number) for number in range(20)]})


def test_the_builders_requests_draw_typed_controls(admin_client):
    make.attribute("seats", "number")
    asked = {"rule": json.dumps(rule("seats", "equals", 5)), "place": place_of(segments.Scope())}
    page = admin_client.get(reverse("rule_row"), asked).text
    assert 'data-type="number"' in page and 'value="5"' in page and "data-typed" in page
    answer = admin_client.get(reverse("rule_suggestions"), {"of": "attributes", "q": "sea"}).json()
    assert answer == {"options": [{"value": "seats", "label": "Seats"}]}
