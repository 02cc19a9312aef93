"""To which message an event belongs that is somebody's objective, how often it counts, and what it was worth."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import conversion_stats, converting, counting, revenue, stats, tracking
from campaigns.models import Conversion, DayCount, Message, Objective, Revenue
from campaigns.objectives import set_objective
from contacts import saving, timeline
from contacts.models import Event, Installation, Segment
from tests import make
from tests.campaigns.converted import kept, message, order, until_read
from tests.flows.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
ORDERS = {"kind": "event", "event": "order.placed", "value_property": "value", "currency_property": "currency"}


def wants(owner: str, **parts) -> None:
    assert set_objective(owner, parts) == {}


@pytest.fixture
def ada() -> int:
    return make.contact("ada@example.com").pk


# To which message


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
    tracking.opened(messages[0], NOW + HOUR)
    tracking.clicked(messages[2], 0, "https://shop.example", NOW + HOUR)
    tracking.clicked(messages[2], 1, "https://shop.example/2", NOW + HOUR)
    tracking.clicked(late, 0, "https://shop.example", NOW + HOUR)
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


# What an objective wants


def test_the_filter_asks_about_the_event_and_the_contact():
    vip = {"rule": "attribute", "field": "vip", "op": "equals", "value": True}
    big = {"rule": "property", "field": "value", "op": "at_least", "value": 50}
    in_segment = {"rule": "segment", "id": Segment.objects.create(name="VIPs", rule=vip).pk}
    wants("scenario:1", **ORDERS, filter={"all": [big, in_segment]})
    wants("scenario:2", **ORDERS, filter={"not": big})
    ada = make.contact("ada@example.com", attributes={"vip": True}).pk
    ben = make.contact("ben@example.com").pk
    for contact in (ada, ben):
        for number in (1, 2):
            message(contact, f"scenario:{number}:n1", NOW)
        for value in (49, 50):
            order(contact, NOW + HOUR, value=value)
    until_read()
    found = Conversion.objects.values_list("objective__owner", "contact_id", "value")
    assert sorted(found) == [("scenario:1", ada, 50), ("scenario:2", ada, 49), ("scenario:2", ben, 49)]


def test_a_filter_that_cannot_be_asked_any_more_keeps_the_others_from_nothing(ada, caplog):
    segment = Segment.objects.create(name="VIPs")
    wants("scenario:1", **ORDERS, filter={"rule": "segment", "id": segment.pk})
    wants("scenario:2", **ORDERS)
    segment.delete()
    message(ada, "scenario:1:n1", NOW)
    message(ada, "scenario:2:n1", NOW)
    order(ada, NOW + HOUR)
    until_read()
    assert [owner for owner, _, _ in kept()] == ["scenario:2"]
    assert "no longer exists" in caplog.text


def test_what_happened_before_the_objective_was_set_is_passed_over(ada):
    wants("scenario:2", kind="opened")
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR)
    until_read()
    wants("scenario:1", **ORDERS)
    until_read()
    assert kept() == []
    order(ada, NOW + 2 * HOUR)
    until_read()
    assert len(kept()) == 1


def test_an_objective_that_was_taken_back_counts_no_more_and_keeps_what_it_counted(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=10)
    until_read()
    assert set_objective("scenario:1", None) == {}
    order(ada, NOW + 2 * HOUR, value=10)
    until_read()
    wants("scenario:1", **ORDERS)
    order(ada, NOW + 3 * HOUR, value=10)
    until_read()
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": Decimal(20)}}


# How often it counts, and what it was worth


def test_a_message_is_converted_once_and_later_orders_add_to_its_revenue(ada):
    wants("scenario:1", **ORDERS)
    mail = message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + 2 * HOUR, value=20, currency="eur")
    order(ada, NOW + HOUR, value="10.05")
    until_read()
    order(ada, NOW + 3 * HOUR, value=1.5, currency="USD")
    order(ada, NOW + INSTANT, value=-0.5)  # late, and before all others
    until_read()
    assert list(Conversion.objects.filter(first=True).values_list("message", "at")) == [(mail.pk, NOW + HOUR)]
    assert Conversion.objects.count() == 4
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {
        "converted": 1,
        "revenue": {"EUR": Decimal("29.55"), "USD": Decimal("1.5")},
    }


@pytest.mark.parametrize("odd", [None, "", "abc", "1,50", "NaN", True, [1], {"a": 1}, 10**15, "1e5"])
def test_an_event_without_a_value_that_is_one_converts_and_is_worth_nothing(ada, odd):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=odd, currency="EUR")
    until_read()
    assert Conversion.objects.values_list("value", "currency").get() == (None, "")
    assert not Revenue.objects.exists()


@pytest.mark.parametrize(
    ("said", "kept_as"), [("usd", "USD"), (" Gbp ", "GBP"), ("€", "EUR"), (None, "EUR"), (5, "EUR")]
)
def test_the_currency_is_what_the_event_says_or_the_installations(ada, said, kept_as):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=3, currency=said)
    until_read()
    assert Revenue.objects.values_list("currency", "amount").get() == (kept_as, 3)


def test_everything_counts_on_the_day_on_which_it_happened(ada):
    Installation.current()
    Installation.objects.update(timezone="Asia/Tokyo")
    wants("scenario:1", **ORDERS)
    for hour, node in enumerate(("n1", "n2")):
        message(ada, f"scenario:1:{node}", NOW + hour * 14 * HOUR)
    order(ada, NOW + HOUR, value=1)
    order(ada, NOW + 15 * HOUR, value=2)  # 10 March in London, 11 March in Tokyo
    until_read(NOW + 5 * DAY)
    days = [date(2026, 3, 10), date(2026, 3, 11)]
    assert sorted(DayCount.objects.filter(converted__gt=0).values_list("day", "converted")) == [(d, 1) for d in days]
    assert sorted(Revenue.objects.values_list("day", "amount")) == [(days[0], 1), (days[1], 2)]


def test_squashing_changes_no_sum(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    for _ in range(3):
        order(ada, NOW + HOUR, value=4)
        until_read()
        assert not revenue.squash(NOW)
        counting.squash(NOW)
    assert Revenue.objects.values_list("amount", "loose").get() == (12, False)
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": 12}}


# Whatever goes wrong


def test_what_was_read_when_it_broke_is_read_again_and_counted_once(ada, monkeypatch):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=4)

    def broken(amounts):
        raise RuntimeError("the worker dies")

    with monkeypatch.context() as patch:
        patch.setattr(revenue, "add", broken)
        with pytest.raises(RuntimeError):
            until_read()
    assert (kept(), stats.counts(["scenario:1:n1"])["scenario:1:n1"].get("converted")) == ([], None)
    until_read()
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": 4}}


def test_a_log_that_is_read_from_its_beginning_again_counts_nothing_twice(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    for hour in (1, 2):
        order(ada, NOW + hour * HOUR, value=4)
    until_read()
    before = (kept(), conversion_stats.of(["scenario:1"]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_eventcursor SET xact = 0, event_id = 0")
    until_read()
    assert (kept(), conversion_stats.of(["scenario:1"])) == before


def test_two_workers_at_once_keep_each_conversion_once(monkeypatch):
    monkeypatch.setattr(converting, "EVENTS", 7)
    wants("scenario:1", **ORDERS)
    for contact in make.contacts(60):
        message(contact, "scenario:1:n1", NOW)
        order(contact, NOW + HOUR, value=1)
    at_once(until_read, until_read)
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 60, "revenue": {"EUR": 60}}
    assert Conversion.objects.count() == 60


def test_an_event_that_commits_late_is_not_passed_over(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    ben = make.contact("ben@example.com").pk
    message(ben, "scenario:1:n1", NOW)

    def late():
        from django.db import transaction

        with transaction.atomic():
            timeline.record([timeline.NewEvent(ada, "order.placed", at=NOW + HOUR)], NOW)
            at_once(lambda: order(ben, NOW + 2 * HOUR), lambda: None)
            at_once(lambda: converting.convert(NOW))
            assert kept() == []

    late()
    until_read()
    assert [Message.objects.get(pk=pk).contact_id for _, pk, _ in kept()] == [ada, ben]


def test_a_contact_who_is_deleted_takes_conversions_along_and_leaves_the_counts(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR, value=3)
    until_read()
    saving.delete([ada])
    assert (Conversion.objects.count(), Event.objects.filter(contact_id=ada).count()) == (0, 0)
    assert conversion_stats.of(["scenario:1"])["scenario:1"] == {"converted": 1, "revenue": {"EUR": 3}}


def test_who_is_deleted_before_their_event_is_read_converts_nothing(ada):
    wants("scenario:1", **ORDERS)
    message(ada, "scenario:1:n1", NOW)
    order(ada, NOW + HOUR)
    saving.delete([ada])
    until_read()
    assert kept() == []


@pytest.mark.parametrize(("contacts", "owners"), [(1, 1), (40, 1), (40, 30)])
def test_a_batch_costs_the_same_statements_whatever_its_size_and_however_many_objectives(contacts, owners):
    filtered = {"all": [{"rule": "property", "field": "value", "op": "greater", "value": 1}]}
    for number in range(1, owners + 1):
        wants(f"scenario:{number}", **ORDERS, filter=filtered)
    for contact in make.contacts(contacts):
        for number in range(1, owners + 1, 10):
            message(contact, f"scenario:{number}:n1", NOW)
        order(contact, NOW + HOUR, value=2)
    Installation.current()
    with CaptureQueriesContext(connection) as asked:
        until_read()
    assert Conversion.objects.count() == contacts
    statements = [query["sql"] for query in asked.captured_queries if "campaigns_conversion" in query["sql"]]
    assert len(statements) == 1  # the one that keeps them
    assert len([q for q in asked.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]) <= 25


def test_objectives_that_nobody_could_mean_are_refused_field_by_field():
    assert set_objective("scenario:x", {"kind": "opened"}).keys() == {"owner"}
    assert set_objective("scenario:1", []).keys() == {"detail"}
    for parts, fields in [
        ({"kind": "bought"}, {"kind"}),
        ({"kind": ["opened"]}, {"kind"}),
        ({"kind": "opened", "colour": 1}, {"detail"}),
        ({"kind": "opened", "within_days": 0}, {"within_days"}),
        ({"kind": "opened", "within_days": True}, {"within_days"}),
        ({"kind": "event", "event": " "}, {"event"}),
        ({"kind": "event", "event": "a\0b"}, {"event"}),
        ({"kind": "event", "event": "paid", "filter": {"rule": "nonsense"}}, {"filter"}),
        ({"kind": "event", "event": "paid", "touch": "seen"}, {"touch"}),
        ({"kind": "event", "event": "paid", "value_property": 5}, {"value_property"}),
        ({"kind": "event", "event": "paid", "currency_property": "currency"}, {"value_property"}),
        ({"kind": "segment"}, {"segment"}),
        ({"kind": "segment", "segment": 99999}, {"segment"}),
        ({"kind": "segment", "segment": True}, {"segment"}),
    ]:
        assert set_objective("scenario:1", parts).keys() == fields, parts
    assert not Objective.objects.exists()
