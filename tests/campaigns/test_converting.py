"""To which message an event belongs that is somebody's objective."""

from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns import conversion_stats, stats
from campaigns.tracking import visits
from contacts.models import Segment
from tests import make
from tests.campaigns.converted import ORDERS, kept, message, order, until_read, wants
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


def test_an_order_belongs_to_the_last_message_before_it_and_to_no_other(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    second = message(ada, "scenario:1:n2", NOW + DAY)
    message(ada, "scenario:1:n3", NOW + 3 * DAY)
    order(ada, NOW + 2 * DAY)
    until_read()
    assert kept() == [("scenario:1", second.pk, True)]
    assert stats.counts(["scenario:1:n1", "scenario:1:n2", "scenario:1:n3"])["scenario:1:n2"]["converted"] == 1
    assert conversion_stats.of(["scenario:1", "scenario:1:n1"]) == {
        "scenario:1": {"converted": 1, "revenue": {}},
        "scenario:1:n1": {"converted": 0, "revenue": {}},
    }


@pytest.mark.parametrize(("touch", "expected"), [("sent", 2), ("opened", 1), ("clicked", 0)])
def test_what_counts_as_touched_is_a_setting(ada, touch, expected):
    wants("scenario:1", **ORDERS, touch=touch)
    messages = [
        message(ada, "scenario:1:n1", NOW, opened_at=NOW + HOUR, clicked_at=NOW + HOUR),
        message(ada, "scenario:1:n2", NOW + DAY, opened_at=NOW + DAY + HOUR),
        message(ada, "scenario:1:n3", NOW + 2 * DAY),
    ]
    order(ada, NOW + 3 * DAY)
    until_read()
    assert kept() == [("scenario:1", messages[expected].pk, True)]


def test_the_last_touch_decides_not_the_last_message(ada):
    wants("scenario:1", **ORDERS, touch="opened")
    first = message(ada, "scenario:1:n1", NOW, opened_at=NOW + 5 * DAY)
    message(ada, "scenario:1:n2", NOW + DAY, opened_at=NOW + 2 * DAY)
    order(ada, NOW + 6 * DAY)
    until_read()
    assert kept() == [("scenario:1", first.pk, True)]


def test_an_sms_was_seen_by_who_clicked_in_it(ada):
    wants("scenario:1", **ORDERS, touch="opened")
    text = message(ada, "scenario:1:n1", NOW, channel="sms", clicked_at=NOW + HOUR)
    order(ada, NOW + DAY)
    until_read()
    assert kept() == [("scenario:1", text.pk, True)]


def test_nobody_is_touched_by_what_was_not_sent_or_came_back(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW, state="skipped", sent_at=None, skipped_at=NOW)
    message(ada, "scenario:1:n2", NOW, state="bounced", bounced_at=NOW + HOUR)
    order(ada, NOW + DAY)
    until_read()
    assert kept() == []


@pytest.mark.parametrize(
    ("at", "counts"),
    [(NOW, False), (NOW + INSTANT, True), (NOW + 7 * DAY, True), (NOW + 7 * DAY + INSTANT, False), (NOW - DAY, False)],
)
def test_the_window_begins_after_the_touch_and_ends_after_so_many_days(ada, at, counts):
    wants("scenario:1", **ORDERS, within_days=7)
    message(ada, "scenario:1:n1", NOW)
    order(ada, at)
    until_read()
    assert len(kept()) == counts


def test_without_days_the_window_has_no_end(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + 3000 * DAY)
    until_read()
    assert len(kept()) == 1


def test_an_event_is_credited_once_to_the_scenario_that_spoke_last_and_not_to_the_others(ada):
    wants("scenario:1", **ORDERS)
    wants("scenario:2", kind="event", event="order.placed", within_days=1)
    wants("scenario:12", **ORDERS)
    mine = message(ada, "scenario:1:n1", NOW)
    theirs = message(ada, "scenario:2:n1", NOW + 3 * HOUR)
    order(ada, NOW + DAY, value=30)
    order(ada, NOW + 2 * DAY, value=12)  # a day later, theirs is over
    until_read()
    assert kept() == [("scenario:2", theirs.pk, True), ("scenario:1", mine.pk, True)]
    earned = conversion_stats.of(["scenario:1", "scenario:2", "scenario:12"])
    assert [each["revenue"] for each in earned.values()] == [{"EUR": 12}, {}, {}]


def test_a_message_that_was_lost_takes_nothing_unless_it_was_seen(ada):
    wants("scenario:1", **ORDERS)
    reached = message(ada, "scenario:1:n1", NOW)
    message(ada, "scenario:1:n2", NOW + HOUR, channel="sms", state="failed", failed_at=NOW + 2 * HOUR)
    message(ada, "scenario:1:n2", NOW + HOUR, visit=2, state="unknown", sent_at=None, unknown_at=NOW + HOUR)
    order(ada, NOW + DAY)
    until_read()
    assert kept() == [("scenario:1", reached.pk, True)]
    opened = message(
        ada, "scenario:1:n3", NOW, state="unknown", sent_at=None, unknown_at=NOW, opened_at=NOW + 25 * HOUR
    )
    order(ada, NOW + 2 * DAY)
    until_read()
    assert kept()[1:] == [("scenario:1", opened.pk, True)]


def test_openings_and_clicks_belong_to_their_own_message(ada):
    wants("scenario:1", kind="opened")
    wants("campaign:4", kind="clicked", within_days=2)
    messages = [message(ada, origin, NOW) for origin in ("scenario:1:n1", "scenario:1:n2", "campaign:4:a")]
    late = message(ada, "campaign:4:b", NOW - 2 * DAY)
    for one in [*messages, late]:
        one.origin  # noqa: B018 - as views select it
    visits.opened(messages[0], NOW + HOUR)
    visits.clicked(messages[2], 0, "https://shop.example", NOW + HOUR)
    visits.clicked(messages[2], 1, "https://shop.example/2", NOW + HOUR)
    visits.clicked(late, 0, "https://shop.example", NOW + HOUR)
    until_read()
    assert sorted(kept()) == [
        ("campaign:4", messages[2].pk, False),
        ("campaign:4", messages[2].pk, True),
        ("scenario:1", messages[0].pk, True),
    ]


def test_an_opening_that_somebody_invents_converts_nothing(ada):
    wants("scenario:1", kind="opened")
    ben = make.contact("ben@example.com").pk
    sent = message(ada, "scenario:1:n1", NOW)
    seen = message(ada, "scenario:1:n2", NOW, opened_at=NOW + HOUR)
    order(ada, NOW + HOUR, "email.opened", message=sent.pk)
    order(ben, NOW + HOUR, "email.opened", message=seen.pk)
    for odd in (None, "x", 10**30, -1, [seen.pk], {"id": seen.pk}, 1.5):
        order(ada, NOW + HOUR, "email.opened", message=odd)
    until_read()
    assert kept() == []


def test_entering_a_segment_converts(ada):
    vips, others = Segment.objects.create(name="VIPs"), Segment.objects.create(name="Others")
    wants("campaign:3", kind="segment", segment=vips.pk, within_days=3)
    mail = message(ada, "campaign:3:a", NOW)
    order(ada, NOW + HOUR, "segment.entered", segment=others.pk, name="Others")
    until_read()
    assert kept() == []
    order(ada, NOW + HOUR, "segment.entered", segment=vips.pk, name="VIPs")
    until_read()
    assert kept() == [("campaign:3", mail.pk, True)]


def test_a_step_with_an_objective_of_its_own_answers_to_that_one_and_the_rest_to_the_chain(ada):
    wants("campaign:3", **ORDERS)
    wants("campaign:3:n2", kind="event", event="signed.up")
    wants("campaign:30", **ORDERS)
    first = message(ada, "campaign:3:n1", NOW)
    second = message(ada, "campaign:3:n2", NOW + HOUR)
    order(ada, NOW + DAY)
    order(ada, NOW + 2 * DAY, "signed.up")
    until_read()
    assert kept() == [("campaign:3", first.pk, True), ("campaign:3:n2", second.pk, True)]


def test_an_event_that_several_steps_want_is_counted_for_one_of_them(ada):
    """Each step of the chain has its own conversion, and the last one that touched the contact has it."""
    for owner in ("campaign:3", "campaign:3:n1", "campaign:3:n2"):
        wants(owner, **ORDERS)
    for hour, node in enumerate(("n1", "n2", "n3")):
        message(ada, f"campaign:3:{node}", NOW + hour * HOUR)
    order(ada, NOW + HOUR + INSTANT, value=5)
    order(ada, NOW + DAY, value=7)
    until_read()
    assert [owner for owner, _, _ in kept()] == ["campaign:3:n2", "campaign:3"]
    assert conversion_stats.of(["campaign:3"])["campaign:3"] == {"converted": 2, "revenue": {"EUR": Decimal(12)}}
