"""Reads what came of a campaign, per variant and in all: sums of counts, never a scan of the ledger."""

from typing import Any

from campaigns.models import Campaign

METRICS = (
    "queued", "sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "skipped", "failed",
    "unknown", "converted",
)  # fmt: skip


def numbers(campaign: Campaign) -> dict[str, Any]:
    """{"total": {metric: n, …, "reasons": {reason: n}}, "variants": {"a": the same, …}, "progress": {…}}; two queries.

    "queued" counts whoever has a message, whatever came of it. "progress" has "audience" (how many contacts there were
    when it began, or None), "queued", "done" (how many messages are neither queued nor in hand any more) and
    "percent" (0 to 100, of "done" in "audience")."""
    raise NotImplementedError
