"""Estimates what a campaign costs and how long it takes."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection

from campaigns import warming
from campaigns.delivery import limiting
from campaigns.mailings import checks, timing
from campaigns.mailings.audience import Counted, capped, condition, counted
from campaigns.models import Allowance, Budget, Campaign, Price, Provider
from contacts import reaching
from contacts.days import day_of
from contacts.models.consent import Channel
from templates_app.previewing import preview, sample

# The pace is that of the busiest minute of the last hour; fewer messages than these tell nothing.
TELLING = 100
NEWEST = 200_000
DAY = 86_400


@dataclass(frozen=True)
class Estimate:
    """`cost` is None where no price is known for anybody; `unpriced` counts those for whom none is. `seconds` and
    `finishes_at` are None where nothing tells how fast it goes."""

    audience: Counted
    cost: Decimal | None
    currency: str
    unpriced: int
    parts: int  # of an SMS, for a sample contact, the longest variant's; 1 for an email
    seconds: float | None
    finishes_at: datetime | None
    balance: Decimal | None = None  # None without a budget

    @property
    def too_little(self) -> bool:
        """Whether the balance does not pay for all of it."""
        return self.balance is not None and self.cost is not None and self.cost > self.balance


def estimate(campaign: Campaign, now: datetime) -> Estimate:
    """Raises contacts.segments.InvalidRule; see checks.problems first.

    A handful of statements whatever the size of the audience; it is read twice where prices depend on countries."""
    audience = counted(campaign, now)
    parts = parts_of(campaign)
    cost, unpriced = _cost(campaign, audience, parts, now)
    seconds = _seconds(checks.through(campaign) if campaign.channel else None, audience.reachable, now)
    ends = None if seconds is None else _ends(campaign, seconds, now)
    balance = Budget.objects.values_list("balance", flat=True).first()
    return Estimate(audience, cost, settings.CURRENCY, unpriced, parts, seconds, ends, balance)


def parts_of(campaign: Campaign) -> int:
    """Of how many parts its messages are, for a sample contact; of variants the longest."""
    if campaign.channel != Channel.SMS:
        return 1
    versions = [checks.version_of(campaign, variant) for variant in campaign.variants]
    shown = [preview(version, sample()).parts for version in versions if version]
    return max([parts.segments for parts in shown if parts], default=1) or 1


def _cost(campaign: Campaign, audience: Counted, parts: int, now: datetime) -> tuple[Decimal | None, int]:
    """What all of it costs, and for how many contacts no price is known."""
    prices = dict(Price.objects.filter(channel=campaign.channel).values_list("country", "amount"))
    if not prices:
        return None, audience.reachable
    if set(prices) == {""}:
        return prices[""] * parts * audience.reachable, 0
    countries = reaching.countries(campaign.channel, condition(campaign, now), capped(campaign, now), campaign.topic)
    known = {country: n for country, n in countries.items() if country in prices or "" in prices}
    cost = sum((prices.get(country, prices.get("", Decimal(0))) * n for country, n in known.items()), Decimal(0))
    return (cost * parts if known or not audience.reachable else None), audience.reachable - sum(known.values())


def _seconds(provider: Provider | None, messages: int, now: datetime) -> float | None:
    """How long the provider takes for so many messages by its limits, or else by its pace."""
    if provider is None:
        return None
    if not messages:
        return 0.0
    pace = _pace(provider.channel, now)
    if provider.per_second is not None:
        pace = min(pace or provider.per_second, provider.per_second)
    if provider.per_day is None and provider.warmup_starts is None:
        return messages / pace if pace else None
    today = day_of(now)
    daily = warming.limit_on(provider, today)
    kept = Allowance.objects.filter(provider=provider, day=today).first() if daily is not None else None
    left = messages if daily is None else messages - max(daily - (kept.today if kept else 0), 0)
    if daily is None or left <= 0:
        return messages / pace if pace else None
    days, left = _days(provider, left, today)
    # What goes on later days begins when those do.
    midnight = (limiting.tomorrow(now) - now).total_seconds()
    return midnight + DAY * (days - 1) + (left / pace if pace else 0)


def _days(provider: Provider, left: int, today: date) -> tuple[int, int]:
    """How many days after today the last of so many messages goes, and how many go on that day."""
    days = 1
    while warming.is_warming(provider, today + timedelta(days=days)):
        limit = warming.limit_on(provider, today + timedelta(days=days)) or 0
        if left <= limit:
            return days, left
        left, days = left - limit, days + 1
    if provider.per_day is None:
        return days, left
    more, last = divmod(left, provider.per_day)
    return (days + more, last) if last else (days + more - 1, provider.per_day)


# Messages that were taken in the last hour, minute by minute: an index has all that is asked.
_PACE = """
SELECT max(n), sum(n) FROM (
    SELECT count(*) AS n FROM (
        SELECT at FROM contacts_event WHERE name = %s AND at > %s AND at <= %s ORDER BY at DESC LIMIT %s
    ) newest GROUP BY date_trunc('minute', at)
) minutes
"""


def _pace(channel: str, now: datetime) -> float | None:
    """Messages per second, as many as went in the busiest minute of the last hour."""
    with connection.cursor() as cursor:
        cursor.execute(_PACE, [f"{channel}.sent", now - timedelta(hours=1), now, NEWEST])
        busiest, all_ = cursor.fetchone()
    return busiest / 60 if all_ and all_ >= TELLING else None


def _ends(campaign: Campaign, seconds: float, now: datetime) -> datetime:
    """When the last message has gone: after its moment, a test's time and the time over which it is spread."""
    begins, last = (
        (max(moment, now) for moment in timing.moments(campaign)) if timing.is_timed(campaign) else (now, now)
    )
    through = timedelta(seconds=seconds)
    wait = timedelta(hours=float(campaign.test.get("wait_hours") or 0)) if len(campaign.variants) > 1 else timedelta()
    if wait and timing.in_own_zones(campaign):
        wait += timedelta(days=1)  # the next time that clocks show the same
    return max(begins + through, last + timing.spread(campaign)) + wait
