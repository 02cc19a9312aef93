"""Versions, drafts and publishing through the API."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from flows import pausing
from flows.models import Execution, Flow, Scenario
from tests import make
from tests.flows.drive import until_still
from tests.flows.odd_bodies import ODD, ids, refused_or_taken, send
from tests.flows.test_scenario_api import running, url
from tests.programs import client

pytestmark = pytest.mark.django_db

CALL = ("on", "on_event", {"event": "api.call"})
WAITING = make.graph(CALL, ("rest", "wait", {"amount": 1, "unit": "days"}), edges="on>rest")
TAGGING = make.graph(CALL, ("tag", "tag", {"add": ["called"]}), edges="on>tag")


@pytest.fixture
def api(django_user_model: Any) -> APIClient:
    return client("*")


def waiting(api: APIClient, count: int = 2) -> Scenario:
    """A running scenario in which so many contacts wait."""
    scenario = running(WAITING)
    api.post(url(scenario, "trigger"), {"contacts": make.contacts(count)})
    until_still(timezone.now())
    return scenario


def test_a_draft_is_kept_read_and_discarded_while_contacts_follow_the_live_version(api: APIClient) -> None:
    scenario = running(WAITING)
    assert api.get(url(scenario, "draft")).status_code == 404
    kept = api.put(url(scenario, "draft"), TAGGING | {"version": 1}).json()
    assert (kept["nodes"], kept["version"], kept["problems"]) == (TAGGING["nodes"], 1, [])
    assert kept["saved_at"]
    assert api.get(url(scenario, "draft")).json() == kept
    assert api.get(url(scenario, "flow")).json()["nodes"] == WAITING["nodes"]
    assert api.delete(url(scenario, "draft")).status_code == 204
    assert api.delete(url(scenario, "draft")).status_code == 404
    assert api.put(url(scenario, "draft"), WAITING).json()["saved_at"] is None


def test_an_unfinished_draft_is_kept_and_not_published(api: APIClient) -> None:
    scenario = running(WAITING)
    unfinished = make.graph(CALL, ("tag", "tag", {}), edges="on>tag")
    assert [problem["node"] for problem in api.put(url(scenario, "draft"), unfinished).json()["problems"]] == ["tag"]
    refusal = api.post(url(scenario, "publish"))
    assert (refusal.status_code, refusal.json()["problems"][0]["node"]) == (400, "tag")
    assert api.put(url(scenario, "draft"), {"nodes": 7}).status_code == 400
    assert Flow.objects.count() == 1


def test_publishing_asks_with_counts_and_sends_contacts_where_the_answer_says(api: APIClient) -> None:
    scenario = waiting(api)
    draft = api.put(url(scenario, "draft"), TAGGING).json()
    asked = api.get(url(scenario, "publish")).json()
    assert asked | {"changes": None} == {
        "version": 1,
        "saved_at": draft["saved_at"],
        "changes": None,
        "problems": [],
        "redirects": [{"node": "rest", "contacts": 2}],
        "retime": [],
        "backfill": [],
    }
    assert (asked["changes"]["added"], asked["changes"]["removed"]) == (["tag"], ["rest"])
    refusal = api.post(url(scenario, "publish"))
    assert (refusal.status_code, refusal.json()["problems"]) == (
        400,
        [{"node": "rest", "message": "2 contacts stand at this step, which was removed. Say where they go."}],
    )
    answer = {"redirects": {"rest": "tag"}, "retime": "arrival", "backfill": True, "version": 1}
    published = api.post(url(scenario, "publish"), answer | {"saved_at": draft["saved_at"]})
    assert (published.status_code, published.json()["version"]) == (200, 2)
    until_still(timezone.now())
    assert set(Execution.objects.values_list("state", "node")) == {("completed", "tag")}
    assert api.get(url(scenario, "draft")).status_code == 404
    assert api.post(url(scenario, "publish")).status_code == 409


def test_in_a_pause_the_flow_itself_is_saved_with_the_same_answers(api: APIClient) -> None:
    scenario = waiting(api)
    pausing.pause(scenario, timezone.now())
    refusal = api.put(url(scenario, "flow"), TAGGING)
    assert (refusal.status_code, [problem["node"] for problem in refusal.json()["problems"]]) == (400, ["rest"])
    assert api.put(url(scenario, "flow"), TAGGING | {"redirects": {"rest": None}}).json()["version"] == 2


def test_nobody_is_overtaken_silently(api: APIClient) -> None:
    scenario = running(WAITING)
    first = api.put(url(scenario, "draft"), TAGGING).json()["saved_at"]
    other = make.graph(CALL, ("tag", "tag", {"add": ["other"]}), edges="on>tag")
    second = api.put(url(scenario, "draft"), other | {"saved_at": first}).json()["saved_at"]
    overtaken = [
        api.put(url(scenario, "draft"), TAGGING | {"saved_at": first}),
        api.delete(url(scenario, "draft"), {"saved_at": first}),
        api.post(url(scenario, "publish"), {"saved_at": first}),
        api.post(url(scenario, "versions/1/restore")),
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in overtaken} == {
        (409, "A draft was saved in the meantime.")
    }
    assert api.post(url(scenario, "publish"), {"saved_at": second, "version": 1}).json()["version"] == 2
    late = api.put(url(scenario, "draft"), TAGGING | {"version": 1})
    assert (late.status_code, late.json()) == (409, {"detail": "Version 2 was saved in the meantime."})


def test_versions_are_listed_shown_compared_and_restored(api: APIClient, django_user_model: Any) -> None:
    scenario = waiting(api)
    ada = django_user_model.objects.create_user("ada")
    Flow.objects.update(created_by=ada)
    longer = make.graph(CALL, ("rest", "wait", {"amount": 2, "unit": "days"}), edges="on>rest")
    api.put(url(scenario, "draft"), longer)
    api.post(url(scenario, "publish"))
    listed = api.get(url(scenario, "versions")).json()["results"]
    assert [(row["version"], row["live"], row["created_by"], row["inside"]) for row in listed] == [
        (2, True, None, 2),
        (1, False, "ada", 0),
    ]
    assert api.get(url(scenario, "versions/1")).json() == {**WAITING, "version": 1}
    assert api.get(url(scenario, "diff") + "?from=1&to=2").json() == {
        "added": [],
        "removed": [],
        "changed": {"rest": ["amount"]},
        "connected": [],
        "disconnected": [],
    }
    assert api.post(url(scenario, "versions/1/restore")).json()["nodes"] == WAITING["nodes"]
    assert api.get(url(scenario, "diff") + "?from=draft&to=1").json()["changed"] == {}
    assert api.post(url(scenario, "versions/1/restore"), {"replace": True}).status_code == 200
    for missing in ("versions/9", "versions/9/restore"):
        assert (api.post if "restore" in missing else api.get)(url(scenario, missing)).status_code == 404
    for query in ("", "?from=1", "?from=1&to=9", "?from=x&to=1", "?from=1&to=%00", "?from=1&to=" + "9" * 40):
        assert api.get(url(scenario, "diff") + query).status_code == 404, query


def test_contacts_who_finish_their_version_are_counted_by_it(api: APIClient) -> None:
    scenario = waiting(api)
    Scenario.objects.update(follows="entered")
    api.put(url(scenario, "draft"), TAGGING)
    assert api.get(url(scenario, "publish")).json()["redirects"] == []
    assert api.post(url(scenario, "publish")).status_code == 200
    listed = api.get(url(scenario, "versions")).json()["results"]
    assert [(row["version"], row["inside"]) for row in listed] == [(2, 0), (1, 2)]


def test_who_may_only_read_changes_nothing(api: APIClient) -> None:
    scenario = running(WAITING)
    api.put(url(scenario, "draft"), TAGGING)
    reader, foreign = client("scenarios:read"), client("contacts:write")
    for path in ("draft", "publish", "versions", "versions/1", "diff"):
        query = "?from=1&to=draft" if path == "diff" else ""
        assert reader.get(url(scenario, path) + query).status_code == 200, path
        assert foreign.get(url(scenario, path) + query).status_code == 403, path
        assert APIClient().get(url(scenario, path)).status_code == 401, path
    for method, path in (("put", "draft"), ("delete", "draft"), ("post", "publish"), ("post", "versions/1/restore")):
        assert getattr(reader, method)(url(scenario, path)).status_code == 403, path
    assert Flow.objects.count() == 1


@pytest.mark.parametrize("odd", ODD, ids=ids)
def test_answers_may_hold_anything_and_are_answered(api: APIClient, odd: Any) -> None:
    scenario = waiting(api)
    bodies = [odd, *({key: odd} for key in ("redirects", "retime", "backfill", "version", "saved_at"))]
    bodies += [{"redirects": {"rest": odd}}, {"redirects": {str(odd)[:99]: None}}]
    for body in bodies:
        refused_or_taken(send(api, "put", url(scenario, "draft"), odd))
        api.put(url(scenario, "draft"), TAGGING)
        refused_or_taken(
            send(api, "put", url(scenario, "draft"), {**TAGGING, **body} if isinstance(body, dict) else body)
        )
        refused_or_taken(send(api, "post", url(scenario, "publish"), body))
        refused_or_taken(send(api, "post", url(scenario, "versions/1/restore"), {"replace": odd}))
        refused_or_taken(send(api, "delete", url(scenario, "draft"), body))
    assert api.get(url(scenario, "versions")).status_code == 200
