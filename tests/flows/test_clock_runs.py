"""Triggers that follow the clock, from the start of a scenario to who is inside, on a virtual clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from contacts import tagging
from contacts.models import Contact, Segment
from flows import entering, pausing, starting
from flows.models import EntryRun, Execution, Scenario
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def started(trigger: str, config: dict[str, Any], stays: bool = False, now: datetime = NOW) -> Scenario:
    """A running scenario whose contacts are through at once, or stay inside for a year."""
    rest = ("rest", "wait", {"amount": 12, "unit": "months"}) if stays else ("rest", "end", {})
    scenario = make.scenario(make.graph(("in", trigger, config), rest, edges="in>rest"))
    starting.start(scenario, now)
    return scenario


def entries(since: datetime, until: datetime, step: timedelta = HOUR) -> list[tuple[str, list[str]]]:
    """Move the clock on; the moments at which somebody entered, with the first parts of their addresses."""
    found = []
    while since <= until:
        known = set(Execution.objects.values_list("pk", flat=True))
        until_still(since)
        new = Execution.objects.exclude(pk__in=known)
        assert all(at == since for at in new.values_list("entered_at", flat=True))
        if names := sorted(email.split("@")[0] for email in new.values_list("contact__email", flat=True)):
            found.append((f"{since:%m-%d %H:%M}", names))
        since += step
    return found


def person(name: str, zone: str = "", **attributes: Any) -> int:
    return make.contact(f"{name}@example.com", timezone=zone, attributes=attributes).pk


def test_a_date_lets_everybody_in_at_the_moment_of_its_zone():
    person("ann", "Asia/Tokyo")
    person("ben")
    scenario = started("on_date", {"at": "2026-03-11T09:00", "timezone": "Europe/Paris"})
    assert entries(NOW, NOW + 2 * DAY) == [("03-11 08:00", ["ann", "ben"])]
    scenario.refresh_from_db()
    assert scenario.state == "completed"


def test_a_date_in_each_contacts_own_zone_goes_round_the_world():
    person("ann", "Asia/Tokyo")
    person("ben", "America/New_York")
    person("cleo", "Europe/Paris")
    scenario = started("on_date", {"at": "2026-03-11T09:00", "timezone": "contact"})
    expected = [("03-11 00:00", ["ann"]), ("03-11 08:00", ["cleo"]), ("03-11 13:00", ["ben"])]
    assert entries(NOW, datetime(2026, 3, 11, 13, tzinfo=UTC)) == expected
    scenario.refresh_from_db()
    assert scenario.state == "running", "further west it is not nine o’clock yet"
    assert entries(datetime(2026, 3, 11, 14, tzinfo=UTC), NOW + 3 * DAY) == []
    scenario.refresh_from_db()
    assert scenario.state == "completed"


def test_birthdays_with_an_offset_come_round_every_year():
    person("ann", "Europe/Paris", birthday="1990-03-15")
    person("ben", "Asia/Tokyo", birthday="2001-03-15")
    person("cleo", "", birthday="1980-07-01")
    scenario = started("on_date", {"attribute": "birthday", "offset_days": -3, "time": "10:00", "yearly": True})
    assert entries(NOW, NOW + 4 * DAY) == [("03-12 01:00", ["ben"]), ("03-12 09:00", ["ann"])]
    # A year later, in one go: only the runs of that day are looked for.
    Scenario.objects.filter(pk=scenario.pk).update(next_run_at=datetime(2027, 3, 11, 12, tzinfo=UTC))
    since = datetime(2027, 3, 12, tzinfo=UTC)
    assert entries(since, since + 12 * HOUR) == [("03-12 01:00", ["ben"]), ("03-12 09:00", ["ann"])]
    scenario.refresh_from_db()
    assert scenario.state == "running"


def test_a_daily_rhythm_asks_its_segment_afresh():
    ann, ben = person("ann"), person("ben")
    keen = Segment.objects.create(name="Keen", rule={"rule": "tag", "name": "keen"})
    tagging.add([ann], ["keen"], NOW)
    started("repeat", {"every": 1, "unit": "day", "time": "12:00", "timezone": "UTC", "segment": keen.pk})
    assert entries(NOW, NOW + DAY) == [("03-10 12:00", ["ann"])]
    tagging.add([ben], ["keen"], NOW + DAY)
    tagging.remove([ann], ["keen"], NOW + DAY)
    assert entries(NOW + DAY + HOUR, NOW + 2 * DAY) == [("03-11 12:00", ["ben"])]


def test_a_weekly_rhythm_keeps_to_its_weekdays_and_its_last_day():
    person("ann")
    rhythm = {"every": 1, "unit": "week", "weekdays": ["mon", "thu"], "time": "08:00", "timezone": "Europe/Paris"}
    scenario = started("repeat", {**rhythm, "until": "2026-03-31"})
    first, last = (NOW, NOW + 4 * DAY), (NOW + 17 * DAY, NOW + 23 * DAY)
    # Summer time begins on 29 March, and 2 April is after the last day.
    assert [moment for moment, _ in entries(*first)] == ["03-12 07:00"]
    assert [moment for moment, _ in entries(NOW + 6 * DAY, NOW + 6 * DAY)] == ["03-16 09:00"], "late, but not lost"
    assert [moment for moment, _ in entries(*last)] == ["03-27 09:00", "03-30 06:00"]
    scenario.refresh_from_db()
    assert scenario.state == "completed"


def test_a_share_lets_only_so_many_in_and_others_the_next_time():
    make.contacts(1_000)
    started("repeat", {"every": 1, "unit": "day", "time": "12:00", "timezone": "UTC", "limit_percent": 20})
    (_, first), (_, second) = entries(NOW, NOW + 2 * DAY)
    assert 140 < len(first) < 260
    assert 140 < len(second) < 260
    assert len(set(first) & set(second)) < 100


def test_runs_missed_while_paused_are_not_made_up_for():
    person("ann")
    scenario = started("repeat", {"every": 1, "unit": "day", "time": "12:00", "timezone": "UTC"})
    assert entries(NOW, NOW + DAY) == [("03-10 12:00", ["ann"])]
    pausing.pause(scenario, NOW + DAY)
    assert entries(NOW + DAY, NOW + 3 * DAY) == []
    pausing.resume(scenario, NOW + 3 * DAY)
    assert entries(NOW + 3 * DAY, NOW + 4 * DAY) == [("03-13 12:00", ["ann"])]


def test_a_rhythm_that_nothing_worked_for_days_goes_on_with_its_last_run():
    person("ann")
    started("repeat", {"every": 1, "unit": "day", "time": "12:00", "timezone": "UTC"})
    until_still(NOW + 10 * DAY)
    assert EntryRun.objects.count() == 1
    assert Execution.objects.count() == 1


def test_who_presses_start_and_pause_at_once_has_lost_nobody():
    person("ann")
    scenario = started("now", {"segment": None}, stays=True)
    pausing.pause(scenario, NOW)
    until_still(NOW + HOUR)
    assert not Execution.objects.exists()
    pausing.resume(scenario, NOW + 2 * HOUR)
    until_still(NOW + 2 * HOUR)
    assert list(Execution.objects.values_list("contact__email", "state")) == [("ann@example.com", "waiting")]


def test_a_scenario_is_completed_once_the_last_one_is_through():
    ids = make.contacts(3)
    scenario = make.scenario(
        make.graph(
            ("in", "now", {"segment": None}),
            ("ask", "condition", {"rule": {"rule": "tag", "name": "slow"}}),
            ("rest", "wait", {"amount": 2, "unit": "days"}),
            edges="in>ask ask:yes>rest",
        )
    )
    tagging.add(ids[:1], ["slow"], NOW)
    starting.start(scenario, NOW)
    for moment, state in ((NOW, "running"), (NOW + DAY, "running"), (NOW + 2 * DAY, "completed")):
        until_still(moment)
        scenario.refresh_from_db()
        assert scenario.state == state
    assert set(Execution.objects.values_list("state", flat=True)) == {"completed"}


def test_a_large_audience_enters_slice_by_slice(monkeypatch):
    monkeypatch.setattr(entering, "BATCH", 40)
    make.contacts(100)
    started("now", {"segment": None}, stays=True)
    assert entering.plan(NOW)
    inside = []
    while entering.admit(NOW):
        inside.append(Execution.objects.count())
    assert inside == [40, 80, 100]
    assert not EntryRun.objects.filter(finished_at=None).exists()
    assert Contact.objects.filter(execution=None).count() == 0


def test_a_part_whose_worker_ended_is_let_in_by_another(monkeypatch):
    monkeypatch.setattr(entering, "BATCH", 40)
    make.contacts(100)
    scenario = started("now", {"segment": None}, stays=True)
    assert entering.plan(NOW)
    with transaction.atomic():
        part = entering._admit(EntryRun.objects.get(), NOW)
    assert part and not Execution.objects.exists()
    starting.complete(NOW)
    scenario.refresh_from_db()
    assert scenario.state == "running"
    while entering.admit(NOW):
        pass
    assert Execution.objects.count() == Contact.objects.filter(execution__scenario=scenario).count() == 100
    assert not EntryRun.objects.filter(finished_at=None).exists()


def test_birthdays_on_days_that_clocks_or_calendars_skip_or_repeat_come_once():
    for name, day in (("gap", "1990-03-29"), ("fold", "1990-10-25"), ("leap", "2000-02-29")):
        person(name, "Europe/Paris", birthday=day)
    scenario = started("on_date", {"attribute": "birthday", "time": "02:30", "yearly": True})
    found = []
    # At 2:30 there is no such time on the one day, twice such a time on the other, and no such day in 2027.
    for night in (
        datetime(2026, 3, 29, tzinfo=UTC),
        datetime(2026, 10, 25, tzinfo=UTC),
        datetime(2027, 2, 28, tzinfo=UTC),
    ):
        Scenario.objects.filter(pk=scenario.pk).update(next_run_at=night - HOUR)
        found += entries(night, night + 4 * HOUR)
    assert found == [("03-29 02:00", ["gap"]), ("10-25 01:00", ["fold"]), ("02-28 02:00", ["leap"])]
