"""Tells how a campaign fares as its page shows it: how far it is, the rates of its variants, and who was left out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns import campaign_stats, campaign_wording
from campaigns.models import Campaign, CampaignState

FOLLOWED = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "converted")


@dataclass(frozen=True)
class Rates:
    """The numbers of one variant, or of all: each metric, and its rate in per cent of what was sent."""

    words: campaign_wording.Words | None
    counts: dict[str, Any]
    is_winner: bool = False
    in_test: dict[str, Any] | None = None

    @property
    def sent(self) -> int:
        return self.counts.get("sent", 0)

    @property
    def rate(self) -> dict[str, float | None]:
        return {name: 100 * self.counts.get(name, 0) / self.sent if self.sent else None for name in FOLLOWED}


@dataclass(frozen=True)
class Outcome:
    total: Rates
    variants: list[Rates]
    progress: dict[str, Any]
    sentence: str
    left_out: list[tuple[str, int]]

    @property
    def waiting(self) -> int:
        """How many of the audience have neither been written to nor been left out."""
        return max(0, (self.progress["audience"] or self.progress["queued"]) - self.progress["done"])


def outcome(campaign: Campaign, now: datetime) -> Outcome:
    """All that the page shows of a campaign that is no draft: the queries of `campaign_stats.numbers`, and one more."""
    numbers = campaign_stats.numbers(campaign)
    none: dict[str, Any] = {}
    variants = [
        Rates(
            words,
            numbers["variants"].get(words.key, none),
            words.key == campaign.winner,
            campaign.test_numbers.get(words.key),
        )
        for words in campaign_wording.variants(campaign)
    ]
    reasons = sorted(numbers["total"].get("reasons", none).items(), key=lambda item: (-item[1], item[0]))
    total = Rates(None, numbers["total"])
    return Outcome(total, variants, numbers["progress"], _sentence(campaign, numbers["progress"], now), reasons)


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
