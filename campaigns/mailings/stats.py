"""Reads what came of a campaign, per variant and in all: sums of counts, never a scan of the ledger."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models import Count

from campaigns import stats
from campaigns.counting import REASON
from campaigns.mailings.queueing import origins_of
from campaigns.models import Campaign, Message, MessageState

METRICS = (
    "queued", "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "skipped", "failed",
    "unknown", "converted", "machine_opened", "machine_clicked",
)  # fmt: skip
OVER = ("sent", "skipped", "unknown", "failed", "bounced")


def numbers(campaign: Campaign) -> dict[str, Any]:
    """{"total": {metric: n, …, "reasons": {reason: n}}, "variants": {"a": the same, …}, "progress": {…}}.

    "queued" counts whoever has a message, whatever came of it. "progress" has "audience" (how many contacts there were
    when it began, or None), "queued", "done" (how many messages are neither queued nor in hand any more) and
    "percent" (0 to 100, of "done" in "audience"). One query, or two."""
    origins = origins_of(campaign)
    counts = stats.counts(origins.values())
    of_variants = {key: Counter(counts.get(origin, {})) for key, origin in origins.items()}
    total = sum(of_variants.values(), Counter[str]())
    done = sum(dones(counts).values())
    whole = campaign.audience_count
    progress = {"audience": whole, "queued": total["queued"], "done": done, "percent": _percent(done, whole)}
    return {
        "total": _shown(total),
        "variants": {key: _shown(each) for key, each in of_variants.items()},
        "progress": progress,
    }


def dones(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """How many messages are neither queued nor in hand any more, by origin: of its counts, as `stats.counts` has them.

    What failed or bounced after its provider had taken it counts as both, and is done once. One query at most."""
    lost = [key for key, each in counts.items() if each.get("failed") or each.get("bounced")]
    twice: dict[str, int] = {}
    if lost:
        found = Message.objects.filter(
            origin__key__in=lost, state__in=(MessageState.FAILED, MessageState.BOUNCED), sent_at__isnull=False
        )
        twice = dict(found.values_list("origin__key").annotate(n=Count("pk")))
    return {key: sum(each.get(metric, 0) for metric in OVER) - twice.get(key, 0) for key, each in counts.items()}


def _percent(done: int, whole: int | None) -> int:
    return min(done * 100 // whole, 100) if whole else 0


def _shown(counts: Mapping[str, int]) -> dict[str, Any]:
    reasons = {metric.removeprefix(REASON): n for metric, n in counts.items() if metric.startswith(REASON) and n}
    return {**{metric: counts.get(metric, 0) for metric in METRICS}, "reasons": dict(sorted(reasons.items()))}
