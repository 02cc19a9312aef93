"""Tells the last thirty days at a glance, and whether bounces are rising: from one query of counts by day."""

from dataclasses import dataclass
from datetime import date, timedelta

from campaigns.reports import day_stats
from contacts import day_bars
from contacts.day_bars import Bars
from contacts.periods import Period

SHOWN = (("sent", "Sent"), ("opened", "Opened"), ("clicked", "Clicked"), ("converted", "Conversions"))
DAYS = 30
# Bounces of a week are worth a word from this share on, if it is so much more than that of the four weeks before.
WEEK, BEFORE = 7, 28
LEAST_SENT, LEAST_SHARE, LEAST_RISE = 100, 0.02, 1.5

Days = dict[date, dict[str, int]]


@dataclass(frozen=True)
class Figure:
    """One metric: what came of it in the last thirty days and in the thirty before; `change` is in percent, None where
    there was nothing before."""

    label: str
    total: int
    before: int
    bars: Bars

    @property
    def change(self) -> int | None:
        return round(100 * (self.total - self.before) / self.before) if self.before > 0 else None


def counted(today: date) -> Days:
    """Day → metric → n of sixty days, of all messages. One query."""
    return day_stats.by_day(None, Period(today - timedelta(days=2 * DAYS - 1), today))


def figures(days: Days, today: date) -> list[Figure]:
    recent = [today - timedelta(days=n) for n in reversed(range(DAYS))]
    earlier = [day - timedelta(days=DAYS) for day in recent]
    return [
        Figure(
            label,
            _sum(days, metric, recent),
            _sum(days, metric, earlier),
            day_bars.drawn([(day, days.get(day, {}).get(metric, 0)) for day in recent], today),
        )
        for metric, label in SHOWN
    ]


def rising_bounces(days: Days, today: date) -> str:
    """A sentence with the numbers where more of what was sent comes back than before; else empty."""
    week = [today - timedelta(days=n) for n in range(WEEK)]
    before = [today - timedelta(days=n) for n in range(WEEK, WEEK + BEFORE)]
    # What bounces at once was never counted as sent.
    bounced, bounced_before = _sum(days, "bounced", week), _sum(days, "bounced", before)
    sent, sent_before = _sum(days, "sent", week) + bounced, _sum(days, "sent", before) + bounced_before
    share = bounced / sent if sent else 0
    share_before = bounced_before / sent_before if sent_before else 0
    if sent < LEAST_SENT or share < LEAST_SHARE or share < LEAST_RISE * share_before:
        return ""
    then = f"{share_before:.1%} ({bounced_before:,} of {sent_before:,})" if sent_before else "no messages"
    return (
        f"Bounces are rising: {share:.1%} in the last seven days ({bounced:,} of {sent:,} messages), "
        f"after {then} in the four weeks before."
    )


def _sum(days: Days, metric: str, which: list[date]) -> int:
    return sum(days.get(day, {}).get(metric, 0) for day in which)
