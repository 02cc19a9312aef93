"""Segment pages, the builder's fragments and the form field, as a browser would ask for them."""

import json

import pytest
from django import forms
from django.urls import reverse

from contacts import segments
from contacts.models import ContactTag, Event, Segment, Tag
from contacts.segments import sizing
from contacts.segments.drawing import JOINS
from contacts.segments.forms import RuleField, place_of
from tests import make
from tests.make import NOW

VIP = {"rule": "tag", "name": "vip"}


@pytest.fixture
def marketer(admin_client):
    return admin_client


def tagged(email: str, tag: str = "vip"):
    contact = make.contact(email)
    ContactTag.objects.create(contact=contact, tag=Tag.objects.get_or_create(name=tag)[0], at=NOW)
    return contact


def test_a_segment_is_made_shown_changed_and_deleted_in_its_pages(marketer):
    tagged("ann@example.com")
    make.contact("bob@example.com")
    assert "No segments yet" in marketer.get(reverse("segment_list")).text
    marketer.post(reverse("segment_create"), {"name": "Best", "rule": json.dumps({"all": [VIP]})})
    segment = Segment.objects.get()
    assert segment.rule == {"all": [VIP]}
    assert "Has the tag “vip”" in marketer.get(reverse("segment_list")).text
    assert "Has the tag “vip”" in marketer.get(reverse("segment_page", args=[segment.pk])).text
    counted = marketer.get(reverse("segment_count", args=[segment.pk])).text
    assert 'data-count="1"' in counted
    assert "ann@example.com" in counted
    assert "bob@example.com" not in counted
    segment.refresh_from_db()
    assert segment.size == 1
    marketer.post(reverse("segment_edit", args=[segment.pk]), {"name": "Everybody", "rule": ""})
    segment.refresh_from_db()
    assert (segment.name, segment.rule, segment.size) == ("Everybody", {"all": []}, None)
    marketer.post(reverse("segment_delete", args=[segment.pk]))
    assert not Segment.objects.exists()


def test_search_finds_segments_by_a_part_of_their_name(marketer):
    for name in ("Customers in Paris", "Sleepers"):
        Segment.objects.create(name=name)
    shown = marketer.get(reverse("segment_list"), {"q": "paris"}).text
    assert "Customers in Paris" in shown
    assert "Sleepers" not in shown
    assert "No segment matches" in marketer.get(reverse("segment_list"), {"q": "nobody\x00"}).text


def test_a_used_segment_is_not_deleted_and_says_by_what_it_is_used(marketer):
    used = Segment.objects.create(name="Used", rule=VIP)
    Segment.objects.create(name="User", rule={"not": {"any": [{"rule": "segment", "id": used.pk}]}})
    asked = marketer.get(reverse("segment_delete", args=[used.pk]), headers={"HX-Request": "true"}).text
    assert "User" in asked
    assert "<html" not in asked
    answer = marketer.post(reverse("segment_delete", args=[used.pk]), follow=True)
    assert "is used by segment “User”" in answer.text
    assert Segment.objects.filter(pk=used.pk).exists()


def test_a_scenario_uses_the_segments_its_graph_names(marketer):
    from flows.models import Flow, Scenario

    by_audience, by_rule = Segment.objects.create(name="Audience"), Segment.objects.create(name="Rule")
    scenario = Scenario.objects.create(name="Welcome")
    rule = {"all": [{"rule": "segment", "id": by_rule.pk}]}
    nodes = [
        {"id": "n1", "type": "now", "x": 0, "y": 0, "config": {"segment": by_audience.pk}},
        {"id": "n2", "type": "condition", "x": 0, "y": 0, "config": {"rule": rule}},
    ]
    scenario.flow = Flow.objects.create(scenario=scenario, number=1, graph={"nodes": nodes, "edges": []})
    scenario.save()
    for segment in (by_audience, by_rule):
        marketer.post(reverse("segment_delete", args=[segment.pk]))
        assert Segment.objects.filter(pk=segment.pk).exists()
    unused = Segment.objects.create(name="Unused")
    marketer.post(reverse("segment_delete", args=[unused.pk]))
    assert not Segment.objects.filter(pk=unused.pk).exists()


@pytest.mark.parametrize("rule", ["{", "[" * 100_000, '{"any": []}', json.dumps({"rule": "tag"}), '"x"', "5"])
def test_a_bad_rule_comes_back_with_its_problem_beside_the_field(marketer, rule):
    answer = marketer.post(reverse("segment_create"), {"name": "Bad", "rule": rule})
    assert answer.status_code == 200
    assert answer.context["form"].errors["rule"]
    assert not Segment.objects.exists()


def test_two_segments_cannot_have_the_same_name(marketer):
    Segment.objects.create(name="Best")
    answer = marketer.post(reverse("segment_create"), {"name": "best", "rule": ""})
    assert "Another segment has this name." in answer.text


def test_the_builder_draws_every_group_and_every_kind_with_its_values(marketer):
    rule = {
        "all": [
            {"not": {"any": [VIP, {"not": {"all": [{"rule": "consent", "channel": "sms", "is": "unknown"}]}}]}},
            {"rule": "attribute", "field": "age", "op": "between", "value": [18, 25]},
            {"rule": "attribute", "field": "city", "op": "in", "value": ["Paris", "Lyon, Rhône"]},
            {
                "rule": "event",
                "name": "order",
                "count": {"op": ">=", "n": 2},
                "within": {"amount": 30, "unit": "days"},
                "where": [{"field": "amount", "op": "greater", "value": 50}],
            },
        ]
    }
    segment = Segment.objects.create(name="Drawn", rule=rule)
    page = marketer.get(reverse("segment_edit", args=[segment.pk])).text
    for key in ("data-group", 'value="vip"', "Lyon, Rhône", 'value="18"', 'value="25"', 'value="30"', 'value="amount"'):
        assert key in page
    for label in JOINS.values():
        assert label in page
    assert "style=" not in page
    assert "onclick" not in page
    assert 'value="{&quot;all&quot;: [{&quot;not&quot;' in page


def test_hostile_text_in_a_rule_is_shown_as_text(marketer):
    segment = Segment.objects.create(name="<b>", rule={"rule": "tag", "name": "<script>alert(1)</script>"})
    for url in ("segment_page", "segment_edit"):
        assert "<script>alert" not in marketer.get(reverse(url, args=[segment.pk])).text


def test_the_controls_of_a_kind_follow_what_was_chosen_so_far(marketer):
    def row(rule: dict, scope: segments.Scope | None = None) -> str:
        asked = {"rule": json.dumps(rule), "place": place_of(scope or segments.Scope())}
        return marketer.get(reverse("rule_row"), asked).text

    assert 'data-key="name"' in row({"rule": "tag"})
    assert 'type="date"' in row({"rule": "attribute", "field": "born", "op": "before"})
    assert 'data-key="value"' not in row({"rule": "attribute", "field": "born", "op": "is_set"})
    assert 'data-key="within.amount"' not in row({"rule": "event"})
    assert 'data-key="within.amount"' in row({"rule": "event", "within": {"unit": "days"}})
    assert 'value="7"' in row({"rule": "event", "count": {"op": ">=", "n": 7}})
    assert 'data-key="field"' in row({"rule": "property"})
    assert row({"rule": "nonsense"}).strip() == ""
    assert marketer.get(reverse("rule_row"), {"rule": "[" * 9000, "place": "]"}).status_code == 200


def test_the_preview_counts_explains_or_says_what_is_wrong(marketer):
    tagged("ann@example.com")
    make.contact("bob@example.com")

    def preview(rule: object, scope: segments.Scope | None = None) -> str:
        asked = {"rule": json.dumps(rule) if rule else "", "place": place_of(scope or segments.Scope(), "rule")}
        return marketer.post(reverse("rule_preview"), asked).text

    assert 'data-count="1"' in preview({"all": [VIP]})
    assert "ann@example.com" in preview({"all": [VIP]})
    assert 'data-count="2"' in preview(None)
    assert "Choose a tag." in preview({"all": [{"rule": "tag"}]})
    assert "Choose what the rule is about" in preview({"all": [{"rule": ""}]})
    of_event = preview({"rule": "property", "field": "amount", "op": ">", "value": 5}, segments.Scope(event=True))
    assert "Amount is greater than 5" in of_event
    assert "data-count" not in of_event


def test_suggestions_are_what_is_in_use(marketer):
    contact = make.contact("ann@example.com", attributes={"city": "Paris", "age": 5, "deep": {"a": 1}}, language="fr")
    Tag.objects.create(name="vip")
    for name in ("order", "order", "visit"):
        Event.objects.create(contact=contact, name=name, properties={"sku": "A1"}, at=NOW)

    def options(**asked: str) -> list[str]:
        return marketer.get(reverse("rule_suggestions"), asked).json()["options"]

    assert options(of="tags", q="VI") == ["vip"]
    assert options(of="attributes", q="cit") == ["city"]
    assert options(of="attributes-values", field="city") == ["Paris"]
    assert options(of="attributes-values", field="age") == ["5"]
    assert options(of="attributes-values", field="deep") == []
    assert options(of="attributes-values", field="language") == ["fr"]
    assert options(of="attributes-values", field="email") == []
    assert options(of="events") == ["order", "visit"]
    assert options(of="properties") == ["sku"]
    assert options(of="properties-values", field="sku", q="a") == ["A1"]
    assert options(of="anything", q="\x00") == []


@pytest.mark.parametrize("url", ["segment_list", "segment_create", "rule_suggestions", "rule_row"])
def test_pages_ask_for_a_login_and_a_permission(client, django_user_model, url):
    assert client.get(reverse(url)).status_code == 302
    client.force_login(django_user_model.objects.create_user("guest"))
    assert client.get(reverse(url)).status_code == 403


class ConditionForm(forms.Form):
    rule = RuleField(scope=segments.Scope(origin="scenario:1"), nodes=[("n1", "Hello")])
    filter = RuleField(scope=segments.Scope(event=True), required=False)


def test_a_form_bound_to_a_saved_config_gives_the_tree_back(db):
    config = {"rule": {"all": [VIP]}, "filter": {"rule": "property", "field": "a", "op": "is_set"}}
    form = ConditionForm(config)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == config
    assert str(form["rule"]).count("<rule-tree") == 1
    assert ConditionForm({"rule": json.dumps(config["rule"]), "filter": ""}).is_valid()


def test_a_required_rule_and_a_rule_out_of_place_are_refused(db):
    form = ConditionForm({"rule": "", "filter": ""})
    assert form.errors["rule"] == ["Add at least one rule."]
    form = ConditionForm({"rule": {"rule": "property", "field": "a", "op": "is_set"}})
    assert "there is an event" in form.errors["rule"][0]


def test_the_nodes_of_one_form_are_not_those_of_the_next(db):
    first, second = ConditionForm(), ConditionForm()
    first.fields["rule"].nodes = [("n9", "Bye")]
    assert second.fields["rule"].nodes == (("n1", "Hello"),)
    assert "n9" in str(first["rule"])
    assert "n9" not in str(second["rule"])


def test_sizes_are_counted_one_by_one_and_not_again_while_fresh(db):
    tagged("ann@example.com")
    make.contact("bob@example.com")
    Segment.objects.create(name="Best", rule=VIP)
    Segment.objects.create(name="Broken", rule={"rule": "nonsense"})
    Segment.objects.create(name="Everybody")
    assert [sizing.refresh(NOW) for _ in range(4)] == [True, True, True, False]
    assert dict(Segment.objects.values_list("name", "size")) == {"Best": 1, "Broken": None, "Everybody": 2}
    assert sizing.refresh(NOW + 2 * sizing.FRESH)
