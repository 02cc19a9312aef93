"""Reads the counts of messages per origin: sums of differences, never a scan of the ledger."""

from collections.abc import Collection

from django.db.models import Sum

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
    found: dict[str, dict[str, int]] = {}
    for key, metric, n in rows:
        if n:
            found.setdefault(key, {})[metric] = n
    return found
