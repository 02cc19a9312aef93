"""What can be asked of a report: how messages are grouped, what narrows them down, and what is counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from campaigns.models.day_count import METRICS

TIMES = {"day": "Day", "week": "Week", "month": "Month"}
# What belongs to the origin of messages.
ORIGINS = {"campaign": "Campaign", "scenario": "Scenario", "node": "Node", "variant": "Variant", "segment": "Segment"}
HOMES = {"country": "Country", "language": "Language", "device": "Device"}
FILTERS = {"channel": "Channel", **ORIGINS, "template": "Template", "provider": "Provider", **HOMES}
GROUPS = {**TIMES, **FILTERS}

# Rate → what is divided by the sum of what. Everything is counted on the day on which it happened.
RATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "delivery_rate": ("delivered", ("sent",)),
    "open_rate": ("opened", ("sent",)),
    "click_rate": ("clicked", ("sent",)),
    "click_to_open_rate": ("clicked", ("opened",)),
    # What bounces at once was never taken by the provider, and is not among the sent.
    "bounce_rate": ("bounced", ("sent", "bounced")),
    "complaint_rate": ("complained", ("sent",)),
    "unsubscribe_rate": ("unsubscribed", ("sent",)),
    "conversion_rate": ("converted", ("sent",)),
}
# The rate that stands beside a count.
RATE_OF = {counted: name for name, (counted, of) in RATES.items() if "sent" in of}
LABELS = {
    **{metric: metric.capitalize() for metric in METRICS},
    "complained": "Complaints",
    "delivery_rate": "Delivery rate",
    "open_rate": "Open rate",
    "click_rate": "Click rate",
    "click_to_open_rate": "Clicks per open",
    "bounce_rate": "Bounce rate",
    "complaint_rate": "Complaint rate",
    "unsubscribe_rate": "Unsubscribe rate",
    "conversion_rate": "Conversion rate",
}
# What is not plain from the name alone.
MEANINGS = {
    "sent": "Taken by a provider, whatever came of it later: what comes back afterwards is counted here, too.",
    "delivered": "Said to have arrived by the provider, which plain mail servers never say; without what came back.",
    "bounced": "Came back: refused at once, when it was never sent, or later.",
    "failed": "Refused for another reason than the address, or not handed over at all.",
    "unknown": "Handed over while a worker died: nobody knows whether the provider took it.",
    "delivery_rate": "Of what was sent.",
    "bounce_rate": "Of sent and bounced together.",
}

PERIODS = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "month": "This month",
    "last-month": "Last month",
    "year": "This year",
    "12m": "Last 12 months",
    "24m": "Last 24 months",
    "custom": "From – to",
}


@dataclass(frozen=True)
class Query:
    """`groups` are one or two of GROUPS, `filters` values by the names of FILTERS; both days belong to the period.

    `to_the_end`: and whatever is counted after `until` in its month, as where a clock is ahead or the zone was another.
    That month can then be read as a whole.
    """

    groups: tuple[str, ...]
    since: date
    until: date
    filters: Mapping[str, str] = field(default_factory=dict)
    to_the_end: bool = False

    @property
    def asked(self) -> set[str]:
        return {*self.groups, *self.filters}


def period(name: str, today: date) -> tuple[date, date]:
    """The first and the last day of one of PERIODS but "custom"."""
    if name.endswith("d"):
        return today - timedelta(days=int(name[:-1]) - 1), today
    first = today.replace(day=1)
    if name == "last-month":
        before = first - timedelta(days=1)
        return before.replace(day=1), before
    if name == "year":
        return today.replace(month=1, day=1), today
    months = {"12m": 11, "24m": 23}.get(name, 0)
    years, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return date(years, month + 1, 1), today


def rates(counts: Mapping[str, int]) -> dict[str, float | None]:
    """Every rate of these counts, as a share of one; None where there is nothing to divide by."""
    found: dict[str, float | None] = {}
    for name, (counted, of) in RATES.items():
        whole = sum(counts[metric] for metric in of)
        found[name] = counts[counted] / whole if whole > 0 else None
    return found


def times(group: str, since: date, until: date) -> Iterator[date]:
    """The days by which the rows of a time are named, from the one that holds `since`."""
    day = since
    if group == "week":
        day = since - timedelta(days=since.weekday())
    elif group == "month":
        day = since.replace(day=1)
    while day <= until:
        yield day
        if group == "month":
            day = (day + timedelta(days=32)).replace(day=1)
        else:
            day += timedelta(days=7 if group == "week" else 1)
