"""Every command in every state of a scenario: what it leads to, or the sentence that refuses it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Origin
from flows import clearing, deleting, pausing, requeueing, scheduling, starting, stopping
from flows.models import Scenario, ScenarioState
from flows.transitions import COMMANDS, NotReady, WrongState, move, possible
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
CALLS = make.graph(
    ("in", "on_event", {"event": "api.call"}), ("rest", "wait", {"amount": 1, "unit": "days"}), edges="in>rest"
)
NOBODY = make.graph(("in", "now", {"segment": None}), ("end", "end", {}), edges="in>end")


def suspend(scenario: Scenario) -> None:
    if not pausing.suspend([scenario.pk], "paused_error", "The provider is down.", NOW):
        raise WrongState("This scenario cannot be paused: it is not running.")
    scenario.refresh_from_db()


def complete(scenario: Scenario) -> None:
    """By the clock, which has no sentence for whom it does not concern."""
    Scenario.objects.filter(pk=scenario.pk).update(listens_to="")
    before = scenario.state
    starting.complete(NOW)
    scenario.refresh_from_db()
    if scenario.state == before:
        raise WrongState("This scenario cannot be completed: it is not running.")


DO: dict[str, Callable[[Scenario], Any]] = {
    "start": lambda scenario: starting.start(scenario, NOW),
    "schedule": lambda scenario: scheduling.schedule(scenario, NOW + HOUR, NOW),
    "unschedule": lambda scenario: scheduling.unschedule(scenario, NOW),
    "pause": lambda scenario: pausing.pause(scenario, NOW),
    "suspend": suspend,
    "resume": lambda scenario: pausing.resume(scenario, NOW),
    "stop": lambda scenario: stopping.stop(scenario, NOW),
    "complete": complete,
    "send_on": lambda scenario: move(scenario, "send_on", ScenarioState.RUNNING),
    "requeue": lambda scenario: requeueing.requeue(scenario, NOW, node="rest"),
    "clear": lambda scenario: clearing.clear(scenario, NOW),
    "delete": lambda scenario: deleting.delete(scenario),
}
PAUSES = ("paused", "paused_error", "paused_balance")
ENDS = ("completed", "completed_partial")
# What each command leads to, written down once more by hand.
LEADS: dict[str, dict[str, str]] = {
    "start": dict.fromkeys(("draft", "scheduled", "stopped", *ENDS), "running"),
    "schedule": dict.fromkeys(("draft", "scheduled", "stopped", *ENDS), "scheduled"),
    "unschedule": {"scheduled": "draft"},
    "pause": {"running": "paused"},
    "suspend": {"running": "paused_error"},
    "resume": dict.fromkeys(PAUSES, "running"),
    "stop": dict.fromkeys(("scheduled", "running", *PAUSES), "stopped"),
    "complete": {"running": "completed"},
    "send_on": dict.fromkeys(ENDS, "running"),
    "requeue": {state: state for state in ("running", *PAUSES)} | {"completed_partial": "running"},
    "clear": {state: state for state in ScenarioState.values},
    "delete": {state: "gone" for state in ScenarioState.values if state != "running"},
}


def test_every_command_is_looked_at():
    assert DO.keys() == LEADS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", DO)
@pytest.mark.parametrize("state", ScenarioState.values)
def test_a_command_leads_where_it_should_or_is_refused_with_a_sentence(command: str, state: str):
    scenario = make.scenario(CALLS)
    Scenario.objects.filter(pk=scenario.pk).update(state=state)
    scenario.refresh_from_db()
    wanted = LEADS[command].get(state)
    assert (command in possible(state)) == bool(wanted)
    if wanted:
        DO[command](scenario)
    else:
        with pytest.raises(WrongState) as refusal:
            DO[command](scenario)
        assert str(refusal.value).startswith(("This scenario cannot be ", "Pause the scenario before "))
    kept = Scenario.objects.filter(pk=scenario.pk).values_list("state", flat=True).first()
    assert (kept or "gone") == (wanted or state)


@pytest.mark.parametrize("command", sorted(DO.keys() - {"clear", "requeue", "complete"}))
def test_a_command_given_twice_at_once_works_once(command: str):
    """The second one was read before the first one was done."""
    scenario = make.scenario(CALLS)
    state = next(iter(LEADS[command]))
    Scenario.objects.filter(pk=scenario.pk).update(state=state)
    first, second = (Scenario.objects.select_related("flow").get(pk=scenario.pk) for _ in range(2))
    DO[command](first)
    if LEADS[command][state] in LEADS[command]:
        return  # it may be said again
    with pytest.raises((WrongState, Scenario.DoesNotExist)):
        DO[command](second)


# Scheduling


def test_a_scheduled_scenario_starts_when_its_time_has_come():
    make.contacts(3)
    scenario = make.scenario(NOBODY)
    scheduling.schedule(scenario, NOW + HOUR, NOW)
    assert (scenario.state, scenario.starts_at) == ("scheduled", NOW + HOUR)
    until_still(NOW + HOUR - timedelta(seconds=1))
    scenario.refresh_from_db()
    assert scenario.state == "scheduled"
    until_still(NOW + HOUR)
    scenario.refresh_from_db()
    assert (scenario.state, scenario.starts_at, scenario.started_at) == ("completed", None, NOW + HOUR)
    assert scenario.execution_set.count() == 3


def test_what_keeps_a_scheduled_scenario_from_starting_is_kept_for_people_to_read():
    good, bad = make.scenario(CALLS, "Good"), make.scenario(CALLS, "Bad")
    for scenario in (good, bad):
        scheduling.schedule(scenario, NOW + HOUR, NOW)
    bad.flow.graph["nodes"][1]["config"] = {}
    bad.flow.save()
    until_still(NOW + HOUR)
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, good.state_reason) == ("running", "")
    assert (bad.state, bad.starts_at) == ("draft", None)
    assert bad.state_reason == "It could not start on 10 March 2026 at 10:00 UTC. Say how long to wait."
    bad.flow.graph = CALLS
    bad.flow.save()
    starting.start(bad, NOW + HOUR)
    assert bad.state_reason == ""


def test_a_moment_that_is_over_cannot_be_scheduled():
    scenario = make.scenario(CALLS)
    with pytest.raises(NotReady, match="That moment is over"):
        scheduling.schedule(scenario, NOW, NOW)
    assert Scenario.objects.get().state == "draft"


def test_a_schedule_is_changed_and_taken_back_to_where_the_scenario_came_from():
    scenario = make.scenario(CALLS)
    scheduling.schedule(scenario, NOW + HOUR, NOW)
    scheduling.schedule(scenario, NOW + 2 * HOUR, NOW)
    assert scenario.starts_at == NOW + 2 * HOUR
    scheduling.unschedule(scenario, NOW)
    assert (scenario.state, scenario.starts_at) == ("draft", None)
    starting.start(scenario, NOW)
    stopping.stop(scenario, NOW)
    scheduling.schedule(scenario, NOW + HOUR, NOW)
    scheduling.unschedule(scenario, NOW)
    assert scenario.state == "stopped"


# Pauses that nobody wished for


@pytest.mark.parametrize("state", ["paused_error", "paused_balance"])
def test_a_scenario_that_had_to_be_paused_says_why_and_goes_on_when_it_is_resumed(state: str):
    make.contacts(2)
    graph = make.graph(
        ("in", "now", {"segment": None}), ("mail", "email", {"subject": "Hello", "body": "Hello"}),
        ("rest", "wait", {"amount": 1, "unit": "hours"}), edges="in>mail mail>rest",
    )  # fmt: skip
    running, paused = make.scenario(graph, "Running"), make.scenario(graph, "Paused")
    for scenario in (running, paused):
        starting.start(scenario, NOW)
    until_still(NOW)
    pausing.pause(paused, NOW)
    assert pausing.suspend([running.pk, paused.pk, 0], state, "Nobody answers at the provider.", NOW) == [running.pk]
    running.refresh_from_db()
    paused.refresh_from_db()
    assert (running.state, running.state_reason) == (state, "Nobody answers at the provider.")
    assert (paused.state, paused.state_reason) == ("paused", "")
    assert Origin.objects.get(key=f"scenario:{running.pk}:mail").held
    until_still(NOW + HOUR)
    assert set(running.execution_set.values_list("state", flat=True)) == {"waiting"}
    pausing.resume(running, NOW + HOUR)
    assert (running.state, running.state_reason) == ("running", "")
    assert not Origin.objects.get(key=f"scenario:{running.pk}:mail").held
    until_still(NOW + HOUR)
    assert set(running.execution_set.values_list("state", flat=True)) == {"completed"}
