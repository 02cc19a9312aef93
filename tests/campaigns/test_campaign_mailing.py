"""A campaign's way from its audience to the ledger: slices, pauses, cancelling and crashes."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns import outbox
from campaigns.mailings import commands, queueing, stats
from campaigns.models import Campaign, Message
from contacts import consent
from tests import make
from tests.campaigns import mailings
from tests.campaigns.mailings import messages, queue_all, states, until_still
from tests.flows.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sending(now: datetime = NOW, **fields: Any) -> Campaign:
    campaign = mailings.campaign(**fields)
    commands.send(campaign, now)
    return campaign


def test_everybody_gets_it_once_and_then_it_is_sent(small_slices: None) -> None:
    ids = make.contacts(25)
    campaign = sending()
    until_still()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.finished_at, campaign.audience_count) == ("sent", NOW, 25)
    assert [message.contact_id for message in messages(campaign)] == ids
    assert {message.origin.key for message in messages(campaign)} == {f"campaign:{campaign.pk}:a"}
    until_still(NOW + DAY)
    assert states(campaign) == {"sent": 25}


def test_who_may_not_be_written_to_is_skipped_with_the_reason() -> None:
    reached, left, no_email = make.contact("a@x.com"), make.contact("b@x.com"), make.contact(phone="+33612345678")
    consent.set_state([left.pk], "email", "unsubscribed", "test", NOW)
    campaign = sending()
    until_still()
    by_contact = {message.contact_id: (message.state, message.reason) for message in messages(campaign)}
    assert by_contact == {
        reached.pk: ("sent", ""),
        left.pk: ("skipped", "no consent"),
        no_email.pk: ("skipped", "no address"),
    }
    assert stats.numbers(campaign)["total"]["reasons"] == {"no address": 1, "no consent": 1}


def test_an_empty_audience_is_sent_at_once() -> None:
    campaign = sending()
    until_still()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.audience_count) == ("sent", 0)


def test_the_words_are_those_of_the_moment_when_it_began(small_slices: None) -> None:
    make.contacts(15)
    campaign = sending()
    assert queueing.queue(NOW)
    assert queueing.queue(NOW)
    Campaign.objects.filter(pk=campaign.pk).update(variants=[{**mailings.WORDS, "key": "a", "subject": "Another"}])
    until_still()
    assert {message.content.subject for message in messages(campaign)} == {"Sale, {{ contact.first_name }}"}


def test_a_slice_costs_the_same_few_statements_whatever_its_size(django_assert_num_queries: Any) -> None:
    make.contacts(3, "small.example")
    small = sending()
    queueing.queue(NOW)
    # Who has just begun, then lock, contacts, contents, messages and how far it is now; the rest are savepoints.
    with django_assert_num_queries(10):
        queueing.queue(NOW)
    make.contacts(3000, "large.example")
    large = sending()
    queueing.queue(NOW)
    with django_assert_num_queries(10):
        queueing.queue(NOW)
    assert (len(messages(small)), len(messages(large))) == (3, 3003)


def test_sending_to_many_holds_nobody(django_assert_max_num_queries: Any) -> None:
    make.contacts(500)
    campaign = mailings.campaign()
    with django_assert_max_num_queries(20):
        commands.send(campaign, NOW)
    assert not messages(campaign)


def test_a_crash_between_slices_and_in_one_loses_and_doubles_nobody(
    small_slices: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make.contacts(35)
    campaign = sending()
    assert queueing.queue(NOW)
    assert queueing.queue(NOW)
    enqueue = outbox.enqueue

    def crashes(*args: Any, **kwargs: Any) -> int:
        enqueue(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "enqueue", crashes)
    with pytest.raises(KeyboardInterrupt):
        queueing.queue(NOW)
    assert len(messages(campaign)) == 10
    monkeypatch.setattr(outbox, "enqueue", enqueue)
    until_still()
    assert [message.contact_id for message in messages(campaign)] == ids


@pytest.mark.django_db(transaction=True)
def test_two_workers_queue_everybody_once(small_slices: None) -> None:
    ids = make.contacts(120)
    first, second = sending(), sending()
    at_once(queue_all, queue_all, queue_all)
    queue_all()
    for campaign in (first, second):
        assert sorted(message.contact_id for message in messages(campaign)) == ids
        campaign.refresh_from_db()
        assert (campaign.phase, campaign.phase_count) == ("queued", 120)


@pytest.mark.django_db(transaction=True)
def test_a_pause_given_while_a_slice_is_queued_holds_all_of_it(small_slices: None) -> None:
    make.contacts(200)
    campaign = sending()
    queueing.queue(NOW)
    at_once(lambda: queue_all(), lambda: commands.pause(campaign, NOW))
    queued = len(messages(campaign))
    until_still()
    assert states(campaign) in ({"queued": queued}, {})
    commands.resume(campaign, NOW)
    until_still()
    assert states(campaign) == {"sent": 200}


def test_a_pause_in_mid_send_stops_it_and_resuming_goes_on(small_slices: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make.contacts(40)
    campaign = sending()
    for _ in range(3):
        queueing.queue(NOW)
    mailings.hand_over()
    commands.pause(campaign, NOW)
    until_still(NOW + HOUR)
    assert states(campaign) == {"sent": 20}
    numbers = stats.numbers(campaign)
    assert numbers["progress"] == {"audience": 40, "queued": 20, "done": 20, "percent": 50}
    commands.resume(campaign, NOW + HOUR)
    until_still(NOW + HOUR)
    campaign.refresh_from_db()
    assert (campaign.state, states(campaign)) == ("sent", {"sent": 40})


def test_cancelling_in_mid_send_takes_back_exactly_what_was_not_sent(small_slices: None) -> None:
    make.contacts(50)
    campaign = sending()
    for _ in range(2):
        queueing.queue(NOW)
    mailings.hand_over()
    for _ in range(2):
        queueing.queue(NOW)
    commands.cancel(campaign, NOW)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.finished_at) == ("cancelled", None)
    until_still(NOW)
    campaign.refresh_from_db()
    assert campaign.finished_at == NOW
    assert states(campaign) == {"sent": 10, "skipped": 20}
    numbers = stats.numbers(campaign)
    assert numbers["total"]["sent"] == 10
    assert numbers["total"]["reasons"] == {"campaign cancelled": 20}
    assert numbers["progress"] == {"audience": 50, "queued": 30, "done": 30, "percent": 60}
    until_still(NOW + DAY)
    assert states(campaign) == {"sent": 10, "skipped": 20}


def test_what_a_provider_puts_off_while_it_is_cancelled_is_taken_back_too() -> None:
    make.contacts(1)
    campaign = sending()
    queue_all()
    Message.objects.update(state="sending", owner="00000000-0000-0000-0000-000000000001", leased_until=NOW + HOUR)
    commands.cancel(campaign, NOW)
    queue_all()
    campaign.refresh_from_db()
    assert campaign.finished_at is None
    Message.objects.update(state="queued", owner=None, leased_until=None)
    until_still(NOW + HOUR)
    campaign.refresh_from_db()
    assert (states(campaign), campaign.finished_at) == ({"skipped": 1}, NOW + HOUR)


def test_an_audience_that_can_no_longer_be_told_pauses_it_and_says_so(small_slices: None) -> None:
    make.contacts(20)
    campaign = sending()
    Campaign.objects.filter(pk=campaign.pk).update(audience={"segments": [12345]})
    until_still()
    campaign.refresh_from_db()
    assert campaign.state == "paused_error"
    assert campaign.state_reason.startswith("Its audience cannot be told. ")


def test_the_numbers_are_those_of_the_ledger() -> None:
    make.contacts(30)
    campaign = sending()
    until_still()
    campaign.refresh_from_db()
    counted = stats.numbers(campaign)
    assert counted["total"]["sent"] == Counter(states(campaign))["sent"] == 30
    assert counted["variants"] == {"a": counted["total"]}
    assert counted["progress"] == {"audience": 30, "queued": 30, "done": 30, "percent": 100}
