"""Whom triggers let in, and when: zones, dates of one's own, shares, segments."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from contacts import segments, tagging
from contacts.models import Contact, Segment
from flows.models import Execution, ExecutionState
from flows.nodes import registry
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def people(**zones: str) -> dict[str, int]:
    return {name: make.contact(f"{name}@example.com", timezone=zone).pk for name, zone in zones.items()}


def entries(key: str, config: dict, zone: str = "UTC", until: datetime | None = None, since: datetime = NOW) -> list:
    """(moment, first parts of the addresses) of each run that lets somebody in."""
    node = registry()[key]
    found = []
    for run in islice(node.runs(config, since, since - timedelta(microseconds=1), zone), 500):
        if until and run.due_at > until:
            break
        names = sorted(contact.email.split("@")[0] for contact in node.audience(config, run.config, run.due_at))
        if names:
            found.append((f"{run.due_at:%Y-%m-%d %H:%M}", names))
    return found


def test_a_date_for_all_is_one_moment():
    people(ann="Europe/Paris", ben="Asia/Tokyo", cleo="")
    found = entries("on_date", {"at": "2026-03-29T02:30", "timezone": "Europe/Paris"})
    assert found == [("2026-03-29 01:30", ["ann", "ben", "cleo"])]
    found = entries("on_date", {"at": "2026-04-01T09:00"}, zone="Asia/Tokyo")
    assert found == [("2026-04-01 00:00", ["ann", "ben", "cleo"])]


def test_a_date_in_each_contacts_own_zone_is_a_moment_per_offset():
    people(ann="Europe/Paris", ben="Asia/Tokyo", cleo="", dan="Europe/Rome")
    found = entries("on_date", {"at": "2026-04-01T09:00", "timezone": "contact"}, zone="America/New_York")
    assert found == [
        ("2026-04-01 00:00", ["ben"]),
        ("2026-04-01 07:00", ["ann", "dan"]),
        ("2026-04-01 13:00", ["cleo"]),
    ]


def test_a_date_that_is_over_lets_nobody_in():
    people(ann="")
    assert entries("on_date", {"at": "2026-03-10T08:59", "timezone": "UTC"}) == []


def test_birthdays_come_every_year_in_the_contacts_own_morning():
    born = people(ann="Europe/Paris", ben="Asia/Tokyo", cleo="", dan="")
    days = {"ann": "1990-03-12", "ben": "2001-03-12T00:00:00", "cleo": "12 March", "dan": "2026-03-12"}
    for name, day in days.items():
        Contact.objects.filter(pk=born[name]).update(attributes={"birthday": day})
    config = {"attribute": "birthday", "time": "09:00", "yearly": True}
    found = entries("on_date", config, until=NOW + timedelta(days=4))
    assert found == [("2026-03-12 00:00", ["ben"]), ("2026-03-12 08:00", ["ann"]), ("2026-03-12 09:00", ["dan"])]
    once = entries("on_date", {**config, "yearly": False}, until=NOW + timedelta(days=4))
    assert once == [("2026-03-12 09:00", ["dan"])]


def test_an_anniversary_is_not_celebrated_before_the_day_itself():
    ann = people(ann="")["ann"]
    Contact.objects.filter(pk=ann).update(attributes={"renewal": "2027-03-12"})
    assert entries("on_date", {"attribute": "renewal", "yearly": True}, until=NOW + timedelta(days=4)) == []


@pytest.mark.parametrize(("year", "day"), [(2027, "2027-02-28"), (2028, "2028-02-29")])
def test_leap_day_birthdays_are_celebrated_every_year(year, day):
    ann = people(ann="")["ann"]
    Contact.objects.filter(pk=ann).update(attributes={"birthday": "2000-02-29"})
    since = datetime(year, 2, 27, tzinfo=UTC)
    config = {"attribute": "birthday", "yearly": True}
    assert entries("on_date", config, since=since, until=since + timedelta(days=4)) == [(f"{day} 09:00", ["ann"])]


def test_days_before_and_after_a_date_of_ones_own():
    ann = people(ann="")["ann"]
    Contact.objects.filter(pk=ann).update(attributes={"renewal": "2026-03-15"})
    until = NOW + timedelta(days=10)
    before = entries("on_date", {"attribute": "renewal", "offset_days": -3, "time": "08:00"}, until=until)
    assert before == [("2026-03-12 08:00", ["ann"])]
    after = entries("on_date", {"attribute": "renewal", "offset_days": 2}, until=until)
    assert after == [("2026-03-17 09:00", ["ann"])]


def test_a_segment_is_asked_when_the_run_comes():
    vip = Segment.objects.create(name="VIP", rule={"rule": "tag", "name": "vip"})
    ids = people(ann="", ben="")
    node = registry()["now"]
    assert list(node.audience({"segment": vip.pk}, {}, NOW)) == []
    tagging.add([ids["ann"]], ["vip"], NOW)
    assert [contact.pk for contact in node.audience({"segment": vip.pk}, {}, NOW)] == [ids["ann"]]
    gone = {"segment": vip.pk}
    vip.delete()
    assert list(node.audience(gone, {}, NOW)) == []


def test_now_is_once_per_start():
    node = registry()["now"]
    (run,) = node.runs({}, NOW, NOW - timedelta(microseconds=1), "UTC")
    assert run.due_at == NOW
    assert list(node.runs({}, NOW, NOW, "UTC")) == []
    (again,) = node.runs({}, NOW + timedelta(days=1), NOW, "UTC")
    assert again.key != run.key


def test_a_share_is_drawn_afresh_at_each_run_and_agrees_between_slices():
    make.contacts(2_000)
    node = registry()["repeat"]
    config = {"every": 1, "unit": "day", "time": "09:00", "limit_percent": 10}
    first, second = islice(node.runs(config, NOW, NOW, "UTC"), 2)
    drawn = set(node.audience(config, first.config, NOW).values_list("pk", flat=True))
    assert 120 < len(drawn) < 280
    assert drawn == set(node.audience(config, first.config, NOW).values_list("pk", flat=True))
    other = set(node.audience(config, second.config, NOW).values_list("pk", flat=True))
    assert len(drawn & other) < 60
    everybody = {**config, "limit_percent": 100}
    assert node.audience(everybody, first.config, NOW).count() == 2_000


def test_a_rhythm_begins_with_the_scenario_and_keeps_its_clock_time():
    node = registry()["repeat"]
    config = {"every": 1, "unit": "day", "time": "09:00", "timezone": "Europe/Paris"}
    since = datetime(2026, 3, 28, 12, tzinfo=UTC)
    moments = [f"{run.due_at:%d %H:%M}" for run in islice(node.runs(config, since, since, "UTC"), 2)]
    assert moments == ["29 07:00", "30 07:00"]
    weekly = {"every": 1, "unit": "week"}
    moments = [f"{run.due_at:%m-%d %H:%M}" for run in islice(node.runs(weekly, NOW, NOW, "UTC"), 2)]
    assert moments == ["03-17 09:00", "03-24 09:00"]


def test_a_rhythm_has_a_first_and_a_last_day():
    node = registry()["repeat"]
    config = {"every": 1, "unit": "day", "time": "09:00", "starts": "2026-04-01", "until": "2026-04-03"}
    days = [f"{run.due_at:%m-%d %H:%M}" for run in node.runs(config, NOW, NOW, "UTC")]
    assert days == ["04-01 09:00", "04-02 09:00", "04-03 09:00"]


def test_rules_can_ask_about_scenarios():
    ids = people(inside="", done="", never="")
    scenario = make.scenario(make.graph(("in", "now", {}), edges=""))
    for name, state in (("inside", ExecutionState.WAITING), ("done", ExecutionState.COMPLETED)):
        Execution.objects.create(
            scenario=scenario, flow=scenario.flow, contact_id=ids[name], state=state, node="in", entered_at=NOW,
            arrived_at=NOW,
        )  # fmt: skip
    for asked, name in (("inside", "inside"), ("completed", "done"), ("never_entered", "never")):
        rule = {"rule": "scenario", "id": scenario.pk, "is": asked}
        assert segments.problems(rule) == []
        assert segments.matching(rule, list(ids.values()), NOW) == {ids[name]}
    assert "the scenario “Welcome”" in segments.sentence({"rule": "scenario", "id": scenario.pk, "is": "inside"})


@pytest.mark.parametrize("id", [None, "1", True, 0, -1, 2**63, 999_999, [], {}])
def test_rules_about_no_scenario_are_refused(id):
    assert segments.problems({"rule": "scenario", "id": id, "is": "inside"})
