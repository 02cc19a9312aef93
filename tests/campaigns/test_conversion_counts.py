"""How often a message is converted, what that was worth, and on which day it counts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from campaigns import conversion_stats, counting, revenue
from campaigns.models import Conversion, DayCount, Revenue
from contacts.models import Installation
from tests.campaigns.converted import ORDERS, message, order, until_read, wants
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


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
