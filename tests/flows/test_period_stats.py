"""The numbers of a period are what a recount of steps, passes and messages gives, day by day, at a fixed cost."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import counting as messages
from campaigns.delivery import sending
from campaigns.models import DayCount, Message, Origin, OriginDay
from campaigns.tracking import visits
from contacts import periods
from contacts.models import Installation
from contacts.periods import Period
from flows import counting, period_stats, present, requeueing, starting, triggering
from flows.models import Execution, NodeCount, Scenario, Step
from flows.nodes import registry
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")
CALLS = make.graph(
    ("in", "on_event", {"event": "api.call"}),
    ("mail", "email", {"subject": "Hello", "body": '<a href="https://example.com">Hello</a>'}),
    ("rest", "wait", {"amount": 1, "unit": "days"}),
    ("tag", "tag", {"add": ["rested"]}),
    edges="in>mail mail>rest rest>tag",
)


@pytest.fixture
def in_paris() -> None:
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})


def calls(graph: dict[str, Any] = CALLS) -> Scenario:
    scenario = make.scenario(graph)
    starting.start(scenario, NOW)
    scenario.refresh_from_db()
    return scenario


def enter(scenario: Scenario, contacts: list[int], at: datetime) -> None:
    triggering.call(scenario, contacts, {}, at)
    work(at)


def work(at: datetime) -> None:
    until_still(at)
    while sending.work(at):
        pass


def local(moments: Iterable[datetime | None]) -> Counter[date]:
    return Counter(moment.astimezone(PARIS).date() for moment in moments if moment)


def shown(numbers: period_stats.Numbers, metric: str) -> Counter[date]:
    return +Counter(dict(numbers.of(metric)))


def recounted(scenario: Scenario) -> dict[str, Counter[date]]:
    """What the panel shows, from steps, passes and the ledger."""
    steps = Step.objects.filter(execution__scenario=scenario)
    passes = Execution.objects.filter(scenario=scenario)
    ledger = Message.objects.filter(origin__key__startswith=f"scenario:{scenario.pk}:")
    return {
        "entered": local(steps.filter(node="in").values_list("at", flat=True)),
        **{
            state: local(passes.filter(state=state).values_list("finished_at", flat=True))
            for state in ("completed", "exited", "failed")
        },
        **{
            metric: local(ledger.values_list(f"{metric}_at", flat=True))
            for metric in ("sent", "opened", "clicked", "skipped", "bounced", "unsubscribed")
        },
    }


def test_days_are_the_installations_also_when_its_clocks_are_put_forward(in_paris):
    scenario = calls()
    one, two, three, four = make.contacts(4)
    enter(scenario, [one], datetime(2026, 3, 28, 22, 59, tzinfo=UTC))  # 28 March, 23:59 in Paris
    enter(scenario, [two], datetime(2026, 3, 28, 23, 0, tzinfo=UTC))  # midnight
    enter(scenario, [three], datetime(2026, 3, 29, 21, 59, tzinfo=UTC))  # 23:59, in summer time by now
    enter(scenario, [four], datetime(2026, 3, 29, 22, 0, tzinfo=UTC))
    numbers = period_stats.of_scenario(scenario, Period(date(2026, 3, 28), date(2026, 3, 30)))
    assert [n for _, n in numbers.of("entered")] == [1, 2, 1]
    assert [n for _, n in numbers.of("sent")] == [1, 2, 1]
    assert period_stats.of_scenario(scenario, Period(date(2026, 3, 29), date(2026, 3, 29))).totals["entered"] == 2


@pytest.mark.parametrize("squashed", [False, True])
def test_all_numbers_are_those_of_a_recount(in_paris, monkeypatch, squashed: bool):
    scenario, contacts = calls(), make.contacts(40)
    for day in range(5):
        now = NOW + day * DAY + day * 5 * HOUR
        enter(scenario, contacts[day * 8 : day * 8 + 8], now)
        for message in Message.objects.filter(sent_at=now, channel="email")[: day + 1]:
            visits.opened(message, now + 14 * HOUR)
            link = message.content.links.get()
            visits.clicked(message, link.number, link.url, now + 15 * HOUR)
        if day == 2:  # whoever has rested cannot be tagged on the next day, and goes on two days later
            monkeypatch.setattr(registry()["tag"], "run", breaks)
        if day == 4:
            monkeypatch.undo()
            assert present.now_in(scenario, now).failed == 16
            requeueing.requeue(scenario, now, node="rest")
            work(now)
        if squashed:
            counting.squash(now)
            messages.squash(now)
    work(NOW + 9 * DAY)
    assert complaints(["mail"]) == {}
    period = Period(NOW.date() - DAY, NOW.date() + 12 * DAY)
    numbers = period_stats.of_scenario(scenario, period)
    expected = recounted(scenario)
    assert {metric: shown(numbers, metric) for metric in expected} == expected
    assert sum(expected["completed"].values()) == 40
    assert sum(expected["clicked"].values()) == 15
    # A part of it, and everything.
    part = Period(NOW.date() + DAY, NOW.date() + 2 * DAY)
    totals = period_stats.of_scenario(scenario, part).totals
    assert {metric: totals[metric] for metric in expected} == {
        metric: sum(n for day, n in days.items() if part.first <= day <= part.last) for metric, days in expected.items()
    }
    everything = period_stats.of_scenario(scenario, periods.preset("all", NOW.date() + 12 * DAY))
    assert {metric: everything.totals[metric] for metric in expected} == {
        metric: sum(days.values()) for metric, days in expected.items()
    }
    assert everything.days[0][0] == NOW.date()


def breaks(batch: object) -> None:
    raise RuntimeError("The tag is gone.")


def test_who_goes_on_counts_fewer_on_the_day_of_the_failure(in_paris, monkeypatch):
    scenario = calls()
    enter(scenario, make.contacts(3), NOW)
    monkeypatch.setattr(registry()["tag"], "run", breaks)
    work(NOW + DAY)
    days = Period(NOW.date(), NOW.date() + 3 * DAY)
    assert [n for _, n in period_stats.of_scenario(scenario, days).of("failed")] == [0, 3, 0, 0]
    monkeypatch.undo()
    one = Execution.objects.filter(state="failed").first()
    requeueing.requeue(scenario, NOW + 2 * DAY, ids=[one.pk])
    assert [n for _, n in period_stats.of_scenario(scenario, days).of("failed")] == [0, 2, 0, 0]
    assert period_stats.of_node(scenario, "rest", days)["failed"] == 2


def test_a_node_has_its_numbers_alone_or_with_the_others(in_paris):
    scenario = calls()
    enter(scenario, make.contacts(3), NOW)
    work(NOW + DAY)
    everything, first = periods.preset("all", NOW.date() + DAY), Period(NOW.date(), NOW.date())
    assert period_stats.of_node(scenario, "rest", first) == {"entered": 3}
    assert period_stats.of_node(scenario, "rest", everything) == {"entered": 3, "left:next": 3}
    of_mail = period_stats.of_node(scenario, "mail", first)
    assert (of_mail["entered"], of_mail["left:next"], of_mail["sent"]) == (3, 3, 3)
    for period in (first, everything):
        nodes = period_stats.of_nodes(scenario, period)
        assert nodes == {node: period_stats.of_node(scenario, node, period) for node in nodes}
        assert set(nodes) == {"in", "mail", "rest"} | ({"tag"} if period is everything else set())


def test_what_was_counted_before_days_were_kept_is_in_all_and_in_no_day():
    scenario = calls()
    NodeCount.objects.create(scenario=scenario, node="in", metric="entered", day=None, n=70)
    enter(scenario, make.contacts(1), NOW)
    everything = period_stats.of_scenario(scenario, periods.preset("all", NOW.date()))
    assert everything.totals["entered"] == 71
    assert everything.of("entered") == [(NOW.date(), 1)]
    assert period_stats.of_scenario(scenario, periods.preset("7", NOW.date())).totals["entered"] == 1


def test_the_queries_are_few_read_counts_only_and_use_their_indexes():
    scenario = calls()
    enter(scenario, make.contacts(2), NOW)
    message = Message.objects.first()
    origins = [message.origin, *Origin.objects.bulk_create(Origin(key=f"campaign:{n}:a") for n in range(20))]
    others = [calls() for _ in range(3)]
    for one in [scenario, *others]:
        NodeCount.objects.bulk_create(
            NodeCount(scenario=one, node="in", metric="entered", day=NOW.date() - n * DAY, n=1, loose=False)
            for n in range(1, 1_500)
        )
    DayCount.objects.bulk_create(
        DayCount(day=NOW.date() - n * DAY, origin=origin, content=message.content, sent=1, loose=False)
        for n in range(1, 1_500)
        for origin in origins
    )
    OriginDay.objects.bulk_create(
        OriginDay(day=NOW.date() - n * DAY, origin=origin, content=message.content, sent=1)
        for n in range(1, 1_500)
        for origin in origins
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE flows_nodecount, campaigns_daycount, campaigns_originday, campaigns_origin")
    looks = [
        lambda: period_stats.of_scenario(scenario, periods.preset("30", NOW.date())),
        lambda: present.now_in(scenario, NOW),
    ]
    for look in looks:
        with CaptureQueriesContext(connection) as asked:
            look()
        assert len(asked) <= 3
        for query in asked.captured_queries:
            sql = query["sql"]
            assert not [table for table in ("flows_step", "campaigns_message", "contacts_event") if table in sql], sql
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            for table, index in (
                ("nodecount", "node_count_lookup"),
                ("daycount", "day_count_"),
                ("originday", "origin_day_"),
            ):
                assert f"Seq Scan on flows_{table}" not in plan and f"Seq Scan on campaigns_{table}" not in plan, plan
                assert f"_{table}" not in plan or index in plan, plan
