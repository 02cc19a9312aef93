"""Reads the counts of messages per origin: sums of differences, never a scan of the ledger."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Sum

from campaigns.counting import REASON
from campaigns.models import OriginCount


def counts(origin_keys: Collection[str]) -> dict[str, dict[str, int]]:
    """Per origin key that has any: how many messages were queued, sent, skipped ("skipped:REASON" besides), failed,
    unknown, delivered, bounced, opened, clicked and unsubscribed. One query."""
    if not origin_keys:
        return {}
    rows = (
        OriginCount.objects.filter(origin__key__in=list(origin_keys))
        .values_list("origin__key", "metric")
        .annotate(sum=Sum("n"))
    )
    return _by_origin(rows)


def reasons(origin_key: str, first: date, last: date) -> dict[str, int]:
    """Why messages of an origin were skipped in these days, and how many were. One query."""
    rows = OriginCount.objects.filter(origin__key=origin_key, metric__startswith=REASON, day__range=(first, last))
    counted = _by_origin(rows.values_list("origin__key", "metric").annotate(sum=Sum("n")))
    return {metric.removeprefix(REASON): n for metric, n in counted.get(origin_key, {}).items()}


def _by_origin(rows: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for key, metric, n in rows:
        if n:
            found.setdefault(key, {})[metric] = n
    return found
