"""Providers are given no more than they take in a second and a day, whoever works."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.delivery import connections, limiting, sending
from campaigns.models import Allowance, Message, Provider
from contacts.models import Installation
from tests import make
from tests.campaigns import letters
from tests.campaigns.mailings import hand_over
from tests.flows.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def limited(**limits: int) -> Provider:
    Provider.objects.filter(channel="email").update(**limits)
    return Provider.objects.get(channel="email")


def queued(count: int, **content: Any) -> list[Message]:
    return letters.queue(make.contacts(count), letters.content(**content))


def sent() -> int:
    return Message.objects.filter(state="sent").count()


def test_no_more_than_a_seconds_worth_goes_at_once_and_as_much_each_second_after() -> None:
    limited(per_second=10)
    queued(35)
    totals = []
    for n in range(5):
        hand_over(NOW + n * SECOND)
        totals.append(sent())
    assert totals == [10, 20, 30, 35, 35]


def test_parts_of_a_second_count() -> None:
    limited(per_second=10)
    queued(30)
    hand_over()
    hand_over(NOW + SECOND / 4)
    assert sent() == 12
    hand_over(NOW + SECOND / 2)
    assert sent() == 15


def test_what_was_not_used_is_not_made_up_for() -> None:
    limited(per_second=10)
    queued(10)
    hand_over()
    letters.queue(make.contacts(100, "later.example"), letters.content(), origin="scenario:2:n2", now=NOW + 60 * SECOND)
    hand_over(NOW + 60 * SECOND)
    assert sent() == 20


def test_what_cannot_go_is_not_even_claimed() -> None:
    limited(per_second=10)
    messages = queued(50)
    hand_over()
    waiting = Message.objects.filter(state="queued")
    assert set(waiting.values_list("due_at", "attempts", "reason")) == {(NOW, 0, "")}
    assert len(messages) - waiting.count() == 10


def test_a_days_worth_goes_and_the_rest_the_next_day() -> None:
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "America/New_York"})
    limited(per_day=20)
    queued(50)
    hand_over()
    hand_over(NOW + timedelta(hours=18))  # 23:00 in New York on the same day
    assert sent() == 20
    hand_over(NOW + timedelta(hours=19, minutes=1))
    assert sent() == 40
    hand_over(NOW + 2 * DAY)
    assert sent() == 50


def test_both_limits_hold() -> None:
    limited(per_second=10, per_day=25)
    queued(60)
    for n in range(10):
        hand_over(NOW + n * SECOND)
    assert sent() == 25


def test_two_workers_together_send_no_more_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked at the bucket before either took anything."""
    provider = limited(per_second=10)
    queued(30)
    looked = limiting.open_to([provider], NOW)
    assert looked == {provider.pk: 10}
    monkeypatch.setattr(limiting, "open_to", lambda *_: looked)
    assert sending.work(NOW)
    assert sending.work(NOW)
    assert sent() == 10
    back = Message.objects.filter(state="queued").exclude(reason="").order_by("due_at")
    assert list(back.values_list("due_at", flat=True)) == [NOW + (n + 1) * SECOND / 10 for n in range(10)]
    assert set(back.values_list("attempts", "reason", "owner", "provider")) == {
        (0, "“Local outbox” takes 10 messages a second.", None, None)
    }


def test_a_day_that_is_used_up_puts_the_rest_off_until_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = limited(per_day=5)
    queued(8)
    monkeypatch.setattr(limiting, "open_to", lambda *_: {provider.pk: 8})
    assert sending.work(NOW)
    waiting = Message.objects.filter(state="queued")
    assert set(waiting.values_list("due_at", flat=True)) == {datetime(2026, 3, 11, tzinfo=UTC)}
    assert waiting.count() == 3


@pytest.mark.django_db(transaction=True)
def test_workers_let_loose_at_the_same_moment_keep_the_limit() -> None:
    limited(per_second=20)
    queued(200)

    def work() -> None:
        try:
            hand_over()
        finally:
            connections.close_all()

    at_once(work, work, work)
    assert sent() == 20
    at_once(*[lambda n=n: hand_over(NOW + n * SECOND / 2) for n in (1, 1, 2, 2)])
    assert sent() == 40
    states = Counter(Message.objects.values_list("state", flat=True))
    assert states == {"sent": 40, "queued": 160}
    assert Allowance.objects.get().today == 40


def test_a_provider_at_its_limit_does_not_hold_another_one_up() -> None:
    limited(per_second=5)
    fast = Provider.objects.create(channel="email", kind="local", name="Fast")
    letters.queue(make.contacts(40, "slow.example"), letters.content())
    letters.queue(make.contacts(40, "fast.example"), letters.content(provider=fast.pk), origin="scenario:2:n2")
    hand_over()
    assert Counter(Message.objects.filter(state="sent").values_list("origin__key", flat=True)) == {
        "scenario:1:n2": 5,
        "scenario:2:n2": 40,
    }


def test_several_origins_share_one_providers_limit() -> None:
    limited(per_second=12)
    for n in range(4):
        letters.queue(make.contacts(10, f"{n}.example"), letters.content(), origin=f"scenario:{n}:n2")
    hand_over()
    assert sent() == 12
    assert not Message.objects.filter(state="queued").exclude(reason="").exists()


def test_a_limit_that_is_lowered_or_taken_away_holds_from_then_on() -> None:
    limited(per_second=10)
    queued(60)
    hand_over()
    limited(per_second=2)
    hand_over(NOW + 5 * SECOND)
    assert sent() == 12
    limited(per_second=None)
    hand_over(NOW + 5 * SECOND)
    assert sent() == 60


def test_without_limits_nothing_is_asked(django_assert_num_queries: Any) -> None:
    provider = limited()
    with django_assert_num_queries(0):
        assert limiting.open_to([provider], NOW) == {}
        assert limiting.take(provider, 7, NOW).n == 7
    assert not Allowance.objects.exists()
