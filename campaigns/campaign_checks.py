"""Says what keeps a campaign from being sent, and what would be better otherwise."""

from datetime import datetime

from campaigns.campaign_moves import Problem
from campaigns.models import Campaign

__all__ = ["Problem", "problems", "warnings"]


def problems(campaign: Campaign, now: datetime) -> list[Problem]:
    """What keeps it from being sent, or from being scheduled where its schedule names a time. Counts nobody."""
    raise NotImplementedError


def warnings(campaign: Campaign, now: datetime) -> list[Problem]:
    """Advice, for the review. Counts the audience; empty while it has problems."""
    raise NotImplementedError
