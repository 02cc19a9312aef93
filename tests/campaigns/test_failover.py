"""What a provider cannot take goes to the next one, as the same message and never twice; topics choose providers."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from campaigns import warming
from campaigns.delivery import connections, limiting, routing, sending
from campaigns.mailings import commands
from campaigns.models import Breaker, Message, Provider, TopicRoute
from tests import make, outside
from tests.campaigns import letters, mailings
from tests.campaigns.outages import OUTAGE, learned, open_up
from tests.make import NOW
from tests.outside import MailServer

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def second_server() -> Iterator[MailServer]:
    with outside.mail_server() as server:
        yield server


@pytest.fixture
def pair(mail_server: MailServer, second_server: MailServer) -> tuple[Provider, Provider]:
    """The account that everything goes through, and the one that takes over."""
    first = letters.account(mail_server)
    second = _second(second_server)
    Provider.objects.filter(pk=first.pk).update(fallback=second)
    return Provider.objects.get(pk=first.pk), second


def _second(server: MailServer) -> Provider:
    settings = {
        "host": "127.0.0.1", "port": server.port, "security": "none", "username": "",
        "from_name": "Ada’s shop", "from_email": "shop@example.com", "timeout": 5,
    }  # fmt: skip
    return Provider.objects.create(channel="email", kind="smtp", name="Second", settings=settings)


def work(now: Any = NOW) -> None:
    while sending.work(now):
        pass


def numbers(server: MailServer) -> list[int]:
    """The ledger's numbers of the mails that a server took, by their Message-IDs."""
    return sorted(int(re.match(r"<(\d+)\.", mail["Message-ID"])[1]) for mail in server.mails)  # type: ignore[index]


def test_while_the_first_is_left_alone_the_next_takes_the_same_messages(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    first, second = pair
    messages = letters.queue(make.contacts(10), letters.content())
    open_up(first)
    work()
    assert not mail_server.mails
    assert numbers(second_server) == [message.pk for message in messages]
    assert set(Message.objects.values_list("provider", "state", "attempts")) == {(second.pk, "sent", 0)}


def test_what_an_outage_left_goes_on_at_once_before_the_breaker_opens(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    first, second = pair
    Provider.objects.filter(pk=first.pk).update(settings={**first.settings, "port": 1})
    messages = letters.queue(make.contacts(10), letters.content())
    work()
    assert Breaker.objects.get(provider=first).state == "closed"
    assert numbers(second_server) == [message.pk for message in messages]
    assert set(Message.objects.values_list("provider", "state")) == {(second.pk, "sent")}


def test_what_may_have_been_taken_never_goes_on(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    """The first server takes mails and says nothing."""
    letters.queue(make.contacts(6), letters.content())
    mail_server.drop_after_data = 6
    work()
    taken = Counter(numbers(mail_server) + numbers(second_server))
    assert max(taken.values()) == 1
    unknown = set(Message.objects.filter(state="unknown").values_list("pk", flat=True))
    assert unknown
    assert not unknown & set(numbers(second_server))
    assert set(taken) == set(Message.objects.values_list("pk", flat=True))


def test_a_temporary_refusal_waits_for_the_same_provider(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    letters.queue(make.contacts(1), letters.content())
    mail_server.answer_data = ["451 4.7.1 Greylisted"]
    work()
    assert not second_server.mails
    work(NOW + 2 * MINUTE)
    assert len(mail_server.mails) == 1


def test_several_take_over_in_their_order_and_a_circle_ends(pair: tuple[Provider, Provider]) -> None:
    first, second = pair
    third = Provider.objects.create(channel="email", kind="local", name="Third", fallback=first)
    Provider.objects.filter(pk=second.pk).update(fallback=third)
    open_up(first)
    assert routing.routes(NOW).ways[first.pk] == second
    open_up(second)
    assert routing.routes(NOW).ways[first.pk] == third
    open_up(third)
    found = routing.routes(NOW)
    assert [found.ways[each.pk] for each in (first, second, third)] == [None, None, None]


def test_a_disabled_next_provider_does_not_take_over(pair: tuple[Provider, Provider]) -> None:
    first, second = pair
    Provider.objects.filter(pk=second.pk).update(enabled=False)
    open_up(first)
    assert routing.routes(NOW).ways[first.pk] is None


def test_a_campaign_with_a_next_provider_is_not_paused(
    pair: tuple[Provider, Provider], second_server: MailServer
) -> None:
    make.contacts(4)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    open_up(pair[0])
    commands.follow(NOW)
    campaign.refresh_from_db()
    assert campaign.state == "sending"
    work()
    assert len(second_server.mails) == 4


def test_the_first_takes_again_when_its_probe_has_gone_well(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    open_up(pair[0])
    letters.queue(make.contacts(3), letters.content())
    work(NOW + MINUTE)
    assert Breaker.objects.get(provider=pair[0]).state == "closed"
    letters.queue(make.contacts(3, "later.example"), letters.content(), origin="scenario:2:n2")
    before = len(mail_server.mails)
    work(NOW + MINUTE)
    assert len(mail_server.mails) == before + 3


def test_beyond_a_days_limit_the_next_takes_over_where_that_is_wanted(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    first, _second = pair
    Provider.objects.filter(pk=first.pk).update(per_day=4)
    letters.queue(make.contacts(10), letters.content())
    work()
    assert (len(mail_server.mails), len(second_server.mails)) == (4, 0)
    Provider.objects.filter(pk=first.pk).update(spills_over=True)
    work()
    assert (len(mail_server.mails), len(second_server.mails)) == (4, 6)


def test_topics_choose_a_provider_unless_the_content_names_one(
    pair: tuple[Provider, Provider], mail_server: MailServer, second_server: MailServer
) -> None:
    first, second = pair
    TopicRoute.objects.create(channel="email", topic="offers", provider=second)
    letters.queue(make.contacts(2, "a.example"), letters.content(topic="offers"), origin="scenario:1:a")
    letters.queue(make.contacts(3, "b.example"), letters.content(topic="news"), origin="scenario:1:b")
    letters.queue(make.contacts(4, "c.example"), letters.content(topic="offers", provider=first.pk), origin="x:1:c")
    work()
    assert (len(mail_server.mails), len(second_server.mails)) == (7, 2)


def test_what_a_topics_provider_cannot_take_is_not_even_claimed(pair: tuple[Provider, Provider]) -> None:
    """Also beside messages of another topic."""
    _first, second = pair
    TopicRoute.objects.create(channel="email", topic="offers", provider=second)
    letters.queue(make.contacts(5, "a.example"), letters.content(topic="offers"), origin="scenario:1:a")
    letters.queue(make.contacts(5, "b.example"), letters.content(topic="news"), origin="scenario:1:b")
    open_up(second)
    connections._kept.resting.clear()
    work()
    states = set(Message.objects.values_list("origin__key", "state", "reason"))
    assert states == {("scenario:1:a", "queued", ""), ("scenario:1:b", "sent", "")}


def test_routes_cost_one_query_whatever_there_is(
    pair: tuple[Provider, Provider], django_assert_num_queries: Any
) -> None:
    for n in range(5):
        TopicRoute.objects.create(channel="email", topic=f"T{n}", provider=pair[1])
    learned([OUTAGE], pair[0])
    with django_assert_num_queries(1):
        routing.routes(NOW)


def test_a_warm_up_grows_day_by_day_up_to_the_days_limit(mail_server: MailServer) -> None:
    today = NOW.date()
    account = Provider(
        channel="email", per_day=300, warmup_starts=today, warmup_first=50, warmup_growth=2, warmup_days=5
    )
    assert [day.limit for day in warming.schedule(account, today)] == [50, 100, 200, 300, 300]
    assert [day.is_today for day in warming.schedule(account, today)] == [True, False, False, False, False]
    assert warming.limit_on(account, today - DAY) == 0
    assert warming.limit_on(account, today + 5 * DAY) == 300
    account.per_day = None
    assert warming.limit_on(account, today + 4 * DAY) == 800
    assert warming.limit_on(account, today + 5 * DAY) is None


def test_a_warm_up_is_kept_by_all_workers_and_said(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    warm = {"warmup_starts": NOW.date(), "warmup_first": 6, "warmup_growth": "1.5", "warmup_days": 3}
    Provider.objects.filter(pk=account.pk).update(**warm)
    letters.queue(make.contacts(60), letters.content())
    sent = []
    for n in range(4):
        work(NOW + n * DAY)
        sent.append(len(mail_server.mails))
    assert sent == [6, 6 + 9, 6 + 9 + 13, 60]
    account.refresh_from_db()
    assert limiting.sentence(account, NOW) == "“Mail server” takes 6 messages today, while it is warmed up."


def test_after_its_warm_up_an_account_has_no_limit(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    Provider.objects.filter(pk=account.pk).update(warmup_starts=NOW.date() - 30 * DAY, warmup_days=3)
    letters.queue(make.contacts(80), letters.content())
    work()
    assert len(mail_server.mails) == 80
