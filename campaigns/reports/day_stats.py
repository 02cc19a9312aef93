"""Reads what became of messages from day to day: sums of counts, never a scan of the ledger."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from campaigns.models import Origin
from campaigns.models.day_count import METRICS
from contacts.periods import Period

# The coarsest counts that know what is asked, and those that were not added to them yet.
_SUMS = """
SELECT {key}, {sums} FROM (
    SELECT {key}, {metrics} FROM campaigns_{table} WHERE day BETWEEN %(first)s AND %(last)s {only}
    UNION ALL
    SELECT {key}, {metrics} FROM campaigns_daycount WHERE loose AND day BETWEEN %(first)s AND %(last)s {only}
) c GROUP BY 1 ORDER BY 1
"""


def origins(prefix: str) -> dict[int, str]:
    """The keys of the origins "PREFIX:…", by their ids. One query."""
    return dict(Origin.objects.filter(key__startswith=f"{prefix}:").values_list("id", "key"))


def origin(key: str) -> dict[int, str]:
    """The same of one key; empty where nothing came from there so far."""
    return dict(Origin.objects.filter(key=key).values_list("id", "key"))


def by_day(origin_ids: Collection[int] | None, period: Period) -> dict[date, dict[str, int]]:
    """Day → metric → n, of these origins together (None: of all), without the days that have none. One query."""
    return _metrics("day", origin_ids, period)


def by_origin(origin_ids: Collection[int], period: Period) -> dict[int, dict[str, int]]:
    """Origin id → metric → n, of the whole period. One query."""
    return _metrics("origin_id", origin_ids, period)


def _metrics(key: str, origin_ids: Collection[int] | None, period: Period) -> dict[Any, dict[str, int]]:
    asked = _SUMS.format(
        key=key,
        metrics=", ".join(METRICS),
        sums=", ".join(f"sum({metric})::bigint" for metric in METRICS),
        table="homeday" if origin_ids is None else "originday",
        only="" if origin_ids is None else "AND origin_id = ANY(%(origins)s::bigint[])",
    )
    values: dict[str, Any] = {"first": period.first, "last": period.last, "origins": list(origin_ids or ())}
    with connection.cursor() as cursor:
        cursor.execute(asked, values)
        rows = cursor.fetchall()
    return {which: {metric: n for metric, n in zip(METRICS, counts, strict=True) if n} for which, *counts in rows}
