"""Sends a campaign's messages to addresses for a look, outside of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from campaigns import providers, testing
from campaigns.mailings import checks
from campaigns.mailings.moves import NotReady
from campaigns.models import Campaign
from campaigns.providers.base import Result
from templates_app.previewing import preview


@dataclass(frozen=True)
class Tried:
    """What the provider said to one test message: `state` as in providers.base.Result."""

    variant: str
    recipient: str
    state: str
    reason: str = ""


def send_test(
    campaign: Campaign, recipients: Sequence[str], user_id: int | str, now: datetime, variant: str = ""
) -> list[Tried]:
    """Send each variant (or one) to each address, for real, filled with the data of the contact who has that address,
    or else of a sample contact. At most testing.MOST_RECIPIENTS of them. Its links lead where they will, uncounted;
    nobody can unsubscribe by it.

    Raises django.core.exceptions.ValidationError for what is no address of the channel, or for too many tests in this
    hour, and NotReady."""
    about = ("channel", "provider", *(f"variants.{one['key']}" for one in _chosen(campaign, variant)), "variants")
    found = [one for one in checks.problems(campaign, now, begins=True) if one.field.startswith(about)]
    if found:
        raise NotReady(found)
    addresses = testing.addresses(campaign.channel, recipients)
    through = checks.through(campaign)
    assert through is not None
    testing.allow(user_id, len(addresses) * len(_chosen(campaign, variant)), now)
    people = [testing.person(campaign.channel, address) for address in addresses]
    tried: list[Tried] = []
    with providers.of(through).connect(through) as connection:
        for one in _chosen(campaign, variant):
            version = checks.version_of(campaign, one)
            assert version is not None
            for address, person in zip(addresses, people, strict=True):
                shown = preview(version, person)
                result = Result("failed", reason=shown.error)
                if not shown.error:
                    result = connection.send([testing.outgoing(campaign.channel, address, shown)])[0]
                tried.append(Tried(one["key"], address, result.state, result.reason))
    return tried


def _chosen(campaign: Campaign, variant: str) -> list[dict[str, Any]]:
    chosen = [one for one in campaign.variants if not variant or one["key"] == variant]
    if variant and not chosen:
        raise ValidationError(f"There is no variant “{variant[:20]}”.")
    return chosen
