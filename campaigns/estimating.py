"""Estimates what a campaign costs and how long it takes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from campaigns.audience import Counted
from campaigns.models import Campaign


@dataclass(frozen=True)
class Estimate:
    """`cost` is None where no price is known for anybody; `unpriced` counts those for whom none is. `seconds` and
    `finishes_at` are None where nothing tells how fast it goes."""

    audience: Counted
    cost: Decimal | None
    currency: str
    unpriced: int
    parts: int  # of an SMS; 1 for an email
    seconds: float | None
    finishes_at: datetime | None


def estimate(campaign: Campaign, now: datetime) -> Estimate:
    """Raises contacts.segments.InvalidRule; see campaign_checks.problems first."""
    raise NotImplementedError
