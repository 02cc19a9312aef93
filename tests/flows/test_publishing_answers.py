"""What becomes of contacts inside when a version is published: who goes where, who waits anew, who goes on."""

import pytest

from flows import asking, pausing, publishing, settling, starting, triggering
from flows.models import Execution, Flow, Step
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.test_publishing import (
    DAY,
    ELSEWHERE,
    IN,
    OTHER,
    STRAIGHT,
    TAG,
    WEEK,
    inside,
    nothing_is_wrong,
    publish,
    trace,
    wait,
    where,
)  # fmt: skip
from tests.make import NOW

__all__ = ["nothing_is_wrong"]
pytestmark = pytest.mark.django_db


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
    pausing.pause(scenario, NOW)
    publish(scenario, STRAIGHT, {"wait": "tag"})
    until_still(NOW)
    assert where() == {"pending at tag": 3}
    assert complaints([]) == {}
    pausing.resume(scenario, NOW + DAY)
    until_still(NOW + DAY)
    assert where() == {"completed at tag": 3}
    assert trace().count("wait redirected") == 3


def test_whoever_was_placed_at_a_node_that_is_removed_next_is_asked_about_again():
    scenario = inside()
    pausing.pause(scenario, NOW)
    publish(scenario, STRAIGHT, {"wait": "tag"})
    until_still(NOW)
    publish(scenario, make.graph(IN, OTHER, edges="in>other"), {"tag": "other"})
    until_still(NOW)
    assert where() == {"pending at other": 3}
    pausing.resume(scenario, NOW)
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
    pausing.pause(scenario, NOW)
    publish(scenario, make.graph(IN, wait(days=30), TAG, edges="in>wait wait>tag"), {}, True, now=NOW + 8 * DAY)
    until_still(NOW + 8 * DAY)
    pausing.resume(scenario, NOW + 8 * DAY)
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
    pausing.pause(scenario, NOW)
    publish(scenario, CALLED_LONGER, {}, False, True, now=NOW + DAY)
    until_still(NOW + DAY)
    assert where() == {"pending at wait": 3}
    assert set(Execution.objects.values_list("single", "finished_at")) == {(reentry != "every_time", None)}
    assert complaints([]) == {}
    pausing.resume(scenario, NOW + DAY)
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
