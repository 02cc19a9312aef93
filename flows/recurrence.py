"""When something that repeats happens: a rule on local calendar time, then the zone it is meant in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile

from dateutil import rrule

from flows import calendar

FREQUENCIES = {"day": rrule.DAILY, "week": rrule.WEEKLY, "month": rrule.MONTHLY, "year": rrule.YEARLY}
# The longest interval per unit, about ten years; a rule is followed for a few of those, so that one which never comes
# true (every twelfth month from February, on the 30th) ends instead of searching the calendar to its last page.
MAX_EVERY = {"hour": 87_660, "day": 3_653, "week": 522, "month": 120, "year": 10}
HORIZON = timedelta(days=366 * 41)


@dataclass(frozen=True)
class Recurrence:
    """Every n-th hour, day, week, month or year from `starts` on, narrowed to weekdays and days of the month.

    `starts` and `until` (inclusive) are naive local times. `weekdays`: 0 is Monday. `month_days`: 1 to 31, and -1 for
    the last day; months without such a day are skipped.
    """

    every: int
    unit: str
    starts: datetime
    until: datetime | None = None
    weekdays: Sequence[int] = ()
    month_days: Sequence[int] = ()

    def moments(self, since: datetime, zone: str) -> Iterator[datetime]:
        """The UTC moments after `since` (aware), ascending. Skipped local times move forward by the gap."""
        found = self._hours(since, zone) if self.unit == "hour" else self._days(since, zone)
        previous = since
        for moment in found:
            # Two local times can be one moment (02:30 that is skipped, and 03:30): it happens once.
            if moment > previous:
                previous = moment
                yield moment

    def _days(self, since: datetime, zone: str) -> Iterator[datetime]:
        here = calendar.local(since, zone)
        end = max(here, self.starts) + HORIZON
        rule = rrule.rrule(
            FREQUENCIES[self.unit],  # type: ignore[arg-type]  # the stubs want a literal
            dtstart=self.starts,
            interval=self.every,
            until=min(end, self.until) if self.until else end,
            byweekday=list(self.weekdays) or None,
            bymonthday=list(self.month_days) or None,
            bymonth=self.starts.month if self.unit == "year" and (self.weekdays or self.month_days) else None,
        )
        # A day early: a gap may carry a local time past `since`.
        for moment in dropwhile(lambda local: local < here - timedelta(days=2), rule):
            yield calendar.resolve(moment, zone)

    def _hours(self, since: datetime, zone: str) -> Iterator[datetime]:
        """Hours are exact, whatever the clocks do; the narrowing looks at the local day."""
        first, step = calendar.resolve(self.starts, zone), timedelta(hours=self.every)
        moment = first + max(0, (since - first) // step) * step
        end = min(since + HORIZON, datetime(2300, 1, 1, tzinfo=UTC))
        while moment <= end:
            here = calendar.local(moment, zone)
            if self.until and here > self.until:
                return
            if self._allows(here):
                yield moment
            moment += step

    def _allows(self, here: datetime) -> bool:
        if self.weekdays and here.weekday() not in self.weekdays:
            return False
        last = -1 if (here + timedelta(days=1)).month != here.month else here.day
        return not self.month_days or here.day in self.month_days or last in self.month_days
