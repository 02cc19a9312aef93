"""Versions that are published while contacts are inside: who follows, who goes where, who waits anew, who goes on."""

from datetime import timedelta
from typing import Any

import pytest

from flows import asking, publishing, saving, settling, starting, triggering
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
    starting.pause(scenario, NOW)
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


# Removed nodes


def test_a_removed_node_with_contacts_needs_an_answer_and_says_how_many_stand_there():
    scenario = inside()
    assert asking.questions(scenario, ELSEWHERE).removed == {"wait": 3}
    with pytest.raises(publishing.Invalid) as refusal:
        publish(scenario, ELSEWHERE)
    (problem,) = refusal.value.problems
    assert (problem.node, problem.message) == (
        "wait",
        "3 contacts stand at this step, which was removed. Say where they go.",
    )
    assert Flow.objects.count() == 1


@pytest.mark.parametrize(
    ("redirects", "sentence"),
    [
        ({"wait": "in"}, "to the trigger"),
        ({"wait": "wait"}, "no such step"),
        ({"wait": "nowhere"}, "no such step"),
        ({"wait": None, "tag": None}, "not among those"),
        ({"wait": None, "nowhere": None}, "not among those"),
    ],
)
def test_contacts_go_only_where_there_is_something(redirects: dict, sentence: str):
    scenario = inside()
    with pytest.raises(publishing.Invalid, match=sentence):
        publish(scenario, ELSEWHERE, redirects)


def test_a_removed_node_where_nobody_stands_needs_no_answer():
    scenario = inside()
    publish(scenario, make.graph(IN, wait(), edges="in>wait"))
    assert Flow.objects.first().settled_at == NOW


def test_contacts_of_a_removed_node_go_where_the_answer_says_by_one_step_each():
    scenario = inside()
    publish(scenario, ELSEWHERE, {"wait": "pause"})
    until_still(NOW + DAY)
    assert where() == {"waiting at pause": 3}
    assert set(Execution.objects.values_list("due_at", "arrived_at")) == {(NOW + 3 * DAY, NOW + DAY)}
    until_still(NOW + 3 * DAY)
    assert where() == {"completed at tag": 3}
    assert trace().count("wait redirected") == 3
    assert set(Step.objects.filter(outcome="redirected").values_list("at", flat=True)) == {NOW + DAY}


def test_contacts_of_a_removed_node_may_leave():
    scenario = inside()
    publish(scenario, STRAIGHT, {"wait": None})
    until_still(NOW)
    assert where() == {"exited at wait": 3}


def test_in_a_pause_they_are_only_placed_and_go_on_afterwards():
    scenario = inside()
    starting.pause(scenario, NOW)
    publish(scenario, STRAIGHT, {"wait": "tag"})
    until_still(NOW)
    assert where() == {"pending at tag": 3}
    assert complaints([]) == {}
    starting.resume(scenario, NOW + DAY)
    until_still(NOW + DAY)
    assert where() == {"completed at tag": 3}
    assert trace().count("wait redirected") == 3


def test_whoever_was_placed_at_a_node_that_is_removed_next_is_asked_about_again():
    scenario = inside()
    starting.pause(scenario, NOW)
    publish(scenario, STRAIGHT, {"wait": "tag"})
    until_still(NOW)
    publish(scenario, make.graph(IN, OTHER, edges="in>other"), {"tag": "other"})
    until_still(NOW)
    assert where() == {"pending at other": 3}
    starting.resume(scenario, NOW)
    until_still(NOW)
    assert where() == {"completed at other": 3}


def test_what_one_version_left_undone_the_next_one_does():
    scenario = inside()
    publish(scenario, ELSEWHERE, {"wait": "pause"})
    publish(scenario, make.graph(IN, OTHER, edges="in>other"), {"pause": "other"})
    assert Flow.objects.filter(settled_at=None).count() == 1
    until_still(NOW)
    assert where() == {"completed at other": 3}
    assert trace().count("wait redirected") == 3


# Waits


def test_changed_waits_are_asked_about_with_the_number_of_those_who_wait():
    scenario = inside()
    shorter = make.graph(IN, wait(days=2), TAG, edges="in>wait wait>tag")
    assert asking.questions(scenario, shorter).waits == {"wait": 3}
    assert not asking.questions(scenario, make.graph(IN, wait(), OTHER, edges="in>wait wait>other"))


@pytest.mark.parametrize(
    ("days", "retime", "due"), [(2, True, 2), (30, True, 30), (2, False, 7), (30, False, 7), (1, True, 1)]
)
def test_waiters_wait_anew_from_their_arrival_or_as_they_did(days: int, retime: bool, due: int):
    scenario = inside()
    publish(scenario, make.graph(IN, wait(days=days), TAG, edges="in>wait wait>tag"), {}, retime)
    until_still(NOW + DAY / 2)
    assert set(Execution.objects.values_list("due_at", flat=True)) == {NOW + due * DAY}


def test_whose_new_moment_is_over_goes_on_now():
    scenario = inside()
    publish(scenario, make.graph(IN, wait(days=2), TAG, edges="in>wait wait>tag"), {}, True)
    until_still(NOW + 3 * DAY)
    assert where() == {"completed at tag": 3}
    assert set(Step.objects.filter(node="wait").values_list("at", flat=True)) == {NOW + 3 * DAY}


def test_the_overdue_of_a_pause_wait_longer_where_the_wait_became_longer():
    scenario = inside()
    starting.pause(scenario, NOW)
    publish(scenario, make.graph(IN, wait(days=30), TAG, edges="in>wait wait>tag"), {}, True, now=NOW + 8 * DAY)
    until_still(NOW + 8 * DAY)
    starting.resume(scenario, NOW + 8 * DAY)
    until_still(NOW + 8 * DAY)
    assert where() == {"waiting at wait": 3}
    assert set(Execution.objects.values_list("due_at", flat=True)) == {NOW + 30 * DAY}


def test_who_comes_after_the_publication_is_not_timed_again():
    scenario, (ann, ben) = make.scenario(make.graph(CALL, wait(), edges="in>wait")), make.contacts(2)
    starting.start(scenario, NOW)
    triggering.call(scenario, [ann], {}, NOW)
    flow = publish(scenario, make.graph(CALL, wait(days=2), edges="in>wait"), {}, True, now=NOW + DAY)
    triggering.call(scenario, [ben], {}, NOW + DAY)
    while settling.settle(NOW + DAY):
        pass
    assert list(Execution.objects.order_by("pk").values_list("due_at", flat=True)) == [NOW + 2 * DAY, NOW + 3 * DAY]
    assert Flow.objects.get(pk=flow.pk).settled_at == NOW + DAY


# Those who had finished

CALL = ("in", "on_event", {"event": "api.call"})
CALLED = make.graph(CALL, TAG, edges="in>tag")
CALLED_LONGER = make.graph(CALL, TAG, wait(), edges="in>tag tag>wait")
LONGER = make.graph(IN, wait(), TAG, OTHER, edges="in>wait wait>tag tag>other")


def test_those_who_finished_are_counted_and_go_on_only_when_asked_to():
    scenario = inside()
    until_still(NOW + WEEK)
    assert asking.questions(scenario, LONGER).ends == {("tag", "next"): 3}
    publish(scenario, LONGER, now=NOW + WEEK)
    until_still(NOW + WEEK)
    assert where() == {"completed at tag": 3}


@pytest.mark.parametrize("reentry", ["once", "not_while_inside", "every_time", "restart"])
def test_those_who_finished_go_through_the_new_last_part(reentry: str):
    scenario, ids = make.scenario(CALLED, reentry=reentry), make.contacts(3)
    starting.start(scenario, NOW)
    triggering.call(scenario, ids, {}, NOW)
    starting.pause(scenario, NOW)
    publish(scenario, CALLED_LONGER, {}, False, True, now=NOW + DAY)
    until_still(NOW + DAY)
    assert where() == {"pending at wait": 3}
    assert set(Execution.objects.values_list("single", "finished_at")) == {(reentry != "every_time", None)}
    assert complaints([]) == {}
    starting.resume(scenario, NOW + DAY)
    until_still(NOW + DAY)
    assert set(Execution.objects.values_list("arrived_at", "due_at")) == {(NOW + DAY, NOW + 8 * DAY)}
    until_still(NOW + 8 * DAY)
    assert where() == {"completed at wait": 3}
    assert trace().count("tag next") == 3


def test_a_part_that_takes_the_place_of_an_end_is_added_too():
    ended = make.graph(IN, TAG, ("end", "end", {}), edges="in>tag tag>end")
    scenario = inside(3, ended)
    longer = make.graph(IN, TAG, OTHER, edges="in>tag tag>other")
    assert asking.questions(scenario, longer).ends == {("tag", "next"): 3}
    publish(scenario, longer, {}, False, True)
    settling.settle(NOW)
    assert where() == {"pending at other": 3}


def test_who_is_inside_again_comes_to_the_new_part_by_themselves():
    scenario, (ann,) = make.scenario(CALLED), make.contacts(1)
    starting.start(scenario, NOW)
    triggering.call(scenario, [ann], {}, NOW)
    triggering.call(scenario, [ann], {}, NOW)
    assert asking.questions(scenario, CALLED_LONGER).ends == {("tag", "next"): 1}
    publish(scenario, CALLED_LONGER, {}, False, True)
    settling.settle(NOW)
    settling.settle(NOW)
    assert where() == {"completed at tag": 1, "pending at wait": 1}


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
