"""Sends a campaign's messages to addresses for a look, outside of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Campaign


@dataclass(frozen=True)
class Tried:
    """What the provider said to one test message: `state` as in providers.base.Result."""

    variant: str
    recipient: str
    state: str
    reason: str = ""


def send_test(campaign: Campaign, recipients: Sequence[str], now: datetime, variant: str = "") -> list[Tried]:
    """Send each variant (or one) to each address, for real, filled with the data of the contact who has that address,
    or else of a sample contact. At most MOST_RECIPIENTS addresses.

    Raises django.core.exceptions.ValidationError for what is no address of the channel, or NotReady."""
    raise NotImplementedError
