"""The operators' commands through the API, and what hostile bodies get for an answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns.models import Message
from flows.models import Execution, Scenario
from tests import make
from tests.flows import drive
from tests.flows.odd_bodies import ODD, ids, refused_or_taken, send
from tests.flows.test_scenario_api import TAGGING, WAITING, running, url
from tests.flows.test_stopping import WAITING as MAILING

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def called(client: APIClient, contacts: int = 3) -> Scenario:
    """A running scenario in which contacts wait for a day."""
    scenario = running(WAITING)
    client.post(url(scenario, "trigger"), {"contacts": make.contacts(contacts)})
    return scenario


def test_a_start_is_scheduled_changed_and_taken_back(api: APIClient) -> None:
    scenario, at = make.scenario(TAGGING), timezone.now().replace(microsecond=0) + HOUR
    answer = api.post(url(scenario, "start"), {"at": at.isoformat()})
    assert (answer.status_code, answer.json()["state"]) == (200, "scheduled")
    scenario.refresh_from_db()
    assert scenario.starts_at == at
    assert api.post(url(scenario, "start"), {"at": (at + HOUR).isoformat()}).status_code == 200
    back = api.post(url(scenario, "unschedule")).json()
    assert (back["state"], back["starts_at"]) == ("draft", None)
    past = api.post(url(scenario, "start"), {"at": (at - 2 * HOUR).isoformat()})
    assert (past.status_code, past.json()["problems"]) == (400, [{"node": None, "message": "That moment is over."}])
    again = api.post(url(scenario, "unschedule"))
    assert (again.status_code, again.json()) == (409, {"detail": "This scenario cannot be unscheduled: it is draft."})


@pytest.mark.parametrize(
    ("choice", "kept", "state"),
    [
        ({}, {}, "queued"),
        ({"overdue": "send"}, {}, "queued"),
        ({"overdue": "skip", "older_than_hours": 1.5}, {"skip_older_than": 5400.0}, "skipped"),
        ({"overdue": "spread", "spread_hours": "2"}, {}, "queued"),
    ],
)
def test_a_pause_is_ended_with_a_choice_about_what_is_overdue(
    api: APIClient, choice: dict[str, Any], kept: dict[str, Any], state: str
) -> None:
    make.contacts(2)
    scenario = make.scenario(MAILING)
    api.post(url(scenario, "start"))
    drive.until_still(timezone.now())
    Message.objects.update(due_at=timezone.now() - 2 * HOUR)
    api.post(url(scenario, "pause"))
    answer = api.post(url(scenario, "resume"), choice)
    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    scenario.refresh_from_db()
    assert {key: value for key, value in scenario.overdue.items() if key != "resumed"} == kept
    assert set(Message.objects.values_list("state", flat=True)) == {state}


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"overdue": "skip"}, "older_than_hours"),
        ({"overdue": "spread", "older_than_hours": 2}, "spread_hours"),
        ({"overdue": "skip", "older_than_hours": -1}, "older_than_hours"),
        ({"overdue": "skip", "older_than_hours": "NaN"}, "older_than_hours"),
        ({"overdue": "spread", "spread_hours": 99999}, "spread_hours"),
        ({"overdue": "later"}, "overdue"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(api: APIClient, choice: dict[str, Any], field: str) -> None:
    scenario = make.scenario(TAGGING, state="paused")
    answer = api.post(url(scenario, "resume"), choice)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    scenario.refresh_from_db()
    assert scenario.state == "paused"


def test_a_stop_and_a_clearing_make_everybody_leave(api: APIClient) -> None:
    for command, state in (("clear", "running"), ("stop", "stopped")):
        Execution.objects.all().delete()
        make.Contact.objects.all().delete()
        scenario = called(api)
        answer = api.post(url(scenario, command))
        assert (answer.status_code, answer.json()["state"]) == (200, state)
        drive.until_still(timezone.now())
        assert set(Execution.objects.values_list("state", flat=True)) == {"exited"}
    assert api.post(url(scenario, "stop")).json() == {"detail": "This scenario cannot be stopped: it is stopped."}


def test_one_contact_is_taken_out_once(api: APIClient) -> None:
    scenario = called(api)
    one = Execution.objects.first().pk
    assert api.delete(url(scenario, f"executions/{one}")).status_code == 204
    again = api.delete(url(scenario, f"executions/{one}"))
    assert (again.status_code, again.json()) == (409, {"detail": "This pass is over: exited."})
    for other in (url(running(TAGGING, "Other"), f"executions/{one + 1}"), url(scenario, "executions/999999999")):
        assert api.delete(other).status_code == 404
    assert Execution.objects.filter(state="waiting").count() == 2


def test_the_failed_go_on_all_or_some(api: APIClient) -> None:
    scenario = called(api)
    Execution.objects.update(state="failed", due_at=None, single=False)
    some = [Execution.objects.first().pk, 999999999]
    requeue = url(scenario, "executions/requeue")
    assert api.post(requeue, {"ids": some}).json() == {"requeued": 1, "refused": 1, "left": 0}
    assert api.post(requeue, {"node": "rest"}).json() == {"requeued": 2, "refused": 0, "left": 0}
    assert set(Execution.objects.values_list("state", flat=True)) == {"pending"}
    for body in ({}, {"node": "rest", "ids": []}, {"ids": ["x"]}, {"ids": [10**30]}, {"all": False}):
        assert api.post(requeue, body).status_code == 400, body
    stopped = make.scenario(TAGGING, state="stopped")
    assert api.post(url(stopped, "executions/requeue"), {"ids": []}).status_code == 409


@pytest.mark.parametrize("odd", ODD, ids=ids)
def test_a_command_may_hold_anything_and_is_answered(api: APIClient, odd: Any) -> None:
    scenario = make.scenario(TAGGING)
    for command in ("start", "unschedule", "pause", "resume", "stop", "clear", "executions/requeue"):
        for body in (odd, *({key: odd} for key in ("at", "overdue", "node", "ids"))):
            refused_or_taken(send(api, "post", url(scenario, command), body))
        for key in ("older_than_hours", "spread_hours"):
            for policy in ("skip", "spread"):
                refused_or_taken(send(api, "post", url(scenario, command), {"overdue": policy, key: odd}))
