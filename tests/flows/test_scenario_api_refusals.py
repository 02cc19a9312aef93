"""Who may do what with scenarios through the API, and what hostile bodies get for an answer."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from contacts.models import Event
from flows.models import Scenario, ScenarioState
from tests import make
from tests.flows.odd_bodies import ODD, RAW, ids, refused_or_taken, send
from tests.flows.test_scenario_api import TAGGING, URL, running, url
from tests.programs import client

pytestmark = pytest.mark.django_db


READS = [("get", ""), ("get", "flow"), ("get", "stats"), ("get", "executions")]
WRITES = [
    ("put", ""),
    ("patch", ""),
    ("delete", ""),
    ("put", "flow"),
    *(("post", action) for action in ("start", "pause", "resume", "clone", "trigger")),
    *(("post", action) for action in ("unschedule", "stop", "clear", "executions/requeue")),
    ("delete", "executions/1"),
]


def test_a_reading_key_reads_and_a_foreign_one_sees_nothing() -> None:
    scenario = make.scenario(TAGGING)
    reader, foreign = client("scenarios:read"), client("contacts:write", "contacts:read")
    for method, action in READS:
        assert getattr(reader, method)(url(scenario, action)).status_code == 200, action
        assert getattr(foreign, method)(url(scenario, action)).status_code == 403, action
    for method, action in WRITES:
        answer = getattr(reader, method)(url(scenario, action), {"name": "Mine"})
        assert (answer.status_code, list(answer.json())) == (403, ["detail"]), action
        assert getattr(APIClient(), method)(url(scenario, action)).status_code == 401, action
    assert reader.post(URL, {"name": "Mine"}).status_code == 403
    assert Scenario.objects.get().state == ScenarioState.DRAFT


@pytest.mark.parametrize("pk", ["999999", "0", "-1", "x", "9" * 30, "1%00", "%F0%9F%98%80"])
def test_what_is_not_there_is_a_404_everywhere(api: APIClient, pk: str) -> None:
    for method, action in [*READS, *WRITES]:
        path = f"{URL}{pk}/{action}/" if action else f"{URL}{pk}/"
        body = {**TAGGING, "name": "x", "contacts": [1]}
        answer = getattr(api, method)(path, None if method == "get" else body)
        assert answer.status_code == 404, (method, action)


@pytest.mark.parametrize(
    ("method", "action"), [("post", ""), ("post", "flow"), ("get", "start"), ("delete", "flow"), ("put", "stats")]
)
def test_other_methods_are_refused_in_the_apis_shape(api: APIClient, method: str, action: str) -> None:
    answer = getattr(api, method)(url(make.scenario(TAGGING), action))
    assert (answer.status_code, list(answer.json())) == (405, ["detail"])


# What hostile bodies get


@pytest.mark.parametrize("odd", ODD, ids=ids)
def test_a_field_may_hold_anything_and_is_answered(api: APIClient, odd: Any) -> None:
    scenario = make.scenario(TAGGING)
    for name in ("name", "description", "objective", "reentry", "reentry_hours", "exits", "follows", "most_rounds"):
        refused_or_taken(send(api, "post", URL, {"name": "Good", name: odd}))
        refused_or_taken(send(api, "patch", url(scenario), {name: odd}))
    for key in ("objective", "rule", "segment", "other"):
        refused_or_taken(send(api, "patch", url(scenario), {"exits": {key: odd}}))
    for key in ("kind", "event", "within_days", "filter", "other"):
        objective = {"kind": "event", "event": "x", key: odd}
        refused_or_taken(send(api, "patch", url(scenario), {"objective": objective}))
    assert api.get(URL).status_code == 200
    assert api.get(url(scenario)).status_code == 200


@pytest.mark.parametrize("odd", ODD, ids=ids)
def test_a_flow_may_hold_anything_and_is_answered(api: APIClient, odd: Any) -> None:
    scenario = make.scenario(TAGGING)
    node, edge = TAGGING["nodes"][1], TAGGING["edges"][0]
    bodies = [odd, *({**TAGGING, key: odd} for key in ("nodes", "edges", "version", "draft", "other"))]
    bodies += [
        {**TAGGING, "nodes": [TAGGING["nodes"][0], part]} for part in (odd, *({**node, key: odd} for key in node))
    ]
    bodies += [{**TAGGING, "edges": [part]} for part in (odd, *({**edge, key: odd} for key in edge))]
    for kind, config in CONFIGS.items():
        shape = {**node, "type": kind}
        bodies += [
            {**TAGGING, "nodes": [TAGGING["nodes"][0], {**shape, "config": {**config, key: odd}}]}
            for key in (*config, "other")
        ]
    for body in bodies:
        refused_or_taken(send(api, "put", url(scenario, "flow"), body))
        if isinstance(body, dict):
            refused_or_taken(send(api, "put", url(scenario, "flow"), {**body, "draft": True}))
    assert api.get(url(scenario, "flow")).status_code == 200
    assert api.get(URL).status_code == 200


CONFIGS: dict[str, dict[str, Any]] = {
    "tag": {"add": ["a"], "remove": ["b"]},
    "wait": {"amount": 1, "unit": "days", "until": "", "timezone": "", "time": "", "weekdays": []},
    "condition": {"rule": {"rule": "tag", "name": "a"}},
    "email": {"subject": "x", "body": "x", "template": None, "provider": None, "topic": "", "preheader": ""},
}


@pytest.mark.parametrize("odd", ODD, ids=ids)
def test_a_call_may_hold_anything_and_is_answered(api: APIClient, odd: Any) -> None:
    scenario, ada = running(), make.contact("ada@example.com")
    trigger = url(scenario, "trigger")
    refused_or_taken(send(api, "post", trigger, odd))
    for contacts in (odd, [odd], [{"id": odd}], [{"email": odd}], [{"phone": odd}], [{"external_id": odd}]):
        refused_or_taken(send(api, "post", trigger, {"contacts": contacts}))
    for context in (odd, {"key": odd}, {"deep": {"key": [odd]}}):
        refused_or_taken(send(api, "post", trigger, {"contacts": [ada.pk], "context": context}))
    assert api.get(url(scenario, "executions")).status_code == 200


@pytest.mark.parametrize("raw", RAW, ids=ids)
def test_what_is_hardly_json_is_answered(api: APIClient, raw: str) -> None:
    scenario = running()
    for method, path in [("post", URL), ("put", url(scenario)), ("put", url(scenario, "flow"))]:
        refused_or_taken(getattr(api, method)(path, raw.encode("latin-1"), content_type="application/json"))
    text = raw.replace("name", "contacts")
    refused_or_taken(api.post(url(scenario, "trigger"), text.encode("latin-1"), content_type="application/json"))


@pytest.mark.parametrize("odd", ["\\u0000", "\\ud800", 1e999, "x" * 70_000])
def test_a_context_that_cannot_be_kept_is_refused(api: APIClient, odd: Any) -> None:
    text = json.dumps({"contacts": [make.contact("ada@example.com").pk], "context": {"key": odd}})
    text = text.replace("\\\\u", "\\u").replace("Infinity", "1e999")
    answer = api.post(url(running(), "trigger"), text, content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (400, ["context"])
    assert not Event.objects.exists()


@pytest.mark.parametrize("odd", ["x", "-1", "0", "9" * 30, "1e999", "NaN", "%00", "a%00b", "%ED%A0%80", "x" * 5000])
def test_a_query_may_hold_anything_and_is_answered(api: APIClient, odd: str) -> None:
    scenario = make.scenario(TAGGING)
    for name in ("state", "search", "limit", "cursor"):
        refused_or_taken(api.get(f"{URL}?{name}={odd}"))
    for name in ("from", "to", "period"):
        refused_or_taken(api.get(f"{url(scenario, 'stats')}?{name}={odd}"))
    for name in ("node", "state", "contact", "limit", "cursor"):
        refused_or_taken(api.get(f"{url(scenario, 'executions')}?{name}={odd}"))
