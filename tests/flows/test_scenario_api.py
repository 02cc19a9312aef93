"""Scenarios through the API: every resource, whose turn it is, and what comes of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Provider
from config.models import ApiKey
from contacts.models import Event
from flows.models import Execution, Flow, Scenario, ScenarioState
from tests import make
from tests.flows import drive

pytestmark = pytest.mark.django_db

URL = "/api/v1/scenarios/"
TAGGING = make.graph(("on", "on_event", {"event": "api.call"}), ("tag", "tag", {"add": ["called"]}), edges="on>tag")
WAITING = make.graph(
    ("on", "on_event", {"event": "api.call"}), ("rest", "wait", {"amount": 1, "unit": "days"}), edges="on>rest"
)


def url(scenario: Scenario, action: str = "") -> str:
    return f"{URL}{scenario.pk}/{action}/" if action else f"{URL}{scenario.pk}/"


def running(graph: dict[str, Any] = TAGGING, name: str = "Calls") -> Scenario:
    made = make.scenario(graph, name=name)
    Scenario.objects.filter(pk=made.pk).update(state=ScenarioState.RUNNING, started_at=make.NOW)
    made.refresh_from_db()
    return made


# What it does


def test_a_scenario_is_made_read_changed_and_deleted(api: APIClient) -> None:
    made = api.post(URL, {"name": "Welcome", "description": "Hello", "objective": {"kind": "opened"}})
    assert made.status_code == 201
    scenario = Scenario.objects.get()
    assert made.json() | {"created_at": None} == {
        "id": scenario.pk,
        "name": "Welcome",
        "description": "Hello",
        "state": "draft",
        "objective": {"kind": "opened"},
        "reentry": "not_while_inside",
        "reentry_hours": None,
        "exits": {},
        "follows": "live",
        "most_rounds": 100,
        "keeps_when_stopped": False,
        "priority": 0,
        "trigger": None,
        "version": None,
        "created_at": None,
        "started_at": None,
        "starts_at": None,
        "state_reason": "",
        "catching_up": None,
        "requeueing": 0,
    }
    assert api.patch(url(scenario), {"reentry": "once"}).json()["reentry"] == "once"
    assert api.patch(url(scenario), {"reentry": "spaced"}).json().keys() == {"reentry_hours"}
    assert api.patch(url(scenario), {"exits": {"rule": {"rule": "tag"}}}).status_code == 400
    spaced = api.patch(url(scenario), {"reentry": "spaced", "reentry_hours": 36, "exits": {"objective": True}}).json()
    assert (spaced["reentry"], spaced["reentry_hours"], spaced["exits"]) == ("spaced", 36, {"objective": True})
    changed = api.put(url(scenario), {"name": "Hello"}).json()
    assert (changed["name"], changed["state"]) == ("Hello", "draft")
    assert api.get(url(scenario)).json() == changed
    assert api.delete(url(scenario)).status_code == 204
    assert not Scenario.objects.exists()


def test_who_made_it_is_the_owner_of_the_key(api: APIClient, django_user_model: Any) -> None:
    ada = django_user_model.objects.create_user("ada")
    owned = APIClient()
    owned.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiKey.objects.issue('hers', owner=ada)[1]}")
    owned.post(URL, {"name": "Hers"})
    api.post(URL, {"name": "Nobody’s"})
    assert dict(Scenario.objects.values_list("name", "created_by")) == {"Hers": ada.pk, "Nobody’s": None}


def test_state_and_version_cannot_be_written(api: APIClient) -> None:
    api.post(URL, {"name": "Welcome", "state": "running", "version": 7, "started_at": "2026-01-01T00:00:00Z"})
    made = Scenario.objects.get()
    assert (made.state, made.flow, made.started_at) == (ScenarioState.DRAFT, None, None)


def test_scenarios_are_listed_newest_first_by_pages_and_filtered(
    api: APIClient, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        make.scenario(TAGGING, name=f"Number {n}", state="paused" if n % 2 else "draft")
    with django_assert_max_num_queries(5):
        first = api.get(f"{URL}?limit=5").json()
    assert [row["name"] for row in first["results"]] == [f"Number {n}" for n in (11, 10, 9, 8, 7)]
    assert first["results"][0]["trigger"] == "on_event"
    second = api.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == [f"Number {n}" for n in (6, 5, 4, 3, 2)]
    assert api.get(second["previous"]).json()["results"] == first["results"]
    assert {row["name"] for row in api.get(f"{URL}?state=paused&search=number 1").json()["results"]} == {
        "Number 1",
        "Number 11",
    }


def test_a_flow_is_saved_as_a_new_version_only_when_it_changed(api: APIClient) -> None:
    scenario = Scenario.objects.create(name="Welcome")
    assert api.get(url(scenario, "flow")).json() == {
        "nodes": [],
        "edges": [],
        "version": None,
        "problems": [{"node": None, "message": "Draw the scenario and save it first."}],
    }
    first = api.put(url(scenario, "flow"), TAGGING).json()
    assert (first["version"], first["problems"]) == (1, [])
    assert first["edges"] == TAGGING["edges"]
    assert api.put(url(scenario, "flow"), TAGGING).json()["version"] == 1
    assert api.put(url(scenario, "flow"), WAITING | {"version": 1}).json()["version"] == 2
    late = api.put(url(scenario, "flow"), TAGGING | {"version": 1})
    assert (late.status_code, late.json()) == (409, {"detail": "Version 2 was saved in the meantime."})
    assert api.get(url(scenario, "flow")).json()["version"] == 2
    assert Flow.objects.count() == 2


def test_a_broken_flow_is_refused_with_its_problems_unless_it_is_a_draft(api: APIClient) -> None:
    scenario = Scenario.objects.create(name="Welcome")
    broken = {**TAGGING, "edges": []}
    refusal = api.put(url(scenario, "flow"), broken)
    problem = {"node": "tag", "message": "No contact can get here. Connect it, or remove it."}
    assert (refusal.status_code, refusal.json()["problems"]) == (400, [problem])
    assert not Flow.objects.exists()
    draft = api.put(url(scenario, "flow"), broken | {"draft": True})
    assert (draft.status_code, draft.json()["problems"]) == (200, [problem])
    start = api.post(url(scenario, "start"))
    assert (start.status_code, start.json()["problems"]) == (400, [problem])
    assert Scenario.objects.get().state == ScenarioState.DRAFT


def test_a_scenario_whose_channel_has_no_provider_can_be_saved_but_not_started(api: APIClient) -> None:
    Provider.objects.all().delete()
    scenario = Scenario.objects.create(name="Welcome")
    mail = make.graph(
        ("on", "on_event", {"event": "api.call"}), ("m", "email", {"subject": "Hi", "body": "Hi"}), edges="on>m"
    )
    assert [row["node"] for row in api.put(url(scenario, "flow"), mail).json()["problems"]] == ["m"]
    assert api.post(url(scenario, "start")).json()["problems"][0]["node"] == "m"


def test_a_scenario_starts_pauses_and_resumes_and_says_no_to_anything_else(api: APIClient) -> None:
    scenario = make.scenario(TAGGING)

    def states(*actions: str) -> list[tuple[int, str]]:
        answers = [api.post(url(scenario, action)) for action in actions]
        return [(answer.status_code, answer.json().get("state", "")) for answer in answers]

    assert states("pause", "resume") == [(409, ""), (409, "")]
    assert states("start", "start", "resume") == [(200, "running"), (409, ""), (409, "")]
    assert api.put(url(scenario, "flow"), WAITING).json() == {
        "detail": "The scenario is running. Keep the change as a draft and publish it, or pause the scenario first."
    }
    assert api.delete(url(scenario)).json() == {"detail": "Pause the scenario before you delete it."}
    assert states("pause", "pause") == [(200, "paused"), (409, "")]
    assert states("start", "resume") == [(409, ""), (200, "running")]
    assert api.get(url(scenario)).json()["started_at"]


def test_the_trigger_stays_once_contacts_may_have_come_through_it(api: APIClient) -> None:
    scenario = make.scenario(TAGGING, state="paused")
    other = make.graph(("now", "now", {}), ("tag", "tag", {"add": ["x"]}), edges="now>tag")
    refusal = api.put(url(scenario, "flow"), other)
    assert (refusal.status_code, refusal.json()["problems"][0]["node"]) == (400, "on")
    assert api.put(url(scenario, "flow"), WAITING).status_code == 200


def test_a_call_lets_contacts_in_once_each_with_its_context(api: APIClient) -> None:
    scenario = running(WAITING)
    ada, bob = make.contact("ada@example.com"), make.contact("bob@example.com", external_id="7", phone="+33612345678")
    answer = api.post(
        url(scenario, "trigger"),
        {
            "contacts": [ada.pk, {"external_id": "7"}, {"phone": "+33612345678"}, {"email": "who@example.com"}, 10**30],
            "context": {"order": {"number": 5}},
        },
    )
    assert answer.status_code == 202
    assert answer.json()["entered"] == 2
    assert [failure["index"] for failure in answer.json()["failed"]] == [3, 4]
    assert list(Event.objects.values_list("name", "properties")) == [("api.call", {"order": {"number": 5}})] * 2
    drive.until_still(timezone.now())
    listed = api.get(url(scenario, "executions")).json()["results"]
    assert [(row["contact"], row["state"], row["node"], row["version"]) for row in listed] == [
        (bob.pk, "waiting", "rest", 1),
        (ada.pk, "waiting", "rest", 1),
    ]
    again = api.post(url(scenario, "trigger"), {"contacts": [ada.pk]})
    assert (again.status_code, again.json()["entered"]) == (202, 0)


def test_only_a_running_scenario_that_listens_to_calls_can_be_called(api: APIClient) -> None:
    ada = make.contact("ada@example.com")
    draft = make.scenario(TAGGING)
    refusal = api.post(url(draft, "trigger"), {"contacts": [ada.pk]})
    assert (refusal.status_code, refusal.json()) == (409, {"detail": "Nobody can enter: this scenario is draft."})
    other = make.graph(("on", "on_event", {"event": "order.placed"}), ("tag", "tag", {"add": ["x"]}), edges="on>tag")
    wrong = api.post(url(running(other), "trigger"), {"contacts": [ada.pk]})
    assert wrong.status_code == 400
    assert "does not start with an On Event trigger" in wrong.json()["detail"]
    assert not Execution.objects.exists()
    assert not Event.objects.exists()


def test_executions_are_filtered_by_node_state_and_contact_and_come_in_pages(
    api: APIClient, django_assert_max_num_queries: Any
) -> None:
    scenario, people = running(WAITING), make.contacts(7)
    api.post(url(scenario, "trigger"), {"contacts": people})
    drive.until_still(timezone.now())
    executions = url(scenario, "executions")
    with django_assert_max_num_queries(6):
        page = api.get(f"{executions}?limit=4&node=rest&state=waiting").json()
    assert [row["contact"] for row in page["results"]] == people[:2:-1]
    assert [row["contact"] for row in api.get(page["next"]).json()["results"]] == people[2::-1]
    assert [row["contact"] for row in api.get(f"{executions}?contact={people[0]}").json()["results"]] == [people[0]]
    assert api.get(f"{executions}?node=on").json()["results"] == []
    assert api.get(f"{executions}?state=odd").status_code == 400
    # Those of another scenario are not among them.
    assert api.get(url(running(WAITING, "Other"), "executions")).json()["results"] == []


def test_the_statistics_count_every_node(api: APIClient) -> None:
    scenario = running()
    api.post(url(scenario, "trigger"), {"contacts": make.contacts(3)})
    drive.until_still(timezone.now())
    stats = api.get(url(scenario, "stats")).json()
    assert (stats["entered"], stats["inside"], stats["sent"]) == (3, 0, 0)
    assert (stats["nodes"]["on"]["entered"], stats["nodes"]["on"]["left"]) == (3, {"next": 3})
    assert (stats["nodes"]["tag"]["entered"], stats["nodes"]["tag"]["left"]) == (3, {"next": 3})
    empty = api.get(url(Scenario.objects.create(name="Empty"), "stats")).json()
    nothing = {"converted": 0, "conversion_rate": None, "revenue": {}}
    assert empty == {"entered": 0, "inside": 0, "sent": 0, **nothing, "nodes": {}}


def test_the_statistics_of_a_period_come_day_by_day(api: APIClient) -> None:
    scenario, today = running(), timezone.now().date()
    api.post(url(scenario, "trigger"), {"contacts": make.contacts(3)})
    drive.until_still(timezone.now())
    asked = {"from": (today - timedelta(days=1)).isoformat(), "to": today.isoformat()}
    period = api.get(url(scenario, "stats"), asked).json()["period"]
    assert (period["from"], period["to"]) == (asked["from"], asked["to"])
    assert [(day["day"], day["entered"], day["completed"]) for day in period["days"]] == [
        (asked["from"], 0, 0),
        (asked["to"], 3, 3),
    ]
    assert (period["totals"]["entered"], period["totals"]["sent"], period["totals"]["converted"]) == (3, 0, 0)
    assert period["nodes"] == {"on": {"entered": 3, "left:next": 3}, "tag": {"entered": 3, "left:next": 3}}
    assert len(api.get(url(scenario, "stats"), {"period": "30"}).json()["period"]["days"]) == 30
    assert "period" not in api.get(url(scenario, "stats")).json()
    for odd in ({"from": "x"}, {"period": "8"}, {"from": "2026-03-02", "to": "2026-03-01"}):
        refused = api.get(url(scenario, "stats"), odd)
        assert (refused.status_code, list(refused.json())) == (400, ["period"])


def test_a_clone_is_a_draft_with_the_same_flow_and_nobody_in_it(api: APIClient) -> None:
    scenario = running(WAITING)
    Scenario.objects.filter(pk=scenario.pk).update(objective={"kind": "clicked"}, reentry="once")
    api.post(url(scenario, "trigger"), {"contacts": make.contacts(2)})
    answer = api.post(url(scenario, "clone"))
    assert answer.status_code == 201
    copy = Scenario.objects.select_related("flow").get(pk=answer.json()["id"])
    assert (copy.name, copy.state, copy.reentry, copy.objective) == (
        "Calls (copy)",
        ScenarioState.DRAFT,
        "once",
        {"kind": "clicked"},
    )
    assert copy.flow.graph == scenario.flow.graph
    assert not Execution.objects.filter(scenario=copy).exists()


def test_a_deleted_scenario_takes_its_executions_along(api: APIClient) -> None:
    scenario, other = running(WAITING), running(WAITING, "Other")
    people = make.contacts(2)
    for each in (scenario, other):
        api.post(url(each, "trigger"), {"contacts": people})
    drive.until_still(timezone.now())
    api.post(url(scenario, "pause"))
    assert api.delete(url(scenario)).status_code == 204
    assert set(Execution.objects.values_list("scenario", flat=True)) == {other.pk}
