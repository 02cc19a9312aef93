"""Pages and the API say how far a scenario has come that deals with much overdue work, or with many who failed."""

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from flows import catching_up, overdue, requeueing
from flows.models import Execution, Scenario
from tests.flows.test_command_pages import inside, overdue_in_a_pause, words
from tests.flows.test_scenario_api import url
from tests.flows.test_scenario_pages import mara, said, state

__all__ = ["mara"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    monkeypatch.setattr(overdue, "SLICE", 1)
    return overdue_in_a_pause()


def test_the_page_says_how_far_it_has_come_and_offers_to_keep_it_from_going_on(mara: Client, behind: Scenario) -> None:
    page = f"/scenarios/{behind.pk}/"
    answer = mara.post(f"{page}resume/", {"overdue": "spread", "spread": "4"}, follow=True)
    assert said(answer)[-1] == "It goes on as soon as what is overdue has been dealt with."
    assert state(behind) == "paused"
    shown = answer.text
    assert "1 of 5 caught up with" in words(shown)
    assert f'action="{page}pause/"' in shown
    assert f"{page}resume/" not in shown
    assert mara.get(f"{page}counts/").json()["catching_up"] == {"done": 1, "total": 5}
    listed = words(mara.get("/scenarios/").text)
    assert "1 of 5 caught up with" in listed
    assert "Do not go on" in listed
    mara.post(f"{page}pause/")
    assert mara.get(f"{page}counts/").json()["catching_up"] is None
    assert f"{page}resume/" in mara.get(page).text
    assert not catching_up.catch_up(timezone.now())


def test_who_may_only_look_sees_it_and_is_offered_nothing(mara: Client, victor: Client, behind: Scenario) -> None:
    mara.post(f"/scenarios/{behind.pk}/resume/", {"overdue": "spread", "spread": "4"})
    shown = victor.get("/scenarios/").text
    assert "1 of 5 caught up with" in words(shown)
    assert "Do not go on" not in shown
    assert victor.post(f"/scenarios/{behind.pk}/pause/").status_code == 403


def test_the_api_says_how_far_it_has_come(api: APIClient, behind: Scenario) -> None:
    body = {"overdue": "spread", "spread_hours": 4}
    told = api.post(url(behind, "resume"), body).json()
    assert (told["state"], told["catching_up"]) == ("paused", {"done": 1, "total": 5})
    while catching_up.catch_up(timezone.now()):
        pass
    told = api.get(url(behind)).json()
    assert (told["state"], told["catching_up"]) == ("running", None)


def test_those_who_are_still_to_be_put_back_are_told_of(
    mara: Client, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = inside(5)
    Execution.objects.update(state="failed", error="RuntimeError: gone", finished_at=timezone.now())
    monkeypatch.setattr(requeueing, "SLICE", 2)
    page = f"/scenarios/{scenario.pk}/"
    answer = mara.post(f"{page}nodes/wait/requeue/", follow=True)
    assert said(answer)[-1] == "2 contacts go on. 3 more follow."
    assert "3 contacts are still to be put back into the queue." in words(answer.text)
    assert "3 still to try again" in words(mara.get(page).text)
    assert mara.get(f"{page}counts/").json()["requeueing"] == 3
    assert api.get(url(scenario)).json()["requeueing"] == 3
    again = api.post(url(scenario, "executions/requeue"), {"all": True}).json()
    assert again == {"requeued": 2, "refused": 0, "left": 1}
    while requeueing.go_on(timezone.now()):
        pass
    assert api.get(url(scenario)).json()["requeueing"] == 0
    assert not Execution.objects.filter(state="failed").exists()
