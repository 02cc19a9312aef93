"""Says how many messages a new account may send on each day until mail services know it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from campaigns.models import Provider


@dataclass(frozen=True)
class WarmDay:
    """One day of the schedule: the `n`-th, from 1. `limit` is the least of what warm-up and the account allow."""

    n: int
    day: date
    limit: int
    is_today: bool


def is_warming(provider: Provider, day: date) -> bool:
    """Whether the warm-up still limits something on that day: it has a start and is not over."""
    starts = provider.warmup_starts
    return starts is not None and day < starts + timedelta(days=provider.warmup_days)


def limit_on(provider: Provider, day: date) -> int | None:
    """The most that goes on a day: the account's limit or the warm-up's, whichever is less. None: no limit.

    Before its first day a warm-up lets nothing through.
    """
    if not is_warming(provider, day):
        return provider.per_day
    assert provider.warmup_starts is not None
    passed = (day - provider.warmup_starts).days
    # Beyond what a column holds nobody is limited any more.
    warm = 0 if passed < 0 else min(int(provider.warmup_first * provider.warmup_growth**passed), 2**31 - 1)
    return warm if provider.per_day is None else min(warm, provider.per_day)


def schedule(provider: Provider, today: date) -> list[WarmDay]:
    """Every day of the warm-up with its limit; none where there is no warm-up."""
    return list(_days(provider, today))


def _days(provider: Provider, today: date) -> Iterator[WarmDay]:
    if provider.warmup_starts is None:
        return
    for passed in range(provider.warmup_days):
        day = provider.warmup_starts + timedelta(days=passed)
        yield WarmDay(passed + 1, day, limit_on(provider, day) or 0, day == today)
