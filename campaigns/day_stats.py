"""Reads what became of messages from day to day: sums of counts, never a scan of the ledger."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Sum

from campaigns.models import DayCount, Origin
from campaigns.models.day_count import METRICS
from contacts.periods import Period

_SUMS = {f"sum_{metric}": Sum(metric) for metric in METRICS}


def origins(prefix: str) -> dict[int, str]:
    """The keys of the origins "PREFIX:…", by their ids. One query."""
    return dict(Origin.objects.filter(key__startswith=f"{prefix}:").values_list("id", "key"))


def origin(key: str) -> dict[int, str]:
    """The same of one key; empty where nothing came from there so far."""
    return dict(Origin.objects.filter(key=key).values_list("id", "key"))


def by_day(origin_ids: Collection[int] | None, period: Period) -> dict[date, dict[str, int]]:
    """Day → metric → n, of these origins together (None: of all), without the days that have none. One query."""
    rows = DayCount.objects.filter(day__range=(period.first, period.last))
    if origin_ids is not None:
        rows = rows.filter(origin__in=list(origin_ids))
    return _metrics(rows.values_list("day").order_by("day"))


def by_origin(origin_ids: Collection[int], period: Period) -> dict[int, dict[str, int]]:
    """Origin id → metric → n, of the whole period. One query."""
    rows = DayCount.objects.filter(origin__in=list(origin_ids), day__range=(period.first, period.last))
    return _metrics(rows.values_list("origin"))


def _metrics(groups: Any) -> dict[Any, dict[str, int]]:
    sums = groups.annotate(**_SUMS)
    return {key: {metric: n for metric, n in zip(METRICS, row, strict=True) if n} for key, *row in sums}
