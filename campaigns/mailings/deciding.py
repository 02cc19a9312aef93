"""Finds the winner of an A/B test when its time is over: the variant with the best rate of what it is measured by."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from campaigns import conversion_stats, stats
from campaigns.mailings import queueing
from campaigns.mailings.moves import SENDING
from campaigns.models import Campaign, Message, MessageState, Origin
from campaigns.models.campaign import Kind
from contacts.lanes import nudge

# What the test can be measured by, and how a sentence says that there was none of it.
MEASURES = {
    "opened": "Nobody opened any of the variants",
    "clicked": "Nobody clicked in any of the variants",
    "converted": "No variant led to a conversion",
    "revenue": "No variant earned anything",
}


@dataclass(frozen=True)
class Decision:
    """The key of the winner, why it won, and what was measured of each variant."""

    winner: str
    reason: str
    numbers: dict[str, dict[str, Any]]


def decide(now: datetime) -> bool:
    """Choose the winner of one test whose time is over. Returns whether there may be more.

    While messages of the test were not even tried, as when its provider was away or a limit slowed it down, the time
    begins anew: nobody could have opened them."""
    with transaction.atomic():
        waiting = Campaign.objects.filter(state=SENDING, kind=Kind.MAILING, phase="waiting", decides_at__lte=now)
        campaign = waiting.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("?").first()
        if campaign is None:
            return False
        if _untried(campaign):
            campaign.decides_at = now + queueing.waiting_time(campaign)
            campaign.save(update_fields=["decides_at"])
            return True
        decision = decision_of(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(
            winner=decision.winner,
            winner_reason=decision.reason,
            test_numbers=decision.numbers,
            phase="rest",
            phase_at=now,
            phase_count=0,
            queued_up_to=0,
        )
        nudge("advance")
    return True


def _untried(campaign: Campaign) -> bool:
    origins = list(Origin.objects.filter(key__in=queueing.origins_of(campaign).values()).values_list("pk", flat=True))
    return Message.objects.filter(origin_id__in=origins, state=MessageState.QUEUED, attempts=0).exists()


def decision_of(campaign: Campaign) -> Decision:
    """Who would win by what has been counted so far."""
    measure, origins = campaign.test["measure"], queueing.origins_of(campaign)
    counts = stats.counts(origins.values())
    of_variants: dict[str, dict[str, Any]] = {key: dict(counts.get(origin, {})) for key, origin in origins.items()}
    if measure == "revenue":
        _add_revenue(of_variants, origins)
    # Delivered where the provider tells that of every variant, so that they are measured alike; else what it took.
    base = "delivered" if all(each.get("delivered") for each in of_variants.values()) else "sent"
    numbers = {
        key: {base: each.get(base, 0), measure: each.get(measure, 0), "rate": _rate(each, measure, base)}
        for key, each in of_variants.items()
    }
    best = max(each["rate"] for each in numbers.values())
    winners = [key for key, each in numbers.items() if each["rate"] == best]
    return Decision(winners[0], _reason(numbers, winners, measure, base), numbers)


def _add_revenue(of_variants: dict[str, dict[str, Any]], origins: dict[str, str]) -> None:
    """In the installation's currency, or where nothing was earned in that, in the one in which most was."""
    earned = {key: conversion_stats.of([origin])[origin]["revenue"] for key, origin in origins.items()}
    sums: Counter[str] = Counter()
    for each in earned.values():
        sums.update(each)
    currency = settings.CURRENCY if settings.CURRENCY in sums else max(sums, key=lambda one: sums[one], default="")
    for key, each in earned.items():
        of_variants[key]["revenue"] = float(each.get(currency, 0))


def _rate(counts: dict[str, Any], measure: str, base: str) -> float:
    """Per message; of revenue, how much each message earned. Money that went back earns nothing."""
    return max(counts.get(measure, 0), 0) / counts[base] if counts.get(base) else 0.0


def _reason(numbers: dict[str, dict[str, Any]], winners: list[str], measure: str, base: str) -> str:
    first = winners[0].upper()
    if not numbers[winners[0]]["rate"]:
        return f"{MEASURES[measure]}, so {first}, the first one, was taken."
    rate = (lambda each: f"{each['rate']:,.2f} each") if measure == "revenue" else (lambda each: _percent(each["rate"]))
    shown = ", ".join(f"{key.upper()} {rate(each)} of {each[base]:,}" for key, each in numbers.items())
    if len(winners) > 1:
        tied = " and ".join(key.upper() for key in winners)
        return f"{tied} were equally good, so {first}, the first of them, was taken ({measure}: {shown} {base})."
    return f"{first} was best ({measure}: {shown} {base})."


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f}".removesuffix(".0") + " %"
