"""Keeps providers from being given more than they take in a second or a day, all workers on all machines together.

Each provider with a limit has a token bucket in the database (see models.Allowance). A worker looks at it before it
takes messages in hand, so that it takes no more than can go; what it then really hands over it asks for in one guarded
statement. Where another worker was faster, the rest goes back into the queue until its next moment.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from campaigns import warming
from campaigns.models import Allowance, Provider
from contacts.days import day_of
from contacts.models import Installation
from contacts.zones import resolve

# Of a provider whose warm-up is over and that has no other limit.
UNLIMITED = 2**31 - 1
# No bucket holds more than a second's worth: what was not used is not made up for.
_FILLED = """
    least(coalesce(%(rate)s::float, 'infinity'), tokens + coalesce(%(rate)s::float, 0)
        * greatest(extract(epoch FROM %(now)s::timestamptz - at)::float, 0)) AS tokens,
    CASE WHEN day < %(day)s::date THEN 0 ELSE today END AS today
"""
_TAKE = f"""
WITH bucket AS (
    SELECT provider_id, {_FILLED} FROM campaigns_allowance WHERE provider_id = %(provider)s FOR UPDATE
), granted AS (
    SELECT provider_id, tokens, today, greatest(least(
        %(wanted)s::int, CASE WHEN %(rate)s::float IS NULL THEN %(wanted)s ELSE floor(tokens)::int END,
        coalesce(%(daily)s::int - today, %(wanted)s)
    ), 0) AS n FROM bucket
)
UPDATE campaigns_allowance a SET
    tokens = CASE WHEN %(rate)s::float IS NULL THEN 0 ELSE g.tokens - g.n END, today = g.today + g.n,
    at = greatest(at, %(now)s), day = greatest(day, %(day)s::date)
FROM granted g WHERE a.provider_id = g.provider_id
RETURNING g.n, a.tokens, a.today
"""  # noqa: S608 - our own text


@dataclass(frozen=True)
class Granted:
    """So many may be handed over now; the first of the others when `again` comes, and the next `apart` later each."""

    n: int
    again: datetime
    apart: timedelta = timedelta(0)


def is_limited(provider: Provider) -> bool:
    return provider.per_second is not None or provider.per_day is not None or provider.warmup_starts is not None


def open_to(providers: Iterable[Provider], now: datetime) -> dict[int, int]:
    """How many messages each of those that have a limit would take at this moment. One query, or none."""
    limited = {provider.pk: provider for provider in providers if is_limited(provider)}
    if not limited:
        return {}
    kept = Allowance.objects.in_bulk(limited)
    return {pk: _left(provider, kept.get(pk), now) for pk, provider in limited.items()}


def _left(provider: Provider, kept: Allowance | None, now: datetime) -> int:
    left: list[float] = []
    if provider.per_second is not None:
        seconds = max((now - kept.at).total_seconds(), 0) if kept else 1
        tokens = kept.tokens if kept else 0
        left.append(min(provider.per_second, tokens + seconds * provider.per_second))
    if (daily := _left_today(provider, kept, now)) is not None:
        left.append(daily)
    return max(int(min(left)), 0) if left else UNLIMITED


def used_up(providers: Iterable[Provider], now: datetime) -> set[int]:
    """Those that have had a whole day's worth, among the ones that let another one take over then. One query, or
    none."""
    asked = {provider.pk: provider for provider in providers if provider.spills_over and is_limited(provider)}
    kept = Allowance.objects.in_bulk(asked) if asked else {}
    left = {pk: _left_today(provider, kept.get(pk), now) for pk, provider in asked.items()}
    return {pk for pk, n in left.items() if n is not None and n <= 0}


def _left_today(provider: Provider, kept: Allowance | None, now: datetime) -> int | None:
    daily = warming.limit_on(provider, day_of(now))
    return None if daily is None else daily - (kept.today if kept and kept.day >= day_of(now) else 0)


def take(provider: Provider, wanted: int, now: datetime) -> Granted:
    """Ask for the hand-over of so many messages; what is granted is used up. One statement, committed on its own."""
    if not is_limited(provider):
        return Granted(wanted, now)
    daily = warming.limit_on(provider, day_of(now))
    values: dict[str, Any] = {
        "provider": provider.pk,
        "rate": provider.per_second,
        "daily": daily,
        "wanted": wanted,
        "now": now,
        "day": day_of(now),
    }
    with transaction.atomic():
        row = _run(values)
        if row is None:
            full = Allowance(provider=provider, tokens=provider.per_second or 0, at=now, day=values["day"])
            Allowance.objects.bulk_create([full], ignore_conflicts=True)
            row = _run(values)
    n, tokens, today = row
    if daily is not None and today >= daily:
        return Granted(n, tomorrow(now))
    if provider.per_second is None:
        return Granted(n, now)
    apart = timedelta(seconds=1 / provider.per_second)
    return Granted(n, now + apart * max(1 - tokens, 0), apart)


def _run(values: dict[str, Any]) -> tuple[int, float, int] | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        return cursor.fetchone()


def tomorrow(now: datetime) -> datetime:
    """When the next day begins in the installation's zone."""
    return resolve(datetime.combine(day_of(now) + timedelta(days=1), time()), Installation.current().zone_name)


def sentence(provider: Provider, now: datetime) -> str:
    """What it says of messages that wait because of it."""
    today = day_of(now)
    warm = warming.is_warming(provider, today)
    limits = {"a second": provider.per_second, "today" if warm else "a day": warming.limit_on(provider, today)}
    words = " and ".join(f"{n:,} messages {span}" for span, n in limits.items() if n is not None)
    return f"“{provider}” takes {words}{', while it is warmed up' if warm else ''}."
