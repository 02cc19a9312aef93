"""A step that is inserted into a chain reaches those who are past its place: once, at its time, if its terms hold."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, CampaignState, Message
from contacts.models import Contact
from flows import engine, overdue, settling, stats
from flows.chains import beginning, changing, commanding, editing, numbers
from flows.chains.editing import Change
from flows.models import Errand, Execution, Scenario
from flows.overdue import Policy
from flows.publishing import Answers
from tests.flows import audit
from tests.flows.test_chain_running import DAY, IN_A_DAY, ada, bob, chain, got, run, state, step
from tests.make import NOW

__all__ = ["ada", "bob"]
pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
BOTH = ["ada@example.com", "bob@example.com"]
IS_ADA = {"rule": "attribute", "field": "email", "op": "equals", "value": "ada@example.com"}


def after(amount: int, unit: str = "days") -> dict[str, Any]:
    return {"kind": "delay", "amount": amount, "unit": unit}


def sent(*steps: dict[str, Any]) -> Campaign:
    campaign = chain(*steps)
    commanding.send(campaign, None, NOW)
    run(NOW)
    return campaign


def insert(campaign: Campaign, now: Any, order: list[str], backfill: bool = True, **steps: dict[str, Any]) -> None:
    editing.save(campaign, Change(steps, order=order), None, None, now)
    asked = changing.asked(campaign, Scenario.objects.select_related("flow").get(campaign=campaign))
    answers = changing.answers(asked, {"backfill": "1"} if backfill else {})
    editing.publish(campaign, None, None, now, answers)


def asked(campaign: Campaign) -> changing.Asked:
    return changing.asked(campaign, Scenario.objects.select_related("flow").get(campaign=campaign))


def is_sound(campaign: Campaign) -> None:
    senders = list(campaign.steps.values_list("key", flat=True))
    assert audit.complaints(senders) == {}


def test_it_reaches_those_who_are_through_once_and_nothing_else_comes_twice(ada: Contact, bob: Contact) -> None:
    campaign = sent(step("One"), step("Two"))
    assert state(campaign) == CampaignState.SENT
    editing.save(campaign, Change({"n3": step("Between", terms=IS_ADA)}, order=["n1", "n3", "n2"]), None, None, NOW)
    assert asked(campaign).passed == 2
    insert(campaign, NOW + HOUR, ["n1", "n3", "n2"])
    assert state(campaign) == CampaignState.SENDING
    run(NOW + HOUR)
    assert (got("n1", campaign), got("n3", campaign), got("n2", campaign)) == (BOTH, ["ada@example.com"], BOTH)
    assert Message.objects.count() == 5
    assert (state(campaign), Errand.objects.count()) == (CampaignState.SENT, 0)
    is_sound(campaign)
    found = numbers.by_step(Scenario.objects.get(campaign=campaign))["n3"]
    assert (found.reached, found.unmatched, found.late) == (1, 1, 0)


def test_who_stands_right_behind_its_place_gets_it_first_and_its_time_counts_from_the_step_before(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two", timing=after(3)))
    insert(campaign, NOW + DAY, ["n1", "n3", "n2"], n3=step("Between", timing=after(2)))
    run(NOW + DAY)
    run(NOW + 2 * DAY - HOUR)
    assert got("n3", campaign) == []
    run(NOW + 2 * DAY)
    assert (got("n3", campaign), got("n2", campaign)) == (["ada@example.com"], [])
    run(NOW + 5 * DAY - HOUR)
    assert got("n2", campaign) == []
    run(NOW + 5 * DAY)
    assert got("n2", campaign) == ["ada@example.com"]
    assert Message.objects.count() == 3
    is_sound(campaign)


def test_who_waits_further_on_gets_it_at_its_time_and_goes_on_waiting_as_long_as_before(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"), step("Three", timing=after(10)))
    insert(campaign, NOW + DAY, ["n1", "n4", "n2", "n3"], n4=step("Between", timing=after(2)))
    run(NOW + DAY)
    scenario = Scenario.objects.get(campaign=campaign)
    assert numbers.by_step(scenario)["n4"].late == 1
    is_sound(campaign)
    run(NOW + 2 * DAY - HOUR)
    assert got("n4", campaign) == []
    run(NOW + 2 * DAY)
    assert (got("n4", campaign), got("n3", campaign)) == (["ada@example.com"], [])
    assert stats.overview([scenario])[scenario.pk]["inside"] == 1
    run(NOW + 10 * DAY)
    assert got("n3", campaign) == ["ada@example.com"]
    assert (Message.objects.count(), state(campaign)) == (4, CampaignState.SENT)
    is_sound(campaign)


def test_several_that_are_inserted_together_follow_one_another(ada: Contact, bob: Contact) -> None:
    campaign = sent(step("One"), step("Two"))
    more: dict[str, Any] = {
        "n3": step("A", terms=IS_ADA),
        "n4": step("B", timing=IN_A_DAY),
        "n5": step("C", terms={"not": IS_ADA}),
    }
    insert(campaign, NOW + HOUR, ["n1", "n3", "n4", "n5", "n2"], **more)
    run(NOW + HOUR)
    assert (got("n3", campaign), got("n4", campaign), got("n5", campaign)) == (["ada@example.com"], [], [])
    assert state(campaign) == CampaignState.SENDING
    run(NOW + HOUR + DAY)
    assert (got("n4", campaign), got("n5", campaign)) == (["ada@example.com"], ["bob@example.com"])
    assert (Message.objects.count(), state(campaign)) == (7, CampaignState.SENT)
    is_sound(campaign)


def test_without_the_answer_nobody_comes_back(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"))
    insert(campaign, NOW, ["n1", "n3", "n2"], backfill=False, n3=step("Between"))
    run(NOW)
    assert (got("n3", campaign), state(campaign)) == ([], CampaignState.SENT)


def test_who_comes_there_after_the_publication_gets_it_once(ada: Contact) -> None:
    campaign = sent(step("One", timing=IN_A_DAY), step("Two"), step("Three", timing=IN_A_DAY))
    insert(campaign, NOW, ["n1", "n4", "n2", "n3"], n4=step("Between"))
    while engine.advance(NOW + DAY):  # they are quicker than what the publication leaves to do
        pass
    run(NOW + DAY)
    run(NOW + 2 * DAY)
    assert [got(key, campaign) for key in ("n1", "n4", "n2", "n3")] == [["ada@example.com"]] * 4
    assert Message.objects.count() == 4
    is_sound(campaign)


def test_a_step_can_be_inserted_again_and_again(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"))
    insert(campaign, NOW + HOUR, ["n1", "n3", "n2"], n3=step("A"))
    run(NOW + HOUR)
    insert(campaign, NOW + 2 * HOUR, ["n1", "n4", "n3", "n2"], n4=step("B"))
    run(NOW + 2 * HOUR)
    insert(campaign, NOW + 3 * HOUR, ["n1", "n4", "n3", "n2", "n5"], n5=step("C"))
    run(NOW + 3 * HOUR)
    assert [got(key, campaign) for key in ("n1", "n2", "n3", "n4", "n5")] == [["ada@example.com"]] * 5
    assert Message.objects.count() == 5
    is_sound(campaign)


def test_a_version_that_comes_before_the_former_is_settled_brings_both(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"))
    insert(campaign, NOW, ["n1", "n3", "n2"], n3=step("A"))
    insert(campaign, NOW, ["n1", "n3", "n4", "n2"], n4=step("B"))
    run(NOW)
    assert [got(key, campaign) for key in ("n1", "n3", "n4", "n2")] == [["ada@example.com"]] * 4
    assert Message.objects.count() == 4
    is_sound(campaign)


def test_what_is_outstanding_waits_while_the_chain_is_paused_and_ends_when_it_is_cancelled(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"), step("Three", timing=after(5)))
    insert(campaign, NOW, ["n1", "n4", "n2", "n3"], n4=step("Between", timing=IN_A_DAY))
    run(NOW)
    commanding.pause(campaign, None, NOW)
    run(NOW + DAY)
    assert got("n4", campaign) == []
    commanding.cancel(campaign, None, NOW + DAY)
    run(NOW + 5 * DAY)
    assert (got("n4", campaign), got("n3", campaign)) == ([], [])


def paused_with_both_late(ada: Contact, bob: Contact) -> tuple[Campaign, Scenario]:
    """Ada is past the place of a step that was inserted with a time of one day, Bob of one with a time of two; then the
    chain is paused until both were due since hours."""
    terms = {"n4": IS_ADA, "n5": {"not": IS_ADA}}
    campaign = sent(step("One"), step("Two"), step("Three", timing=after(30)))
    more = {key: step(key, timing=after(n), terms=terms[key]) for n, key in enumerate(terms, 1)}
    insert(campaign, NOW, ["n1", "n4", "n5", "n2", "n3"], **more)
    run(NOW)
    commanding.pause(campaign, None, NOW + HOUR)
    return campaign, Scenario.objects.get(campaign=campaign)


def test_what_is_outstanding_and_too_late_when_the_chain_goes_on_is_skipped(ada: Contact, bob: Contact) -> None:
    campaign, scenario = paused_with_both_late(ada, bob)
    at = NOW + DAY + 5 * HOUR
    found = overdue.overdue(scenario, at)
    assert (found.contacts, found.oldest) == (2, NOW + DAY)
    assert overdue.overdue(scenario, at, by=6 * HOUR).contacts == 0
    commanding.resume(campaign, None, at, Policy("skip", 2))
    run(at)
    too_late = Message.objects.get(origin__key=f"{campaign.origin}:n4")
    assert (too_late.contact, too_late.state, too_late.reason) == (ada, "skipped", "too late")
    run(at + 3 * DAY)
    assert got("n5", campaign) == ["bob@example.com"]
    is_sound(campaign)


def test_what_is_outstanding_is_spread_when_the_chain_goes_on(ada: Contact, bob: Contact) -> None:
    campaign, scenario = paused_with_both_late(ada, bob)
    at = NOW + 4 * DAY
    commanding.resume(campaign, None, at, Policy("spread", 10))
    assert [errand.due_at - at for errand in Errand.objects.order_by("due_at")] == [0 * HOUR, 5 * HOUR]
    assert overdue.progress(Scenario.objects.get(pk=scenario.pk)) is None
    run(at)
    assert (got("n4", campaign), Errand.objects.filter(due_at=at + 5 * HOUR).count()) == (["ada@example.com"], 1)
    run(at + 5 * HOUR)
    run(at + 5 * DAY)
    assert got("n5", campaign) == ["bob@example.com"]
    is_sound(campaign)


def test_whoever_left_the_chain_gets_nothing_more(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"), step("Three", timing=after(5)))
    insert(campaign, NOW, ["n1", "n4", "n2", "n3"], n4=step("Between", timing=IN_A_DAY))
    run(NOW)
    Execution.objects.update(state="exited", finished_at=NOW, due_at=None)
    run(NOW + DAY)
    assert (got("n4", campaign), Errand.objects.count(), state(campaign)) == ([], 0, CampaignState.SENT)


def test_an_inserted_step_that_is_removed_again_reaches_nobody(ada: Contact) -> None:
    campaign = sent(step("One"), step("Two"))
    insert(campaign, NOW, ["n1", "n3", "n2"], n3=step("Between", timing=IN_A_DAY))
    run(NOW)
    editing.save(campaign, Change(removed=["n3"]), None, None, NOW)
    editing.publish(campaign, None, None, NOW, Answers())
    run(NOW + DAY)
    assert (got("n3", campaign), state(campaign)) == ([], CampaignState.SENT)
    is_sound(campaign)


def test_who_did_not_match_before_an_inserted_step_for_all_of_the_previous_does_not_get_it(
    ada: Contact, bob: Contact
) -> None:
    campaign = sent(step("One"), step("Two", terms=IS_ADA), step("Three", terms={"not": IS_ADA}))
    insert(campaign, NOW, ["n1", "n2", "n4", "n3"], n4=step("Between"))
    run(NOW)
    assert got("n4", campaign) == ["ada@example.com"]
    assert got("n3", campaign) == ["bob@example.com"]
    assert Message.objects.count() == 5


def test_the_work_costs_the_same_statements_however_many_it_concerns(
    django_assert_max_num_queries: Any, ada: Contact
) -> None:
    from flows import errands
    from tests import make

    for n in range(60):
        make.contact(f"more{n}@example.com")
    campaign = sent(step("One"), step("Two"))
    insert(campaign, NOW, ["n1", "n3", "n2"], n3=step("Between", terms={"not": IS_ADA}))
    with django_assert_max_num_queries(40):
        while settling.settle(NOW):
            pass
    with django_assert_max_num_queries(40):
        errands.run(NOW)
    assert len(got("n3", campaign)) == 60
    assert beginning.parts_of(campaign)[1].key == "n3"
