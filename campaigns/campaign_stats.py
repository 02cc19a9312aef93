"""Reads what came of a campaign, per variant and in all: sums of counts, never a scan of the ledger."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from campaigns import stats
from campaigns.mailing import origins_of
from campaigns.models import Campaign, Message, MessageState, Origin
from contacts.models.consent import Channel

METRICS = (
    "queued", "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "skipped", "failed",
    "unknown", "converted", "machine_opened", "machine_clicked",
)  # fmt: skip
REASON = "skipped:"


def numbers(campaign: Campaign) -> dict[str, Any]:
    """{"total": {metric: n, …, "reasons": {reason: n}}, "variants": {"a": the same, …}, "progress": {…}}.

    "queued" counts whoever has a message, whatever came of it. "progress" has "audience" (how many contacts there were
    when it began, or None), "queued", "done" (how many messages are neither queued nor in hand any more) and
    "percent" (0 to 100, of "done" in "audience"). One query, or three."""
    origins = origins_of(campaign)
    counts = stats.counts(origins.values())
    of_variants = {key: Counter(counts.get(origin, {})) for key, origin in origins.items()}
    total = sum(of_variants.values(), Counter[str]())
    done = _done(campaign, total)
    whole = campaign.audience_count
    progress = {"audience": whole, "queued": total["queued"], "done": done, "percent": _percent(done, whole)}
    return {
        "total": _shown(total),
        "variants": {key: _shown(each) for key, each in of_variants.items()},
        "progress": progress,
    }


def _done(campaign: Campaign, counts: Mapping[str, int]) -> int:
    if campaign.channel == Channel.SMS and counts["failed"]:
        # Some may have failed after their provider had taken them, and then count as both.
        origins = list(Origin.objects.filter(key__in=origins_of(campaign).values()).values_list("pk", flat=True))
        open_ = Message.objects.filter(origin_id__in=origins, state__in=(MessageState.QUEUED, MessageState.SENDING))
        return counts["queued"] - open_.count()
    return sum(counts[metric] for metric in ("sent", "skipped", "unknown", "failed", "bounced"))


def _percent(done: int, whole: int | None) -> int:
    return min(done * 100 // whole, 100) if whole else 0


def _shown(counts: Mapping[str, int]) -> dict[str, Any]:
    reasons = {metric.removeprefix(REASON): n for metric, n in counts.items() if metric.startswith(REASON) and n}
    return {**{metric: counts.get(metric, 0) for metric in METRICS}, "reasons": dict(sorted(reasons.items()))}
