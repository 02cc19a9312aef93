"""Periods are understood as people and programs ask for them, and drawn as bars."""

from datetime import date, timedelta

import pytest

from contacts import day_bars, periods
from contacts.periods import Period, Unreadable

TODAY = date(2026, 3, 10)


def test_the_last_seven_days_are_meant_where_nothing_is_asked_for():
    assert periods.asked({}, TODAY) == Period(date(2026, 3, 4), TODAY, "7")
    assert periods.asked({}, TODAY).words == "the last 7 days"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", TODAY, TODAY),
        ("yesterday", date(2026, 3, 9), date(2026, 3, 9)),
        ("30", date(2026, 2, 9), TODAY),
        ("90", date(2025, 12, 11), TODAY),
        ("all", date(2000, 1, 1), TODAY),
    ],
)
def test_every_preset_ends_with_its_last_day(name: str, first: date, last: date):
    found = periods.asked({"period": name, "from": "2026-01-01", "to": "2026-01-02"}, TODAY)
    assert (found.first, found.last, found.preset) == (first, last, name)


def test_dates_are_both_included_and_may_be_left_out():
    assert len(list(periods.asked({"from": "2026-03-01", "to": "2026-03-03"}, TODAY).days())) == 3
    assert periods.asked({"from": "2026-03-01"}, TODAY).last == TODAY
    assert periods.asked({"from": "2026-04-01"}, TODAY).last == date(2026, 4, 1)
    assert periods.asked({"to": "2026-03-01"}, TODAY).first == periods.FIRST
    assert periods.asked({"from": "2026-03-01", "to": "2026-03-01"}, TODAY).words == "1 Mar 2026"


@pytest.mark.parametrize(
    "query",
    [
        {"period": "8"},
        {"from": "x"},
        {"from": "2026-03-02", "to": "2026-03-01"},
        {"from": "2001-01-01", "to": "2099-01-01"},
        {"from": "2026-02-30"},
        {"to": "1999-01-01"},
    ],
)
def test_what_is_no_period_is_refused_with_a_sentence(query: dict[str, str]):
    with pytest.raises(Unreadable, match=r"\.$"):
        periods.asked(query, TODAY)


def test_bars_are_as_high_as_their_numbers_and_small_ones_can_be_seen():
    days = [(TODAY - timedelta(days=2), 0), (TODAY - timedelta(days=1), 1), (TODAY, 1000)]
    bars = day_bars.drawn(days, TODAY)
    assert [bar.height for bar in bars.bars] == [0, 1.5, day_bars.HEIGHT]
    assert [bar.today for bar in bars.bars] == [False, False, True]
    assert (bars.bars[2].n, bars.bars[2].before, bars.most, bars.unit) == (1000, 0, 1000, "day")
    assert bars.bars[2].words == "Tue 10 Mar 2026"


@pytest.mark.parametrize(("days", "unit"), [(92, "day"), (93, "week"), (644, "week"), (645, "month"), (3000, "month")])
def test_many_days_are_drawn_together_and_nothing_is_lost(days: int, unit: str):
    numbers = [(TODAY - timedelta(days=n), 2) for n in reversed(range(days))]
    bars = day_bars.drawn(numbers, TODAY)
    assert bars.unit == unit
    assert len(bars.bars) <= 110
    assert sum(bar.n for bar in bars.bars) == 2 * days
    assert [bar.before for bar in bars.bars if bar.today] == [bars.bars[-1].n - 2]
    assert all(bar.x >= 0 and bar.x + bar.width <= day_bars.WIDTH for bar in bars.bars)


def test_nothing_at_all_is_drawn_too():
    assert day_bars.drawn([], TODAY).bars == []
