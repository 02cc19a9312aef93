"""Graphs are read, and what is no graph is refused with sentences, never with a crash."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import graph as graphs
from flows import validation
from flows.graph import GraphError, parse
from tests import make

GOOD = make.graph(
    ("in", "now", {}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("ask", "condition", {"rule": {"rule": "tag", "name": "vip"}}),
    ("end", "end", {}),
    edges="in>wait wait>ask ask:yes>end",
)


def refusals(graph_json: object) -> list[str]:
    with pytest.raises(GraphError) as caught:
        parse(graph_json)
    return [problem.message for problem in caught.value.problems]


def changed(**parts: object) -> dict:
    return {**json.loads(json.dumps(GOOD)), **parts}


def test_ports_lead_on_or_end_the_way():
    graph = parse(GOOD)
    assert graph.trigger.id == "in"
    assert graph.follow("in", "next") == "wait"
    assert graph.follow("ask", "yes") == "end"
    assert graph.follow("ask", "no") is None
    assert graph.nodes["wait"].config == {"amount": 7, "unit": "days"}


def test_an_empty_graph_is_a_graph():
    assert parse({}).nodes == {}
    assert parse({"nodes": [], "edges": []}).trigger is None


def test_positions_config_and_port_may_be_left_out():
    graph = parse(
        {"nodes": [{"id": "a", "type": "now"}, {"id": "b", "type": "end"}], "edges": [{"from": "a", "to": "b"}]}
    )
    assert graph.follow("a", "next") == "b"


NODE = {"id": "a", "type": "now", "config": {}}


@pytest.mark.parametrize(
    ("graph_json", "words"),
    [
        (None, "object"),
        ([], "object"),
        ("graph", "object"),
        ({"nodes": {}}, "“nodes” is a list"),
        ({"edges": 3}, "“edges” is a list"),
        ({"nodes": [3]}, "needs an “id”"),
        ({"nodes": [{"type": "now"}]}, "needs an “id”"),
        ({"nodes": [{"id": "a b", "type": "now"}]}, "needs an “id”"),
        ({"nodes": [{"id": "a" * 51, "type": "now"}]}, "needs an “id”"),
        ({"nodes": [{"id": "a\n", "type": "now"}]}, "needs an “id”"),
        ({"nodes": [NODE, NODE]}, "Two nodes"),
        ({"nodes": [{"id": "a", "type": "teleport"}]}, "There is no node type “teleport”"),
        ({"nodes": [{"id": "a", "type": ["now"]}]}, "There is no node type"),
        ({"nodes": [{"id": "a", "type": "now", "config": []}]}, "“config” is an object"),
        ({"nodes": [{**NODE, "x": "left"}]}, "“x” and “y”"),
        ({"nodes": [{**NODE, "y": True}]}, "“x” and “y”"),
        ({"nodes": [{**NODE, "y": 1e7}]}, "“x” and “y”"),
        ({"nodes": [{**NODE, "x": 10**30}]}, "too large"),
        ({"nodes": [{**NODE, "x": float("nan")}]}, "not finite"),
        ({"nodes": [{**NODE, "config": {"a": "b\x00"}}]}, "cannot be stored"),
        ({"nodes": [{**NODE, "config": {"\ud800": 1}}]}, "cannot be stored"),
        ({"nodes": [NODE] * 2_001}, "at most 2,000"),
        (changed(edges=[3]), "not an object"),
        (changed(edges=[{"from": "x", "to": "end"}]), "no such node"),
        (changed(edges=[{"from": ["in"], "to": "end"}]), "no such node"),
        (changed(edges=[{"from": "in", "to": "x"}]), "no such node"),
        (changed(edges=[{"from": "in", "to": {}}]), "no such node"),
        (changed(edges=[{"from": "in", "port": "yes", "to": "end"}]), "no output “yes”"),
        (changed(edges=[{"from": "in", "port": [], "to": "end"}]), "no output"),
        (changed(edges=[{"from": "end", "to": "wait"}]), "no output"),
        (changed(edges=[{"from": "wait", "to": "in"}]), "A trigger has no input"),
        (changed(edges=[{"from": "in", "to": "end"}, {"from": "in", "to": "wait"}]), "two connections"),
    ],
)
def test_what_is_no_graph_is_refused(graph_json, words):
    assert any(words in message for message in refusals(graph_json))


def test_endless_depth_is_refused():
    deep: dict = {}
    for _ in range(20_000):
        deep = {"deep": deep}
    assert refusals({"nodes": [{**NODE, "config": deep}]}) == [
        f"The graph is nested more than {graphs.MAX_DEPTH} levels deep."
    ]


def test_a_tidied_graph_keeps_what_it_does_not_know(db):
    nodes = [{"id": "w", "type": "wait", "config": {"amount": "7", "unit": "days", "note": {"by": "me"}}}]
    tidied = validation.tidy({"nodes": nodes, "edges": []})
    assert tidied["nodes"][0]["config"] == {"amount": 7, "unit": "days", "note": {"by": "me"}}
    assert validation.tidy(tidied) == tidied


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
TYPES = ["now", "on_date", "on_event", "repeat", "email", "sms", "tag", "wait", "condition", "end", "nonsense"]
KEYS = ["segment", "at", "timezone", "attribute", "offset_days", "time", "yearly", "event", "filter", "every", "unit",
        "weekdays", "month_days", "starts", "until", "limit_percent", "template", "subject", "body", "preheader",
        "provider", "topic", "name", "add", "remove", "amount", "rule"]  # fmt: skip
WORDS = st.sampled_from(
    ["days", "day", "contact", "UTC", "09:00", "2026-03-29T09:00", "mon", "last", "{{ a", "{% if %}", ""]
)
HOSTILE = st.fixed_dictionaries(
    {
        "nodes": st.lists(
            st.fixed_dictionaries(
                {"id": st.sampled_from(["a", "b", "c", "d"]) | JSON, "type": st.sampled_from(TYPES) | JSON},
                optional={"config": st.dictionaries(st.sampled_from(KEYS), JSON | WORDS, max_size=6) | JSON, "x": JSON},
            )
            | JSON,
            max_size=5,
        )
        | JSON,
        "edges": st.lists(
            st.fixed_dictionaries(
                {"from": st.sampled_from(["a", "b", "c"]) | JSON, "to": st.sampled_from(["a", "b", "c"]) | JSON},
                optional={"port": st.sampled_from(["next", "yes", "no"]) | JSON},
            )
            | JSON,
            max_size=5,
        )
        | JSON,
    }
)


@settings(max_examples=150, deadline=None)
@given(HOSTILE | JSON)
def test_hostile_graphs_are_answered_with_sentences(graph_json):
    for problem in validation.structure(graph_json):
        assert isinstance(problem.message, str) and problem.message


@pytest.mark.django_db
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TYPES[:-1]), st.dictionaries(st.sampled_from(KEYS), JSON | WORDS, max_size=8))
def test_hostile_configs_are_answered_with_sentences(type, config):
    found = validation.problems({"nodes": [{"id": "a", "type": type, "config": config}], "edges": []})
    assert all(isinstance(problem.message, str) and problem.message for problem in found)
