"""What lies between two graphs, as data and in words."""

import pytest

from flows import diffing
from tests import make

pytestmark = pytest.mark.django_db

IN, WAIT = ("in", "now", {}), ("wait", "wait", {"amount": 7, "unit": "days"})
MAIL = ("mail", "email", {"subject": "Hello", "body": "Hi"})
OLD = make.graph(IN, WAIT, MAIL, edges="in>wait wait>mail")


def test_the_same_graph_elsewhere_on_the_canvas_is_the_same() -> None:
    moved = {**OLD, "nodes": [{**node, "x": 7} for node in OLD["nodes"]]}
    assert not diffing.compare(OLD, moved)
    assert diffing.in_words(OLD, moved) == []


def test_empty_settings_and_none_are_the_same() -> None:
    asked = make.graph(("in", "now", {"segment": None}), WAIT, MAIL, edges="in>wait wait>mail")
    assert not diffing.compare(OLD, asked)


def test_what_was_added_removed_changed_and_connected_is_told() -> None:
    new = make.graph(
        IN,
        ("wait", "wait", {"amount": 2, "unit": "days"}),
        ("ask", "condition", {"rule": {"rule": "tag", "name": "vip"}}),
        edges="in>ask ask:yes>wait",
    )
    diff = diffing.compare(OLD, new)
    assert (diff.added, diff.removed, diff.changed) == (["ask"], ["mail"], {"wait": ["amount"]})
    assert {(edge["from"], edge["to"]) for edge in diff.connected} == {("in", "ask"), ("ask", "wait")}
    assert {(edge["from"], edge["to"]) for edge in diff.disconnected} == {("in", "wait"), ("wait", "mail")}
    assert [(line.kind, line.sentence) for line in diffing.in_words(OLD, new)] == [
        ("added", "Condition: Has the tag “vip”"),
        ("removed", "Email: “Hello”"),
        ("changed", "Wait: 7 days → Wait: 2 days"),
        ("connected", "Now: All contacts leads to Condition: Has the tag “vip” now"),
        ("connected", "Wait: 2 days leads nowhere now"),
    ]


def test_a_change_that_a_name_does_not_show_is_told_by_its_settings() -> None:
    new = make.graph(IN, WAIT, ("mail", "email", {"subject": "Hello", "body": "Bye"}), edges="in>wait wait>mail")
    (line,) = diffing.in_words(OLD, new)
    assert line.sentence.startswith("Email: “Hello”: ")
