"""A chain, run by the engine: who gets which step, how its campaign is called, and steps added afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Campaign, CampaignState, Message
from contacts import consent
from contacts.models import Contact
from flows import saving
from flows.chains import beginning, changing, commanding, editing, numbers
from flows.chains.editing import Change
from flows.models import Scenario
from flows.publishing import Answers
from flows.transitions import NotReady, WrongState
from tests import make
from tests.campaigns.mailings import hand_over
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
IN_A_DAY = {"kind": "delay", "amount": 1, "unit": "days"}
UNSUBSCRIBED = {"rule": "consent", "channel": "email", "is": "unsubscribed"}


def step(name: str, channel: str = "email", **fields: Any) -> dict[str, Any]:
    message = {"subject": name, "body": "Hello"} if channel == "email" else {"body": name}
    found = {"message": message, "terms": None, "timing": {"kind": "at_once"}, "objective": {}}
    return {"name": name, "channel": channel, **found, **fields}


def chain(*steps: dict[str, Any], **fields: Any) -> Campaign:
    campaign = beginning.begin("Spring", None, NOW)
    for name, value in fields.items():
        setattr(campaign, name, value)
    campaign.save()
    editing.save(campaign, Change({f"n{n}": each for n, each in enumerate(steps, 1)}), None, None, NOW)
    return campaign


def run(now: datetime) -> None:
    until_still(now)
    hand_over(now)
    until_still(now)


def got(key: str, campaign: Campaign) -> list[str]:
    rows = Message.objects.filter(origin__key=f"{campaign.origin}:{key}").exclude(state="skipped")
    return sorted(rows.values_list("contact__email", flat=True))


def state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


@pytest.fixture
def ada() -> Contact:
    return make.contact("ada@example.com", phone="+491701234567")


@pytest.fixture
def bob() -> Contact:
    return make.contact("bob@example.com", phone="+491701234568")


def test_who_unsubscribes_from_the_email_gets_the_sms_of_step_two(ada: Contact, bob: Contact) -> None:
    campaign = chain(step("Sale"), step("Sale by SMS", "sms", terms=UNSUBSCRIBED, timing=IN_A_DAY))
    commanding.send(campaign, None, NOW)
    run(NOW)
    assert got("n1", campaign) == ["ada@example.com", "bob@example.com"]
    consent.set_state([ada.pk], "email", "unsubscribed", "test", NOW)
    run(NOW + DAY)
    assert got("n2", campaign) == ["ada@example.com"]
    assert state(campaign) == CampaignState.SENT
    assert campaign.finished_at == NOW + DAY


def test_a_step_for_all_of_the_previous_is_for_those_who_got_it(ada: Contact, bob: Contact) -> None:
    consent.set_state([ada.pk], "sms", "subscribed", "test", NOW)
    vip = {"rule": "attribute", "field": "email", "op": "equals", "value": "ada@example.com"}
    campaign = chain(step("One"), step("Two", terms=vip), step("Three"), step("Four", terms={"not": vip}))
    commanding.send(campaign, None, NOW)
    run(NOW)
    assert [got(key, campaign) for key in ("n1", "n2", "n3", "n4")] == [
        ["ada@example.com", "bob@example.com"],
        ["ada@example.com"],
        ["ada@example.com"],
        ["bob@example.com"],
    ]


def test_a_step_asks_what_came_of_an_earlier_one(ada: Contact, bob: Contact) -> None:
    opened = {"rule": "message", "did": "opened", "node": "n1"}
    campaign = chain(step("One"), step("Two", terms=opened, timing=IN_A_DAY))
    commanding.send(campaign, None, NOW)
    run(NOW)
    Message.objects.filter(contact=ada).update(opened_at=NOW)
    run(NOW + DAY - timedelta(minutes=1))
    assert got("n2", campaign) == []
    run(NOW + DAY)
    assert got("n2", campaign) == ["ada@example.com"]


def test_only_the_audience_enters(ada: Contact, bob: Contact) -> None:
    only = {"rule": "attribute", "field": "email", "op": "equals", "value": "ada@example.com"}
    campaign = chain(step("One"), audience={"segments": [], "tags": [], "file": False, "exclude": [], "rule": only})
    commanding.send(campaign, None, NOW)
    run(NOW)
    assert got("n1", campaign) == ["ada@example.com"]


def sent_chain(*people: Contact) -> Campaign:
    campaign = chain(step("One"))
    commanding.send(campaign, None, NOW)
    run(NOW)
    assert state(campaign) == CampaignState.SENT
    return campaign


def test_a_step_added_after_sending_reaches_those_who_passed_and_match(ada: Contact, bob: Contact) -> None:
    campaign = sent_chain(ada, bob)
    Message.objects.filter(contact=bob).update(clicked_at=NOW)
    later = NOW + 3 * DAY
    clicked = {"rule": "message", "did": "clicked", "node": "n1"}
    editing.save(campaign, Change({"n2": step("Two", terms=clicked)}), None, None, later)
    run(later)
    assert got("n2", campaign) == []
    assert state(campaign) == CampaignState.SENT
    editing.publish(campaign, None, None, later, Answers(backfill=True))
    assert state(campaign) == CampaignState.SENDING
    assert campaign.finished_at is None
    run(later)
    assert got("n1", campaign) == ["ada@example.com", "bob@example.com"]
    assert got("n2", campaign) == ["bob@example.com"]
    assert state(campaign) == CampaignState.SENT


def test_steps_can_be_added_again_and_again(ada: Contact) -> None:
    campaign = sent_chain(ada)
    for n in (2, 3):
        editing.save(campaign, Change({f"n{n}": step(f"Step {n}", timing=IN_A_DAY)}), None, None, NOW + n * DAY)
        editing.publish(campaign, None, None, NOW + n * DAY, Answers(backfill=True))
        run(NOW + n * DAY)
        assert state(campaign) == CampaignState.SENDING
        run(NOW + (n + 1) * DAY)
        assert got(f"n{n}", campaign) == ["ada@example.com"]
        assert state(campaign) == CampaignState.SENT


def test_a_sent_chain_may_get_a_step_that_nobody_gets(ada: Contact) -> None:
    campaign = sent_chain(ada)
    editing.save(campaign, Change({"n2": step("Two")}), None, None, NOW)
    editing.publish(campaign, None, None, NOW)
    run(NOW)
    assert got("n2", campaign) == []
    assert state(campaign) == CampaignState.SENT


def test_it_does_not_complete_before_those_who_passed_have_come_back(ada: Contact) -> None:
    from flows import starting

    campaign = sent_chain(ada)
    editing.save(campaign, Change({"n2": step("Two")}), None, None, NOW)
    editing.publish(campaign, None, None, NOW, Answers(backfill=True))
    starting.complete(NOW)
    assert state(campaign) == CampaignState.SENDING


def test_the_campaign_is_called_what_its_scenario_is(ada: Contact) -> None:
    campaign = chain(step("One"), step("Two", timing=IN_A_DAY))
    commanding.send(campaign, None, NOW)
    until_still(NOW)
    assert (state(campaign), campaign.started_at) == (CampaignState.SENDING, NOW)
    commanding.pause(campaign, None, NOW)
    assert state(campaign) == CampaignState.PAUSED
    run(NOW + 2 * DAY)
    assert got("n2", campaign) == []
    commanding.resume(campaign, None, NOW + 2 * DAY)
    assert state(campaign) == CampaignState.SENDING
    commanding.cancel(campaign, None, NOW + 2 * DAY)
    assert (state(campaign), campaign.finished_at) == (CampaignState.CANCELLED, NOW + 2 * DAY)
    run(NOW + 3 * DAY)
    assert got("n2", campaign) == []
    with pytest.raises(WrongState, match="cannot be sent: it is cancelled"):
        commanding.send(campaign, None, NOW + 3 * DAY)


def test_it_begins_at_its_moment_even_where_the_workers_were_late(ada: Contact) -> None:
    campaign = chain(step("One"))
    at = {"when": "at", "at": "2026-03-11T12:00", "timezone": "Europe/Paris"}
    commanding.schedule(campaign, at, None, NOW)
    assert (state(campaign), campaign.starts_at) == (CampaignState.SCHEDULED, datetime(2026, 3, 11, 11, tzinfo=UTC))
    run(NOW + DAY)
    assert got("n1", campaign) == []
    run(NOW + 2 * DAY)
    assert got("n1", campaign) == ["ada@example.com"]


def test_it_begins_in_each_contacts_own_zone() -> None:
    make.contact("keiko@example.com", timezone="Asia/Tokyo")
    make.contact("zoe@example.com", timezone="America/New_York")
    campaign = chain(step("One"))
    at = {"when": "at", "at": "2026-03-11T12:00", "timezone": "contact"}
    commanding.schedule(campaign, at, None, NOW)
    assert state(campaign) == CampaignState.SCHEDULED
    run(datetime(2026, 3, 11, 3, 5, tzinfo=UTC))
    assert got("n1", campaign) == ["keiko@example.com"]
    assert state(campaign) == CampaignState.SENDING
    run(datetime(2026, 3, 11, 16, 0, tzinfo=UTC))
    assert got("n1", campaign) == ["keiko@example.com", "zoe@example.com"]


def test_a_schedule_can_be_changed_and_taken_back(ada: Contact) -> None:
    campaign = chain(step("One"))
    at = {"when": "at", "at": "2026-03-11T12:00", "timezone": "UTC"}
    commanding.schedule(campaign, at, None, NOW)
    commanding.schedule(campaign, {**at, "at": "2026-03-12T12:00"}, None, NOW)
    assert campaign.starts_at == datetime(2026, 3, 12, 12, tzinfo=UTC)
    commanding.unschedule(campaign, None, NOW)
    assert (state(campaign), campaign.starts_at) == (CampaignState.DRAFT, None)
    commanding.schedule(campaign, at, None, NOW)
    commanding.send(campaign, None, NOW)
    run(NOW)
    assert got("n1", campaign) == ["ada@example.com"]


def test_a_moment_that_is_over_is_refused(ada: Contact) -> None:
    campaign = chain(step("One"))
    with pytest.raises(NotReady, match="over"):
        commanding.schedule(campaign, {"when": "at", "at": "2026-03-01T12:00", "timezone": "UTC"}, None, NOW)
    assert state(campaign) == CampaignState.DRAFT


def test_a_removed_step_asks_where_its_contacts_go(ada: Contact) -> None:
    campaign = chain(step("One"), step("Two", timing=IN_A_DAY), step("Three"))
    commanding.send(campaign, None, NOW)
    run(NOW)
    editing.save(campaign, Change(removed=["n2"]), None, None, NOW)
    with pytest.raises(saving.Invalid, match="1 contact stands"):
        editing.publish(campaign, None, None, NOW)
    editing.publish(campaign, None, None, NOW, Answers({"n2-wait": "n3"}))
    run(NOW)
    assert (got("n2", campaign), got("n3", campaign)) == ([], ["ada@example.com"])


def test_a_clone_is_a_draft_of_its_own(ada: Contact) -> None:
    campaign = sent_chain(ada)
    copy = beginning.clone(campaign, None, NOW)
    assert (copy.name, copy.state, copy.steps.count()) == ("Spring (copy)", CampaignState.DRAFT, 1)
    commanding.send(copy, None, NOW)
    run(NOW)
    assert got("n1", copy) == ["ada@example.com"]


def test_deleting_takes_its_scenario_along_and_leaves_the_ledger(ada: Contact) -> None:
    campaign = sent_chain(ada)
    beginning.delete(campaign)
    assert not Scenario.objects.exists()
    assert Message.objects.count() == 1


def test_who_does_not_match_gets_a_later_step_when_everybody_else_does(ada: Contact, bob: Contact) -> None:
    vip = {"rule": "attribute", "field": "email", "op": "equals", "value": "ada@example.com"}
    anybody = {"any": [vip, {"not": vip}]}
    campaign = chain(
        step("One"),
        step("Two", terms=vip, timing=IN_A_DAY),
        step("Three", timing=IN_A_DAY),
        step("Four", terms=anybody, timing=IN_A_DAY),
    )
    commanding.send(campaign, None, NOW)
    for day in range(3):
        run(NOW + day * DAY)
    assert (got("n3", campaign), got("n4", campaign)) == (["ada@example.com"], [])
    run(NOW + 3 * DAY)
    assert got("n4", campaign) == ["ada@example.com", "bob@example.com"]


def test_who_only_lets_a_step_pass_is_told_apart_from_those_who_wait_for_it(ada: Contact, bob: Contact) -> None:
    vip = {"rule": "attribute", "field": "email", "op": "equals", "value": "ada@example.com"}
    campaign = chain(step("One", terms=vip), step("Two", timing=IN_A_DAY), step("Three", terms={"not": vip}))
    commanding.send(campaign, None, NOW)
    run(NOW)
    found = numbers.by_step(Scenario.objects.get(campaign=campaign))
    assert (found["n2"].waiting, found["n2"].passing) == (1, 1)
    editing.save(campaign, Change(removed=["n2"]), None, None, NOW)
    scenario = Scenario.objects.select_related("flow").get(campaign=campaign)
    asked = changing.asked(campaign, scenario)
    assert [(step.key, step.contacts) for step in asked.removed] == [("n2", 1)]
    editing.publish(campaign, None, None, NOW, changing.answers(asked, {"to:n2": "!"}))
    run(NOW)
    assert got("n3", campaign) == ["bob@example.com"]
