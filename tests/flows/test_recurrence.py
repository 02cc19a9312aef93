"""Rhythms on local calendar time."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import calendar
from flows.recurrence import MAX_EVERY, Recurrence

START = datetime(2026, 1, 31, 9, 0)


def local_moments(rhythm: Recurrence, zone: str = "UTC", since: datetime | None = None, n: int = 4) -> list[str]:
    since = since or calendar.resolve(rhythm.starts, zone) - timedelta(seconds=1)
    return [f"{calendar.local(moment, zone):%Y-%m-%d %H:%M}" for moment in islice(rhythm.moments(since, zone), n)]


@pytest.mark.parametrize(
    ("rhythm", "expected"),
    [
        (Recurrence(1, "day", START), ["2026-01-31 09:00", "2026-02-01 09:00", "2026-02-02 09:00"]),
        (Recurrence(2, "week", START), ["2026-01-31 09:00", "2026-02-14 09:00", "2026-02-28 09:00"]),
        (
            Recurrence(1, "week", START, weekdays=[0, 4]),
            ["2026-02-02 09:00", "2026-02-06 09:00", "2026-02-09 09:00"],
        ),
        # The 31st skips short months; the last day is there in every month.
        (Recurrence(1, "month", START), ["2026-01-31 09:00", "2026-03-31 09:00", "2026-05-31 09:00"]),
        (
            Recurrence(1, "month", START, month_days=[-1]),
            ["2026-01-31 09:00", "2026-02-28 09:00", "2026-03-31 09:00"],
        ),
        (
            Recurrence(1, "month", START, month_days=[1, 15]),
            ["2026-02-01 09:00", "2026-02-15 09:00", "2026-03-01 09:00"],
        ),
        (
            Recurrence(1, "year", datetime(2028, 2, 29, 9)),
            ["2028-02-29 09:00", "2032-02-29 09:00", "2036-02-29 09:00"],
        ),
        (Recurrence(6, "hour", START), ["2026-01-31 09:00", "2026-01-31 15:00", "2026-01-31 21:00"]),
        (
            Recurrence(1, "day", START, weekdays=[0, 1, 2, 3, 4]),
            ["2026-02-02 09:00", "2026-02-03 09:00", "2026-02-04 09:00"],
        ),
    ],
)
def test_a_rhythm_beats(rhythm, expected):
    assert local_moments(rhythm, n=3) == expected


def test_the_end_is_included_and_then_it_is_over():
    assert len(local_moments(Recurrence(1, "day", START, until=datetime(2026, 2, 2, 9, 0)), n=99)) == 3
    assert len(local_moments(Recurrence(1, "day", START, until=datetime(2026, 2, 2, 8, 59)), n=99)) == 2


def test_a_skipped_hour_moves_forward_and_a_repeated_one_counts_once():
    spring = Recurrence(1, "day", datetime(2026, 3, 28, 2, 30))
    assert local_moments(spring, "Europe/Paris", n=3) == ["2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"]
    autumn = Recurrence(1, "day", datetime(2026, 10, 24, 2, 30))
    assert local_moments(autumn, "Europe/Paris", n=3) == ["2026-10-24 02:30", "2026-10-25 02:30", "2026-10-26 02:30"]


def test_a_day_that_a_zone_skips_is_not_celebrated_twice():
    daily = Recurrence(1, "day", datetime(2011, 12, 29, 10, 0))
    assert local_moments(daily, "Pacific/Apia", n=3) == ["2011-12-29 10:00", "2011-12-31 10:00", "2012-01-01 10:00"]


def test_hours_are_exact_when_clocks_change():
    hourly = Recurrence(1, "hour", datetime(2026, 10, 25, 0, 0))
    since = calendar.resolve(hourly.starts, "Europe/Paris")
    moments = list(islice(hourly.moments(since, "Europe/Paris"), 5))
    assert [b - a for a, b in pairwise(moments)] == [timedelta(hours=1)] * 4


def test_a_rhythm_that_never_comes_true_ends():
    assert local_moments(Recurrence(12, "month", datetime(2026, 2, 1, 9), month_days=[30])) == []


def test_it_goes_on_from_any_moment_without_repeating_itself():
    rhythm = Recurrence(3, "day", START)
    since = datetime(2027, 1, 1, tzinfo=UTC)
    moments = list(islice(rhythm.moments(since, "UTC"), 5))
    assert list(islice(rhythm.moments(moments[0], "UTC"), 4)) == moments[1:]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(MAX_EVERY)),
    st.data(),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda start: start.replace(microsecond=0)),
    st.sampled_from(["UTC", "Europe/Paris", "Pacific/Apia", "Australia/Lord_Howe", "America/Santiago"]),
)
def test_moments_ascend_and_lie_ahead(unit, data, starts, zone):
    every = data.draw(st.integers(1, MAX_EVERY[unit]))
    weekdays = data.draw(st.lists(st.integers(0, 6), unique=True, max_size=3))
    since = data.draw(st.datetimes(datetime(2020, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)))
    moments = list(islice(Recurrence(every, unit, starts, weekdays=weekdays).moments(since, zone), 3))
    assert moments == sorted(set(moments))
    assert all(moment > since and moment >= calendar.resolve(starts, zone) for moment in moments)
    if unit == "hour" and weekdays:
        assert {calendar.local(moment, zone).weekday() for moment in moments} <= set(weekdays)
