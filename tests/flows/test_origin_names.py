"""What messages of scenarios belong to, by the key of their origin."""

import pytest

from campaigns.origins import places
from contacts.models import Segment
from flows import deleting, saving
from flows.graph import parse
from flows.models import Scenario
from flows.origin_names import variants_of
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
MAIL = {"subject": "Hi", "body": "<p>Hi</p>"}
VARIANTS = {"variants": [{"name": "Short", "weight": 1}, {"name": "Long", "weight": 1}]}


def test_a_node_belongs_to_the_variant_whose_port_alone_leads_to_it():
    graph = make.graph(
        ("in", "now", {}),
        ("test", "ab_test", VARIANTS),
        ("short", "email", MAIL),
        ("inner", "ab_test", VARIANTS),
        ("deep", "email", MAIL),
        ("other", "email", MAIL),
        ("both", "email", MAIL),
        edges="in>test test:a>short short>both test:b>inner inner:a>deep inner:b>other deep>both other>both",
    )
    found = {node: variant.key for node, variant in variants_of(parse(graph), 5).items()}
    assert found == {
        "short": "scenario:5:test:a",
        "inner": "scenario:5:test:b",
        "deep": "scenario:5:inner:a",
        "other": "scenario:5:inner:b",
    }


def test_nodes_are_called_by_their_names_also_when_they_were_taken_out_or_their_scenario_is_gone(
    django_assert_max_num_queries,
):
    regulars = Segment.objects.create(name="Regulars", rule={"all": []})
    before = make.graph(("in", "now", {"segment": regulars.pk}), ("old", "email", MAIL), edges="in>old")
    after = make.graph(
        ("in", "now", {"segment": regulars.pk}), ("new", "email", MAIL | {"name": "Hello"}), edges="in>new"
    )
    scenario = make.scenario(before, name="Spring")
    saving.save(Scenario.objects.get(pk=scenario.pk), after, {}, None, scenario.flow.number, NOW)
    gone = make.scenario(before, name="Gone")
    deleting.delete(gone)
    keys = [f"scenario:{scenario.pk}:old", f"scenario:{scenario.pk}:new", f"scenario:{scenario.pk}:never",
            f"scenario:{gone.pk}:old", "else:3"]  # fmt: skip
    with django_assert_max_num_queries(8):
        found = places(keys)
    assert [found[key].label for key in keys] == [
        "Spring · Email: “Hi”", "Spring · Hello", "Spring · never, removed", f"Scenario {gone.pk}, deleted", "else:3",
    ]  # fmt: skip
    assert found[keys[0]].segments == (regulars.pk,)
