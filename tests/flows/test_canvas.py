"""What the server tells the canvas."""

import json
import re
import time
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.models import User
from contacts.models import Segment
from flows import canvas
from flows.models import NodeCount, Scenario
from flows.nodes import registry
from tests import make


def ada() -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("ada", "ada@example.com", "correct horse battery"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def chain(count: int) -> dict:
    """A trigger and waits and conditions behind one another."""
    nodes: list[tuple] = [("n0", "now", {})]
    for n in range(1, count):
        wait = ("wait", {"amount": 1 + n, "unit": "days"})
        kind, config = wait if n % 3 else ("condition", {"rule": {"rule": "tag", "name": f"tag {n}"}})
        nodes.append((f"n{n}", kind, config))
    ports = ["" if kind != "condition" else ":yes" for _, kind, _ in nodes]
    return make.graph(*nodes, edges=" ".join(f"n{n - 1}{ports[n - 1]}>n{n}" for n in range(1, count)))


def test_every_type_is_told_as_plain_json_in_the_palettes_order(db: None) -> None:
    told = json.loads(json.dumps(canvas.types()))
    assert [kind["key"] for kind in told] == list(registry())
    assert {kind["key"] for kind in told if not kind["has_input"]} == {"now", "on_date", "on_event", "repeat"}
    condition = next(kind for kind in told if kind["key"] == "condition")
    assert [port["tone"] for port in condition["ports"]] == ["yes", "no"]
    assert condition["problems"]


def test_the_page_of_a_large_graph_is_made_quickly_and_with_few_queries(db: None) -> None:
    scenario = make.scenario(chain(500))
    canvas.drawn(scenario, timezone.now())
    started = time.process_time()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        told = canvas.drawn(scenario, timezone.now())
    assert time.process_time() - started < 1.5
    assert len(queries) <= 10
    assert told["summaries"]["n1"] == "2 days"
    assert told["found"] == []


def test_a_dialog_answers_with_the_form_until_it_is_right(db: None) -> None:
    client, scenario = ada(), make.scenario(make.graph(("t", "now", {}), edges=""))
    url = reverse("scenario_node_dialog", args=[scenario.pk, "wait"])
    opened = client.post(url, {"opening": "1", "node": "w", "config": '{"amount": 5, "unit": "hours"}', "graph": "{}"})
    assert 'value="5"' in opened.content.decode()
    wrong = client.post(url, {"node": "w", "amount": "0", "unit": "days", "graph": "{}"})
    assert "error" in wrong.content.decode()
    right = client.post(url, {"node": "w", "amount": "5", "unit": "days", "graph": "{}"})
    assert right.json()["config"] == {"amount": 5, "unit": "days"}
    assert right.json()["summary"] == "5 days"
    assert right.json()["problems"] == []


def test_every_type_has_a_dialog_that_opens_empty_and_whatever_is_in_it(db: None) -> None:
    client, scenario = ada(), make.scenario(make.graph(("t", "now", {}), edges=""))
    for key in registry():
        url = reverse("scenario_node_dialog", args=[scenario.pk, key])
        for config in ("{}", '{"amount": "x", "rule": [], "every": null, "weekdays": 3}'):
            answer = client.post(url, {"opening": "1", "node": "n", "config": config, "graph": "[]"})
            assert answer.status_code == 200, key
            assert "<dialog" in answer.content.decode()


def test_messages_of_the_same_drawing_can_be_named_in_a_rule(db: None) -> None:
    graph = make.graph(
        ("t", "now", {}), ("m", "email", {"subject": "Hello", "body": "Hi"}), ("w", "wait", {}), edges=""
    )
    assert canvas.named_nodes(graph, "w") == [("m", "“Hello”")]
    assert canvas.named_nodes({"nodes": "nonsense"}, "w") == []


def test_who_may_only_look_cannot_save(db: None) -> None:
    scenario = make.scenario(make.graph(("t", "now", {}), edges=""))
    client = Client()
    client.force_login(
        User.objects.create_user("eve", "eve@example.com", "correct horse battery"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    url = reverse("scenario_save", args=[scenario.pk])
    assert client.post(url, "{}", content_type="application/json").status_code == 403
    assert Scenario.objects.get().flow.number == 1


def test_nonsense_sent_to_save_is_refused_with_sentences(db: None) -> None:
    client, scenario = ada(), make.scenario(make.graph(("t", "now", {}), edges=""))
    url = reverse("scenario_save", args=[scenario.pk])
    for sent in ("", "[]", '{"graph": 7}', '{"graph": {"nodes": [{}], "edges": []}, "base": 1}'):
        answer = client.post(url, sent, content_type="application/json")
        assert answer.status_code == 200
        assert answer.json()["refused"], sent
    assert Scenario.objects.get().flow.number == 1


def test_messages_of_the_same_name_are_told_apart_by_their_channel(db: None) -> None:
    graph = make.graph(
        ("t", "now", {}),
        ("m", "email", {"name": "Hello", "subject": "Hello", "body": "Hi"}),
        ("s", "sms", {"name": "Hello", "body": "Hi"}),
        ("u", "email", {}),
        edges="",
    )
    assert canvas.named_nodes(graph) == [("m", "Email “Hello”"), ("s", "SMS “Hello”"), ("u", "Email u")]


def test_a_condition_calls_a_message_as_people_do(db: None) -> None:
    rule = {"rule": "message", "did": "clicked", "node": "m"}
    graph = make.graph(
        ("t", "now", {}),
        ("m", "email", {"name": "Welcome", "subject": "Hello", "body": "Hi"}),
        ("c", "condition", {"rule": rule}),
        edges="t>m m>c",
    )
    said = canvas.drawn(make.scenario(graph), timezone.now())
    assert said["summaries"]["c"] == "Clicked “Welcome”"


def test_a_large_drawing_asks_no_more_of_the_database_than_a_small_one(
    db: None, django_assert_max_num_queries: Any
) -> None:
    segment = Segment.objects.create(name="Readers", rule={})
    nodes = [("t", "now", {"segment": segment.pk})]
    for n in range(60):
        nodes.append((f"m{n}", "email", {"name": f"Mail {n}", "template": 10_000 + n, "provider": 3}))
        nodes.append((f"c{n}", "condition", {"rule": {"any": [{"rule": "segment", "id": segment.pk}] * (1 + n % 5)}}))
    scenario = make.scenario(make.graph(*nodes, edges=""))
    with django_assert_max_num_queries(10):
        canvas.drawn(scenario, timezone.now())


def test_saving_asks_beforehand_where_those_go_who_stand_at_removed_shapes(db: None) -> None:
    graph = make.graph(("t", "now", {}), ("w", "wait", {"amount": 1, "unit": "days"}), edges="t>w")
    scenario = make.scenario(graph, state="paused")
    NodeCount.objects.create(scenario=scenario, node="w", metric="waiting", n=7)
    client, url = ada(), reverse("scenario_asked", args=[scenario.pk])

    def asked(graph: Any) -> str:
        return client.post(url, {"graph": graph}, content_type="application/json").content.decode()

    assert "Where do they go?" not in asked(graph)
    other = make.graph(("t", "now", {}), ("o", "wait", {"amount": 2, "unit": "days"}), edges="t>o")
    page = asked(other)
    assert "Where do they go?" in page and "7 contacts" in page
    assert re.findall(r'<option value="(.*?)">(.*?)</option>', page) == [
        ("", "Choose one"),
        ("o", "Wait: 2 days"),
        ("!", "Leave the scenario"),
    ]
    assert asked("nonsense") == ""
    longer = asked(make.graph(("t", "now", {}), ("w", "wait", {"amount": 3, "unit": "days"}), edges="t>w"))
    assert "Wait: 1 day → Wait: 3 days: 7 contacts" in longer


def test_settings_change_the_name_and_who_may_enter_again(db: None) -> None:
    scenario = make.scenario(make.graph(("t", "now", {}), edges=""))
    client, url = ada(), reverse("scenario_settings", args=[scenario.pk])
    assert "Not while inside" in client.get(url, headers={"HX-Request": "true"}).content.decode()
    page = client.get(url, follow=True)  # typed as an address
    assert page.redirect_chain == [(f"{reverse('scenario_editor', args=[scenario.pk])}?dialog=settings", 302)]
    assert f'<div id="dialog" hx-get="{url}" hx-trigger="load">' in page.text
    assert client.post(url, {"name": "", "reentry": "once"}).status_code == 200
    answer = client.post(url, {"name": "Hello", "description": "Greets", "reentry": "once"})
    assert answer.status_code == 204
    assert json.loads(answer["HX-Trigger"])["scenario-settings"] == {"name": "Hello"}
    scenario.refresh_from_db()
    assert (scenario.name, scenario.description, scenario.reentry) == ("Hello", "Greets", "once")
