"""Calendar arithmetic in many zones: gaps, folds, missing days, leap days and short months."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import zones
from flows import calendar


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "moment"),
    [
        ("Europe/Paris", "2026-01-10T09:00", "2026-01-10T08:00"),
        ("Europe/Paris", "2026-03-29T01:59", "2026-03-29T00:59"),
        ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:30"),  # skipped: 03:30
        ("Europe/Paris", "2026-03-29T03:30", "2026-03-29T01:30"),
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        ("Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00"),
        ("America/New_York", "2026-03-08T02:15", "2026-03-08T07:15"),  # skipped: 03:15
        ("America/New_York", "2026-11-01T01:15", "2026-11-01T05:15"),  # twice: the first
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:40"),  # half an hour skipped: 02:40
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),  # half an hour twice: the first
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T20:00"),  # a whole day skipped: the 31st, 10:00
        ("Pacific/Apia", "2011-12-31T10:00", "2011-12-30T20:00"),
        ("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00"),  # midnight skipped: 01:00
        ("Asia/Kathmandu", "2026-06-01T12:00", "2026-06-01T06:15"),
        ("Pacific/Kiritimati", "2026-06-01T12:00", "2026-05-31T22:00"),
    ],
)
def test_a_local_time_is_one_moment(zone, local, moment):
    assert calendar.resolve(datetime.fromisoformat(local), zone) == utc(moment)


@pytest.mark.parametrize(
    ("zone", "start", "amount", "unit", "end"),
    [
        ("UTC", "2026-01-31T10:00", 1, "months", "2026-02-28T10:00"),
        ("UTC", "2028-01-31T10:00", 1, "months", "2028-02-29T10:00"),
        ("UTC", "2026-10-31T10:00", 4, "months", "2027-02-28T10:00"),
        ("UTC", "2026-12-31T10:00", 2, "months", "2027-02-28T10:00"),
        ("UTC", "2026-03-31T10:00", 12, "months", "2027-03-31T10:00"),
        ("UTC", "2028-02-29T10:00", 1, "years", "2029-02-28T10:00"),
        ("UTC", "2028-02-29T10:00", 4, "years", "2032-02-29T10:00"),
        # The clock time stays; the number of hours does not.
        ("Europe/Paris", "2026-03-28T08:00", 1, "days", "2026-03-29T07:00"),
        ("Europe/Paris", "2026-10-24T07:00", 1, "days", "2026-10-25T08:00"),
        ("Europe/Paris", "2026-03-22T08:00", 1, "weeks", "2026-03-29T07:00"),
        ("Europe/Paris", "2026-01-29T08:00", 6, "months", "2026-07-29T07:00"),
        ("Europe/Paris", "2026-03-28T01:30", 1, "days", "2026-03-29T01:30"),  # 02:30 is skipped: 03:30
        ("Europe/Paris", "2026-10-24T00:30", 1, "days", "2026-10-25T00:30"),  # 02:30 twice: the first
        ("Europe/Paris", "2026-10-25T01:30", 1, "days", "2026-10-26T01:30"),  # from the second 02:30
        ("Europe/Paris", "2026-01-31T22:59", 1, "months", "2026-02-28T22:59"),
        ("Europe/Paris", "2026-01-31T23:30", 1, "months", "2026-02-28T23:30"),  # there 1 February already: 1 March
        ("Pacific/Apia", "2011-12-29T20:00", 1, "days", "2011-12-30T20:00"),  # the 29th, 10:00, to the 31st, 10:00
        ("Australia/Lord_Howe", "2026-10-02T15:40", 1, "days", "2026-10-03T15:40"),  # 02:10 is skipped: 02:40
        # Minutes and hours are exact, whatever clocks do.
        ("Europe/Paris", "2026-03-28T08:00", 24, "hours", "2026-03-29T08:00"),
        ("Europe/Paris", "2026-03-29T00:30", 90, "minutes", "2026-03-29T02:00"),
    ],
)
def test_waiting_keeps_the_clock_time_of_the_zone(zone, start, amount, unit, end):
    assert calendar.add(utc(start), amount, unit, zone) == utc(end)


@pytest.mark.parametrize(
    ("zone", "now", "clock", "weekdays", "moment"),
    [
        ("UTC", "2026-03-10T08:00", "09:00", [], "2026-03-10T09:00"),
        ("UTC", "2026-03-10T09:00", "09:00", [], "2026-03-11T09:00"),
        ("UTC", "2026-03-10T08:00", "09:00", [0], "2026-03-16T09:00"),  # from Tuesday to Monday
        ("UTC", "2026-03-09T10:00", "09:00", [0], "2026-03-16T09:00"),  # Monday, too late: in a week
        ("Asia/Tokyo", "2026-03-10T08:00", "09:00", [], "2026-03-11T00:00"),
        ("Europe/Paris", "2026-03-28T08:00", "02:30", [], "2026-03-29T01:30"),
        ("Europe/Paris", "2026-10-25T00:30", "02:30", [], "2026-10-26T01:30"),  # the second 02:30 is not one more
        ("Pacific/Apia", "2011-12-29T21:00", "10:00", [4], "2011-12-30T20:00"),  # the Friday that was skipped
    ],
)
def test_the_next_time_of_day_or_week_lies_ahead(zone, now, clock, weekdays, moment):
    assert calendar.next_at(utc(now), time.fromisoformat(clock), weekdays, zone) == utc(moment)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(zones.names())),
    st.sampled_from(sorted(calendar.MAX_AMOUNT)),
    st.data(),
)
def test_waiting_always_ends_later(moment, zone, unit, data):
    amount = data.draw(st.integers(1, calendar.MAX_AMOUNT[unit]))
    assert moment < calendar.add(moment, amount, unit, zone) < moment + timedelta(days=3_700)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(zones.names())),
    st.times(),
    st.sets(st.integers(0, 6)),
)
def test_the_next_moment_is_within_nine_days(moment, zone, clock, weekdays):
    assert moment < calendar.next_at(moment, clock, weekdays, zone) <= moment + timedelta(days=9)
