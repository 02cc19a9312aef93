"""Tells who gets a campaign, and how many of them can be written to."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from campaigns.models import Campaign
from contacts.models import Contact


@dataclass(frozen=True)
class Counted:
    """How many contacts an audience has, and how many of them are left out, each for one reason, the first that holds
    of: no address on the channel, suppressed, no consent, frequency cap."""

    total: int = 0
    no_address: int = 0
    suppressed: int = 0
    no_consent: int = 0
    capped: int = 0

    @property
    def reachable(self) -> int:
        return self.total - self.no_address - self.suppressed - self.no_consent - self.capped


def members(campaign: Campaign, now: datetime) -> QuerySet[Contact]:
    """The contacts of its audience, whether they may be written to or not; an unordered queryset.

    Raises contacts.segments.InvalidRule."""
    raise NotImplementedError


def counted(campaign: Campaign, now: datetime) -> Counted:
    """Exact, in one statement (two where segments are named). Raises contacts.segments.InvalidRule."""
    raise NotImplementedError
