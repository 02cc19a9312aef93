"""An A/B test's way to its winner, on a virtual clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.mailings import commands, deciding, queueing
from campaigns.mailings.moves import NotReady
from campaigns.models import Campaign, Message, Provider
from campaigns.tracking import visits
from contacts.models import Contact
from tests import make
from tests.campaigns import converted, mailings
from tests.campaigns.mailings import OTHER, TEST, WORDS, messages, queue_all, until_still
from tests.flows.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def sending(**fields: Any) -> Campaign:
    campaign = mailings.tested(**fields)
    commands.send(campaign, NOW)
    return campaign


def opened(some: list[Message], now: datetime = NOW) -> None:
    for message in some:
        visits.opened(message, now)


def test_the_share_gets_the_variants_in_equal_parts_and_the_rest_the_winner() -> None:
    make.contacts(100)
    campaign = sending()
    until_still()
    assert (len(messages(campaign, "a")), len(messages(campaign, "b"))) == (10, 10)
    campaign.refresh_from_db()
    assert (campaign.phase, campaign.decides_at) == ("waiting", NOW + 4 * HOUR)
    opened(messages(campaign, "a")[:2])
    opened(messages(campaign, "b")[:5])
    until_still(NOW + 3 * HOUR)
    assert len(messages(campaign)) == 20
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.winner) == ("sent", "b")
    assert campaign.winner_reason == "B was best (opened: A 20 % of 10, B 50 % of 10 sent)."
    assert campaign.test_numbers == {
        "a": {"sent": 10, "opened": 2, "rate": 0.2},
        "b": {"sent": 10, "opened": 5, "rate": 0.5},
    }
    assert (len(messages(campaign, "a")), len(messages(campaign, "b"))) == (10, 90)
    assert len({message.contact_id for message in messages(campaign)}) == 100
    assert {message.content.subject for message in messages(campaign, "b")} == {"Only today"}


@pytest.mark.parametrize("variants", [2, 3, 4])
def test_no_variant_gets_more_than_one_contact_more_however_small_the_slices(
    monkeypatch: pytest.MonkeyPatch, variants: int
) -> None:
    monkeypatch.setattr(queueing, "BATCH", 7)
    make.contacts(97)
    words = [{**WORDS, "subject": f"Subject {n}"} for n in range(variants)]
    campaign = sending(variants=words, test={**TEST, "share_percent": 50})
    queue_all()
    sizes = [len(messages(campaign, key)) for key in "abcd"[:variants]]
    assert sum(sizes) == 49
    assert max(sizes) - min(sizes) <= 1


def test_who_takes_part_is_drawn_by_contact_and_campaign() -> None:
    make.contacts(200)
    first, second = sending(), sending()
    queue_all()
    drawn = [{message.contact_id for message in messages(campaign)} for campaign in (first, second)]
    assert len(drawn[0]) == len(drawn[1]) == 40
    assert drawn[0] != drawn[1]
    below = Campaign.objects.get(pk=first.pk).test_below
    again = queueing._lots(first, Contact.objects.all()).filter(lot__lte=below)
    assert set(again.values_list("pk", flat=True)) == drawn[0]


def test_without_any_opening_the_first_variant_is_taken() -> None:
    make.contacts(50)
    campaign = sending()
    until_still()
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert campaign.winner == "a"
    assert campaign.winner_reason == "Nobody opened any of the variants, so A, the first one, was taken."


def test_of_equally_good_ones_the_first_is_taken() -> None:
    make.contacts(50)
    campaign = sending(variants=[WORDS, OTHER, {**WORDS, "subject": "Third"}], test={**TEST, "share_percent": 60})
    until_still()
    opened([messages(campaign, "b")[0], messages(campaign, "c")[0]])
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert campaign.winner == "b"
    assert campaign.winner_reason == (
        "B and C were equally good, so B, the first of them, was taken (opened: A 0 % of 10, B 10 % of 10, C 10 % of"
        " 10 sent)."
    )


def test_it_can_be_measured_by_clicks() -> None:
    make.contacts(50)
    campaign = sending(test={**TEST, "measure": "clicked"})
    until_still()
    opened(messages(campaign, "a"))
    visits.clicked(messages(campaign, "b")[0], 0, "https://shop.example", NOW)
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert campaign.winner == "b"


ORDERS = {"kind": "event", "event": "order.placed", "value_property": "total", "currency_property": "currency"}


def bought(message: Message, total: str, currency: str = "EUR") -> None:
    converted.order(message.contact_id, NOW + HOUR, total=total, currency=currency)


@pytest.mark.django_db(transaction=True)
def test_it_can_be_measured_by_conversions() -> None:
    make.contacts(100)
    by_count = sending(test={**TEST, "measure": "converted"}, objective=ORDERS)
    until_still()
    for message in messages(by_count, "b")[:3]:
        bought(message, "1")
    bought(messages(by_count, "a")[0], "500")
    converted.until_read(NOW + 2 * HOUR)
    until_still(NOW + 4 * HOUR)
    by_count.refresh_from_db()
    assert by_count.winner == "b"
    assert by_count.winner_reason == "B was best (converted: A 10 % of 10, B 30 % of 10 sent)."


@pytest.mark.django_db(transaction=True)
def test_revenue_counts_in_the_installations_currency() -> None:
    make.contacts(100)
    campaign = sending(test={**TEST, "measure": "revenue"}, objective=ORDERS)
    until_still()
    for message in messages(campaign, "b")[:3]:
        bought(message, "1")
    bought(messages(campaign, "b")[3], "9000", "JPY")
    bought(messages(campaign, "a")[0], "500")
    converted.until_read(NOW + 2 * HOUR)
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert campaign.winner == "a"
    assert campaign.winner_reason == "A was best (revenue: A 50.00 each of 10, B 0.30 each of 10 sent)."


def test_conversions_cannot_be_measured_without_an_objective() -> None:
    for measure, objective in (("converted", {}), ("revenue", {"kind": "clicked"})):
        with pytest.raises(NotReady) as raised:
            sending(test={**TEST, "measure": measure}, objective=objective)
        assert [problem.field for problem in raised.value.problems] == ["test"]


def test_a_test_that_could_not_be_sent_in_time_is_given_its_time_again() -> None:
    make.contacts(50)
    Provider.objects.filter(channel="email").update(per_day=3)
    campaign = sending()
    until_still()
    assert mailings.states(campaign) == {"sent": 3, "queued": 7}
    until_still(NOW + 5 * HOUR)
    campaign.refresh_from_db()
    assert (campaign.phase, campaign.winner) == ("waiting", "")
    assert campaign.decides_at == NOW + 9 * HOUR


def test_whoever_joins_the_audience_later_gets_the_winner_whatever_their_lot() -> None:
    make.contacts(40)
    campaign = sending()
    until_still()
    late = make.contacts(40, "late.example")
    until_still(NOW + 4 * HOUR)
    assert len(messages(campaign)) == 80
    assert set(late) <= {message.contact_id for message in messages(campaign, "a")}


def test_in_own_zones_the_winner_comes_at_the_same_time_of_day() -> None:
    for n in range(10):
        make.contact(f"p{n}@x.com", timezone="Europe/Paris")
    schedule = {"when": "at", "at": "2026-03-11T09:00", "timezone": "contact"}
    campaign = mailings.tested(schedule=schedule)
    commands.schedule(campaign, NOW)
    queue_all(campaign.starts_at)
    nine = datetime(2026, 3, 11, 8, tzinfo=UTC)
    campaign.refresh_from_db()
    assert campaign.decides_at == nine + 4 * HOUR
    until_still(nine)
    queue_all(nine + 4 * HOUR)
    rest = [message for message in messages(campaign) if message.state == "queued"]
    assert {message.due_at for message in rest} == {nine + timedelta(days=1)}
    assert len(rest) == 8


def test_a_spread_counts_its_places_through_test_and_rest() -> None:
    make.contacts(10)
    campaign = sending(schedule={"when": "now", "spread_hours": 10})
    queue_all()
    assert sorted(message.due_at - NOW for message in messages(campaign)) == [0 * HOUR, 1 * HOUR]
    campaign.refresh_from_db()
    assert campaign.decides_at == NOW + 5 * HOUR
    until_still(NOW + HOUR)
    queue_all(NOW + 5 * HOUR)
    rest = [message for message in messages(campaign) if message.state == "queued"]
    assert sorted(message.due_at - NOW for message in rest) == [(5 + n) * HOUR for n in range(8)]


def test_everybody_may_take_part() -> None:
    make.contacts(20)
    campaign = sending(test={**TEST, "share_percent": 100})
    until_still()
    until_still(NOW + 4 * HOUR)
    campaign.refresh_from_db()
    assert (campaign.state, len(messages(campaign, "a")), len(messages(campaign, "b"))) == ("sent", 10, 10)


def test_a_test_of_one_contact_goes_to_one() -> None:
    make.contacts(1)
    campaign = sending()
    until_still()
    until_still(NOW + 4 * HOUR)
    assert mailings.states(campaign) == {"sent": 1}


def test_a_pause_while_it_waits_decides_nothing() -> None:
    make.contacts(50)
    campaign = sending()
    until_still()
    commands.pause(campaign, NOW + HOUR)
    until_still(NOW + 9 * HOUR)
    campaign.refresh_from_db()
    assert (campaign.phase, campaign.winner) == ("waiting", "")
    commands.resume(campaign, NOW + 9 * HOUR)
    until_still(NOW + 9 * HOUR)
    assert len(messages(campaign)) == 50


@pytest.mark.django_db(transaction=True)
def test_two_workers_decide_once() -> None:
    make.contacts(60)
    campaign = sending()
    until_still()
    at_once(lambda: deciding.decide(NOW + 5 * HOUR), lambda: deciding.decide(NOW + 5 * HOUR))
    at_once(lambda: queue_all(NOW + 5 * HOUR), lambda: queue_all(NOW + 5 * HOUR))
    assert len(messages(campaign)) == len({message.contact_id for message in messages(campaign)}) == 60
