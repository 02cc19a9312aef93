"""Versions that are published while contacts are inside: who follows, who goes where, who waits anew, who goes on."""

from datetime import timedelta
from typing import Any

import pytest

from flows import pausing, publishing, saving, starting
from flows.models import EntryRun, Execution, Flow, Scenario, Step
from flows.publishing import Answers
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(days=7)
IN = ("in", "now", {"segment": None})
TAG = ("tag", "tag", {"add": ["keen"], "remove": []})
OTHER = ("other", "tag", {"add": ["other"], "remove": []})


def wait(node: str = "wait", days: int = 7) -> tuple[str, str, dict[str, Any]]:
    return (node, "wait", {"amount": days, "unit": "days"})


WAITING = make.graph(IN, wait(), TAG, edges="in>wait wait>tag")
STRAIGHT = make.graph(IN, TAG, edges="in>tag")
ELSEWHERE = make.graph(IN, wait("pause", 2), TAG, edges="in>pause pause>tag")


def inside(count: int = 3, graph: dict[str, Any] = WAITING, **fields: Any) -> Scenario:
    """A running scenario in which so many contacts have come as far as they can."""
    make.contacts(count)
    scenario = make.scenario(graph, **fields)
    starting.start(scenario, NOW)
    until_still(NOW)
    return scenario


def publish(scenario: Scenario, graph: dict[str, Any], *answers: Any, now: Any = NOW, base: int | None = None) -> Flow:
    return publishing.publish(scenario, graph, {}, None, base, now, Answers(*answers))


def where() -> dict[str, int]:
    places = [f"{state} at {node}" for state, node in Execution.objects.values_list("state", "node")]
    return {place: places.count(place) for place in set(places)}


def trace() -> list[str]:
    return [f"{node} {outcome}" for node, outcome in Step.objects.order_by("number").values_list("node", "outcome")]


@pytest.fixture(autouse=True)
def nothing_is_wrong(db: None) -> Any:
    yield
    assert complaints(["mail"]) == {}


# Publishing


def test_contacts_follow_the_live_version_as_soon_as_it_is_published():
    scenario = inside()
    later = make.graph(IN, wait(), OTHER, edges="in>wait wait>other")
    assert publish(scenario, later).number == 2
    until_still(NOW + WEEK)
    assert where() == {"completed at other": 3}


def test_contacts_finish_the_version_they_entered_where_the_scenario_says_so():
    scenario = inside(follows="entered")
    publish(scenario, STRAIGHT)
    until_still(NOW)
    assert where() == {"waiting at wait": 3}
    until_still(NOW + WEEK)
    assert where() == {"completed at tag": 3}


def test_an_unfinished_graph_is_not_published_to_contacts_who_are_moving():
    scenario = inside()
    with pytest.raises(publishing.Invalid) as refusal:
        publish(scenario, make.graph(IN, wait(), ("tag", "tag", {}), edges="in>wait wait>tag"))
    assert [problem.node for problem in refusal.value.problems] == ["tag"]
    pausing.pause(scenario, NOW)
    publish(scenario, make.graph(IN, wait(), ("tag", "tag", {}), edges="in>wait wait>tag"))


@pytest.mark.parametrize("trigger", [("other", "now", {}), ("in", "on_event", {"event": "x"})])
def test_the_trigger_stays(trigger: tuple):
    scenario = inside()
    with pytest.raises(publishing.Invalid, match="trigger cannot be removed"):
        publish(scenario, make.graph(trigger, wait(), TAG, edges=f"{trigger[0]}>wait wait>tag"))


def test_what_is_live_already_makes_no_version():
    scenario = inside()
    assert publish(scenario, WAITING).number == 1
    assert Flow.objects.count() == 1


def test_the_second_of_two_who_publish_is_told():
    scenario = inside()
    publish(scenario, make.graph(IN, wait(), OTHER, edges="in>wait wait>other"), base=1)
    with pytest.raises(publishing.Conflict, match="Version 2 was saved in the meantime"):
        publish(scenario, STRAIGHT, {"wait": None}, base=1)


def test_a_trigger_that_listens_listens_to_its_new_event():
    scenario = inside(0, make.graph(("in", "on_event", {"event": "order.placed"}), TAG, edges="in>tag"))
    publish(scenario, make.graph(("in", "on_event", {"event": "order.paid"}), TAG, edges="in>tag"))
    assert scenario.listens_to == "order.paid"


def test_a_trigger_with_another_rhythm_is_planned_anew_and_what_was_due_is_not_lost():
    def rhythm(days: int) -> dict[str, Any]:
        repeat = {"every": days, "unit": "day", "time": "12:00", "timezone": "UTC"}
        return make.graph(("in", "repeat", repeat), TAG, edges="in>tag")

    scenario = inside(1, rhythm(1))
    noon = NOW.replace(hour=12)
    assert Scenario.objects.get().next_run_at == noon
    publish(scenario, make.graph(*[("in", "repeat", rhythm(1)["nodes"][0]["config"])], OTHER, edges="in>other"))
    assert scenario.next_run_at == noon
    publish(scenario, rhythm(4), now=noon + timedelta(minutes=1))
    assert EntryRun.objects.count() == 1
    assert scenario.next_run_at == noon + 4 * DAY


# Drafts


def test_a_draft_is_kept_beside_the_live_version_until_it_is_published():
    scenario = inside()
    saving.keep_draft(scenario, ELSEWHERE, None, 1, "", NOW)
    assert (scenario.draft, scenario.flow.number) == (ELSEWHERE, 1)
    until_still(NOW + WEEK)
    assert where() == {"completed at tag": 3}
    publishing.publish(scenario, scenario.draft, {}, None, 1, NOW, drafted=publishing.stamp(scenario))
    assert (scenario.draft, scenario.flow.number) == (None, 2)


def test_nobody_overwrites_a_draft_that_they_have_not_seen():
    scenario = inside()
    saving.keep_draft(scenario, ELSEWHERE, None, 1, "", NOW)
    stamp = publishing.stamp(scenario)
    for overwrite in (
        lambda: saving.keep_draft(scenario, STRAIGHT, None, 1, "", NOW + DAY),
        lambda: publish(scenario, STRAIGHT, {"wait": None}),
        lambda: saving.restore(scenario, 1, None, "", NOW),
        lambda: saving.discard_draft(scenario, ""),
    ):
        with pytest.raises(publishing.Conflict, match="A draft was saved"):
            overwrite()
    saving.keep_draft(scenario, STRAIGHT, None, 1, stamp, NOW + DAY)
    assert scenario.draft == STRAIGHT
    saving.discard_draft(scenario, publishing.stamp(scenario))
    with pytest.raises(saving.NoDraft):
        saving.discard_draft(scenario, "")


def test_a_draft_that_is_what_is_live_is_none():
    scenario = inside()
    saving.keep_draft(scenario, ELSEWHERE, None, 1, "", NOW)
    saving.keep_draft(scenario, WAITING, None, 1, None, NOW)
    assert (scenario.draft, scenario.draft_saved_at) == (None, None)


def test_an_earlier_version_is_restored_as_a_draft():
    scenario = inside()
    publish(scenario, ELSEWHERE, {"wait": "pause"})
    saving.restore(scenario, 1, None, "", NOW)
    assert scenario.draft == WAITING
    assert scenario.flow.number == 2


def test_while_contacts_move_a_save_is_refused():
    scenario = inside()
    with pytest.raises(saving.Busy):
        saving.save(scenario, STRAIGHT, {}, None, 1, NOW, Answers({"wait": None}))
