"""What prevents a start is said in sentences, pinned to nodes."""

import pytest

from campaigns.models import Provider
from flows import presets, validation
from tests import make

pytestmark = pytest.mark.django_db

DAYS = {"amount": 1, "unit": "days"}
VIP = {"rule": {"rule": "tag", "name": "vip"}}
TAG = {"add": ["seen"]}


def problems(*nodes: tuple, edges: str) -> list[tuple[str | None, str]]:
    found = validation.problems(make.graph(*nodes, edges=edges))
    return [(problem.node, problem.message) for problem in found]


def test_a_finished_graph_has_no_problems():
    nodes = (
        ("in", "now", {}),
        ("wait", "wait", DAYS),
        ("ask", "condition", VIP),
        ("tag", "tag", TAG),
        ("end", "end", {}),
    )
    assert problems(*nodes, edges="in>wait wait>ask ask:yes>tag ask:no>end") == []


def test_a_scenario_needs_a_trigger():
    found = problems(("wait", "wait", DAYS), edges="")
    assert found[0] == (None, "The scenario has no trigger. Add one, so that contacts can enter.")


def test_a_second_trigger_is_one_too_many():
    found = problems(("in", "now", {}), ("too", "on_event", {"event": "contact.created"}), edges="")
    assert found == [("too", "A scenario has one trigger; this is one more beside “Now”.")]


def test_what_nobody_can_reach_is_named():
    found = problems(("in", "now", {}), ("a", "tag", TAG), ("b", "tag", TAG), edges="a>b")
    assert found == [(node, "No contact can get here. Connect it, or remove it.") for node in ("a", "b")]


def test_a_loop_without_a_wait_is_refused_once():
    nodes = ("in", "now", {}), ("a", "tag", TAG), ("b", "tag", TAG), ("c", "tag", TAG)
    found = problems(*nodes, edges="in>a a>b b>c c>a")
    assert [message for _, message in found] == ["Contacts would go round this loop without end. Put a Wait into it."]


def test_a_node_that_leads_to_itself_is_a_loop():
    assert [node for node, _ in problems(("in", "now", {}), ("a", "tag", TAG), edges="in>a a>a")] == ["a"]


def test_every_loop_needs_its_own_wait():
    nodes = ("in", "now", {}), ("ask", "condition", VIP), ("wait", "wait", DAYS), ("tag", "tag", TAG)
    assert problems(*nodes[:3], edges="in>ask ask:yes>wait wait>ask") == []
    found = problems(*nodes, edges="in>ask ask:yes>wait wait>ask ask:no>tag tag>ask")
    assert [node for node, _ in found] == ["ask"]


def test_ways_that_meet_again_are_no_loop():
    nodes = ("in", "now", {}), ("ask", "condition", VIP), ("a", "tag", TAG), ("b", "tag", TAG), ("end", "end", {})
    assert problems(*nodes, edges="in>ask ask:yes>a ask:no>b a>end b>end") == []


@pytest.mark.parametrize("config", [{"until": "2026-01-01T09:00", "timezone": "UTC"}, {"weekdays": ["mon"]}])
def test_a_wait_that_lets_pass_does_not_hold_a_loop(config):
    found = problems(("in", "now", {}), ("wait", "wait", config), edges="in>wait wait>wait")
    assert [node for node, _ in found] == ["wait"]


def test_a_time_of_day_holds_a_loop():
    assert problems(("in", "now", {}), ("wait", "wait", {"time": "09:00"}), edges="in>wait wait>wait") == []


def test_two_thousand_nodes_in_loops_are_judged_quickly():
    nodes = [("in", "now", {}), *((f"t{n}", "end", {}) for n in range(1_999))]
    graph = make.graph(*nodes, edges="in>t0")
    for node in graph["nodes"][1:]:
        node.update(type="tag", config=TAG)
    graph["edges"] += [{"from": f"t{n}", "to": f"t{n + 1 if n % 2 == 0 else n - 1}"} for n in range(1_998)]
    loops = [problem for problem in validation.problems(graph) if "loop" in problem.message]
    assert len(loops) == 999


def test_unconfigured_nodes_say_what_is_missing():
    found = problems(("in", "on_event", {}), ("wait", "wait", {}), ("tag", "tag", {}), edges="in>wait wait>tag")
    assert found == [
        ("in", "Event: This field is required."),
        ("wait", "Say how long to wait."),
        ("tag", "Name at least one tag to add or to remove."),
    ]


def test_a_channel_without_a_provider_is_a_problem():
    nodes = ("in", "now", {}), ("mail", "email", {"subject": "Hello", "body": "Hello"})
    Provider.objects.filter(channel="email").delete()
    found = problems(*nodes, edges="in>mail")
    assert found == [("mail", "Email has no provider. Add one, and messages can be sent.")]
    Provider.objects.create(channel="email", kind="local", name="Outbox")
    assert problems(*nodes, edges="in>mail") == []


def test_a_rule_about_a_message_names_a_node_that_sends():
    rule = {"rule": "message", "did": "clicked", "node": "gone"}
    found = problems(("in", "now", {}), ("ask", "condition", {"rule": {"any": [rule]}}), edges="in>ask")
    assert ("ask", "A rule asks about the message of a shape that is not there (gone).") in found
    rule["node"] = "in"
    found = problems(("in", "now", {}), ("ask", "condition", {"rule": {"not": rule}}), edges="in>ask")
    assert ("ask", "A rule asks about the message of “Now”, which sends none.") in found


@pytest.mark.parametrize("preset", presets.listed(), ids=lambda preset: preset.key)
def test_prebuilt_scenarios_can_start_on_a_new_installation(preset):
    assert validation.problems(preset.graph) == []
    assert validation.tidy(preset.graph) == preset.graph
    places = [(node["x"], node["y"]) for node in preset.graph["nodes"]]
    assert len(set(places)) == len(places)


def test_the_promised_prebuilt_scenarios_are_there():
    keys = {preset.key for preset in presets.listed()}
    assert {"welcome_series", "re_engagement", "birthday", "abandoned_cart"} <= keys
