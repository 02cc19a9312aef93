"""Tells how a campaign fares as its page shows it: how far it is, the rates of its variants, and who was left out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns import conversion_stats
from campaigns.mailings import ab_results, stats, wording
from campaigns.mailings.ab_results import Result
from campaigns.models import Campaign, CampaignState

FOLLOWED = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "converted")


@dataclass(frozen=True)
class Rates:
    """The numbers of one variant, or of all: each metric, and its rate in per cent of what was sent; of bounces, which
    were never counted as sent where they came at once, in per cent of what was tried."""

    words: wording.Words | None
    counts: dict[str, Any]
    is_winner: bool = False
    revenue: str = ""
    best: float | None = None  # the probability that it is

    @property
    def best_percent(self) -> float | None:
        return None if self.best is None else 100 * self.best

    @property
    def sent(self) -> int:
        return self.counts.get("sent", 0)

    @property
    def rate(self) -> dict[str, float | None]:
        tried = {"bounced": self.sent + self.counts.get("bounced", 0)}
        return {
            name: 100 * self.counts.get(name, 0) / whole if (whole := tried.get(name, self.sent)) else None
            for name in FOLLOWED
        }


@dataclass(frozen=True)
class Outcome:
    """`judged` is what the test has shown, or shows so far; None where nothing was tried. `revenue` is in words."""

    total: Rates
    variants: list[Rates]
    progress: dict[str, Any]
    sentence: str
    left_out: list[tuple[str, int]]
    judged: Result | None = None
    revenue: str = ""

    @property
    def waiting(self) -> int:
        """How many of the audience have neither been written to nor been left out."""
        return max(0, (self.progress["audience"] or self.progress["queued"]) - self.progress["done"])


def outcome(campaign: Campaign, now: datetime) -> Outcome:
    """All that the page shows of a campaign that is no draft: a handful of queries, whatever was sent."""
    numbers = stats.numbers(campaign)
    none: dict[str, Any] = {}
    revenue = _revenue(campaign)
    judged = _judged(campaign, numbers["variants"])
    chances = {one.key: one.best for one in judged.variants} if judged and not judged.too_early else {}
    variants = [
        Rates(
            words,
            numbers["variants"].get(words.key, none),
            words.key == campaign.winner,
            revenue.get(f"{campaign.origin}:{words.key}", ""),
            chances.get(words.key),
        )
        for words in wording.variants(campaign)
    ]
    reasons = sorted(numbers["total"].get("reasons", none).items(), key=lambda item: (-item[1], item[0]))
    sentence = _sentence(campaign, numbers["progress"], now)
    total = Rates(None, numbers["total"])
    return Outcome(total, variants, numbers["progress"], sentence, reasons, judged, revenue.get(campaign.origin, ""))


def _revenue(campaign: Campaign) -> dict[str, str]:
    """What conversions were worth, in words, of all and of each variant. Two queries."""
    prefixes = [campaign.origin, *(f"{campaign.origin}:{variant['key']}" for variant in campaign.variants)]
    return {prefix: conversion_stats.money(each["revenue"]) for prefix, each in conversion_stats.of(prefixes).items()}


def _judged(campaign: Campaign, counts: dict[str, dict[str, Any]]) -> Result | None:
    """What the test says of its variants: as it was when the winner was chosen, else as it is now."""
    measure = campaign.test.get("measure", "")
    if len(campaign.variants) < 2 or not campaign.started_at:
        return None
    if campaign.test_numbers and measure in ("opened", "clicked", "converted"):
        tried = campaign.test_numbers
        shown = {key: each.get("delivered", each.get("sent", 0)) for key, each in tried.items()}
        return ab_results.judge([(key, shown[key], each.get(measure, 0)) for key, each in tried.items()])
    if campaign.winner:
        return None  # what came later is not of the test
    did = measure if measure in ("opened", "clicked") else "converted"
    rows = [(one["key"], counts.get(one["key"], {})) for one in campaign.variants]
    return ab_results.judge([(key, each.get("sent", 0), each.get(did, 0)) for key, each in rows])


def _sentence(campaign: Campaign, progress: dict[str, Any], now: datetime) -> str:
    """What happens to it at this moment."""
    if campaign.state == CampaignState.SCHEDULED:
        return "It begins by itself. Whoever is in its audience then gets it."
    if campaign.state == CampaignState.SENT:
        return "Everybody was written to, or left out for a reason."
    if campaign.state == CampaignState.CANCELLED:
        return "It was cancelled: nobody gets it any more."
    if campaign.state != CampaignState.SENDING:
        return "Nothing leaves until it goes on."
    if campaign.phase == "test":
        return f"{campaign.test.get('share_percent')} % of the audience get their variants."
    if campaign.phase == "waiting":
        return "The variants are out. The winner is chosen when the time is up."
    if campaign.winner:
        return f"Everybody else gets variant {campaign.winner.upper()}, which won."
    if campaign.phase == "queued":
        return "All messages are made out and leave one after the other."
    return "Messages are made out and leave."
