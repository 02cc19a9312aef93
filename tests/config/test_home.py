"""The home page tells what runs, what needs somebody, what comes next, and how the last thirty days went."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.counting import count, of
from campaigns.models import Campaign, CampaignState, DayCount, Message, Provider
from config import glance, overview
from config.attention import attention
from config.models import User
from config.upcoming import upcoming
from contacts.models import Installation
from flows.models import Execution, Flow, NodeCount, Scenario
from tests import make
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOW.date()
GRAPH = make.graph(
    ("on", "on_event", {"event": "api.call"}), ("rest", "wait", {"amount": 1, "unit": "days"}), edges="on>rest"
)


@pytest.fixture
def ada() -> Client:
    """An administrator in Tokyo."""
    user = User.objects.create_superuser("ada", password="correct horse battery")
    User.objects.filter(pk=user.pk).update(timezone="Asia/Tokyo")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def scenario(name: str, **fields: Any) -> Scenario:
    made = make.scenario(GRAPH, name)
    Scenario.objects.filter(pk=made.pk).update(**fields)
    made.refresh_from_db()
    return made


def campaign(name: str, **fields: Any) -> Campaign:
    variants = [{"key": "a", "subject": "Hi", "body": "Hi"}]
    return Campaign.objects.create(name=name, channel="email", created_at=NOW, variants=variants, **fields)


def stand(where: Scenario, n: int, **fields: Any) -> None:
    given = {"state": "waiting", "node": "rest", "entered_at": NOW, "arrived_at": NOW, "moves": 1, **fields}
    Execution.objects.bulk_create(
        Execution(scenario=where, flow=where.flow, contact_id=contact, **given)
        for contact in make.contacts(n, f"s{where.pk}.example")
    )


def said(days: glance.Days | None = None, now: datetime = NOW) -> list[str]:
    return [item.sentence for item in attention({}, days or {}, TODAY, now)]


def on_days(counts: dict[int, dict[str, int]]) -> glance.Days:
    """By how many days ago."""
    return {TODAY - n * DAY: metrics for n, metrics in counts.items()}


# What needs attention


def test_what_stands_still_says_why_and_leads_there():
    broken = scenario("Series", state="paused_error", state_reason="The mail server is away.")
    campaign("Sale", state=CampaignState.PAUSED_BALANCE, state_reason="There is no money left.")
    scenario("Calm", state="paused")
    found = attention({}, {}, TODAY, NOW)[:2]
    assert [item.sentence for item in found] == [
        "“Series” stands still: The mail server is away.",
        "The campaign “Sale” stands still: There is no money left.",
    ]
    assert found[0].url == f"/scenarios/{broken.pk}/"


def test_those_who_are_late_and_those_who_failed_are_counted():
    late, paused = scenario("Late", state="running"), scenario("Paused", state="paused")
    stand(late, 3, due_at=NOW - timedelta(minutes=6))
    stand(paused, 2, due_at=NOW - DAY)
    stand(scenario("In time", state="running"), 2, due_at=NOW - timedelta(minutes=4))
    failing = scenario("Failing", state="running")
    NodeCount.objects.create(scenario=failing, node="", metric="failed", day=TODAY, n=1200)
    NodeCount.objects.create(scenario=failing, node="", metric="failed", day=TODAY, n=-1)
    again = scenario("Mended", state="running")
    for n in (5, -5):
        NodeCount.objects.create(scenario=again, node="", metric="failed", day=TODAY, n=n)
    assert said() == [
        "1,199 contacts failed in “Failing”.",
        "3 contacts are late in “Late”: they should have gone on more than five minutes ago.",
    ]


@pytest.mark.parametrize(
    ("week", "before", "rising"),
    [
        ((1000, 42), (2800, 31), "4.0% in the last seven days (42 of 1,042 messages), after 1.1% (31 of 2,831)"),
        ((1000, 42), (0, 0), "after no messages in the four weeks before"),
        ((1000, 42), (2800, 90), ""),  # not much more than before
        ((1000, 19), (2800, 3), ""),  # still few
        ((40, 50), (2800, 3), ""),  # too few messages to say anything
        ((0, 1000), (2800, 3), "100.0% in the last seven days (1,000 of 1,000 messages)"),  # all come back at once
        ((0, 0), (0, 0), ""),
    ],
)
def test_bounces_that_rise_are_told_with_their_numbers(week, before, rising: str):
    days = on_days({6: {"sent": week[0], "bounced": week[1]}, 7: {"sent": before[0], "bounced": before[1]}})
    days |= on_days({35: {"sent": 10_000, "bounced": 9_000}})  # longer ago
    sentence = glance.rising_bounces(days, TODAY)
    assert rising in sentence and bool(sentence) == bool(rising)
    assert [item for item in said(days) if item.startswith("Bounces")] == ([sentence] if sentence else [])


def test_an_installation_that_delivers_no_email_hears_of_it():
    Provider.objects.filter(channel="email").update(enabled=False)
    assert said() == ["No provider delivers email."]


# What comes next


def test_the_next_things_come_in_their_order_and_what_is_over_does_not():
    starting = scenario("Spring", state="scheduled", starts_at=NOW + 2 * DAY)
    repeating = scenario("Monthly", state="running", next_run_at=NOW + DAY)
    scenario("Paused", state="paused", next_run_at=NOW + DAY)
    scenario("Begun", state="scheduled", starts_at=NOW - DAY)
    sale = campaign("Sale", state=CampaignState.SCHEDULED, starts_at=NOW + 3 * DAY)
    test = campaign("Test", state=CampaignState.SENDING, decides_at=NOW + timedelta(hours=1))
    campaign("Sent", state=CampaignState.SENT, starts_at=NOW + DAY)
    assert [(one.name, one.what, one.pk) for one in upcoming(NOW)] == [
        ("Test", "Its winner is chosen", test.pk),
        ("Monthly", "Runs next", repeating.pk),
        ("Spring", "Starts", starting.pk),
        ("Sale", "Is sent", sale.pk),
    ]


def test_the_moment_is_in_the_readers_zone(ada: Client):
    at = timezone.now().replace(hour=20, minute=30, second=0, microsecond=0) + 3 * DAY
    scenario("Spring", state="scheduled", starts_at=at)
    tomorrow = at + DAY
    expected = f"{tomorrow:%a} {tomorrow.day} {tomorrow:%b}, 05:30"
    assert expected in ada.get("/").text


# What runs, and the last thirty days


def test_a_campaign_that_is_sent_shows_how_far_it_is():
    sale = campaign("Sale", state=CampaignState.SENDING, audience_count=20, started_at=NOW)
    campaign("Later", state=CampaignState.SCHEDULED)
    sent = letters.queue(make.contacts(10), letters.content(), origin=f"campaign:{sale.pk}:a")
    count([(of(sent[0]), "sent", 4), (of(sent[0]), "skipped", 1), (of(sent[0]), "opened", 3)], NOW)
    (found,) = overview.sending()
    assert (found.name, found.done, found.queued, found.percent) == ("Sale", 5, 10, 25)


def test_thirty_days_are_compared_with_the_thirty_before():
    days = on_days({0: {"sent": 5, "opened": 3}, 29: {"sent": 5}, 30: {"sent": 20}, 59: {"sent": 20}, 60: {"sent": 99}})
    sent, opened, clicked, converted = glance.figures(days, TODAY)
    assert (sent.total, sent.before, sent.change) == (10, 40, -75)
    assert (opened.total, opened.before, opened.change) == (3, 0, None)
    assert (clicked.total, converted.total) == (0, 0)
    assert len(sent.bars.bars) == 30 and [bar.n for bar in sent.bars.bars if bar.n] == [5, 5]


def test_the_numbers_are_those_of_the_ledger_by_the_installations_days(ada: Client):
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "America/New_York"})
    sent = letters.queue(make.contacts(3), letters.content())
    for message, at in zip(sent, (NOW, NOW - 5 * DAY, NOW - 40 * DAY), strict=True):
        count([(of(message), "sent", 1)], at)
    count([(of(sent[0]), "sent", 1)], datetime(2026, 3, 10, 3, 59, tzinfo=NOW.tzinfo))  # still the ninth in New York
    counted = glance.counted(TODAY)
    assert counted[date(2026, 3, 9)] == {"sent": 1}
    assert sum(day["sent"] for day in counted.values()) == 4
    assert glance.figures(counted, TODAY)[0].total == 3


def test_a_new_installation_is_led_through_its_first_steps(ada: Client):
    page = ada.get("/").text
    for words in ("First steps", "Nothing is running", "Nothing is scheduled", "No messages yet"):
        assert words in page
    assert "The last 30 days" not in page


def test_the_page_costs_a_fixed_handful_of_queries(ada: Client):
    def queries() -> int:
        ada.get("/")
        with CaptureQueriesContext(connection) as asked:
            page = ada.get("/")
        assert page.status_code == 200
        for query in asked.captured_queries:
            assert "flows_step" not in query["sql"] and "contacts_event" not in query["sql"]
        return len(asked)

    now = timezone.now()

    def grow(times: int) -> None:
        for n in range(times):
            one = scenario(f"Run {n}", state="running", started_at=now, next_run_at=now + DAY)
            stand(one, 3, due_at=now - DAY)
            NodeCount.objects.create(scenario=one, node="", metric="failed", day=now.date(), n=2)
            campaign(f"Sale {n}", state=CampaignState.SENDING, audience_count=5, started_at=now)
            scenario(f"Broken {n}", state="paused_error", state_reason="Away.")
        message = letters.queue(make.contacts(1, f"grown{times}.example"), letters.content())[0]
        Message.objects.filter(pk=message.pk).update(state="bounced")
        DayCount.objects.bulk_create(
            DayCount(day=now.date() - n * DAY, origin=message.origin, content=message.content, sent=100, bounced=9)
            for n in range(3)
        )

    grow(1)
    few = queries()
    grow(6)
    assert queries() == few
    assert few <= 35
    assert Flow.objects.count() == 14
    assert re.search(r"Bounces are rising: 8\.3%", ada.get("/").text)
