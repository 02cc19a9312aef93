"""Sends a campaign's messages to addresses for a look, outside of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives

from campaigns import campaign_checks, providers
from campaigns.campaign_moves import NotReady
from campaigns.models import Campaign
from campaigns.providers.base import Outgoing, OutgoingEmail, OutgoingSms, Result
from contacts.cleaning import clean_field
from contacts.consent import ADDRESSES
from contacts.models import Contact
from contacts.models.consent import Channel
from templates_app.previewing import Preview, preview, sample

MOST_RECIPIENTS = 10


@dataclass(frozen=True)
class Tried:
    """What the provider said to one test message: `state` as in providers.base.Result."""

    variant: str
    recipient: str
    state: str
    reason: str = ""


def send_test(campaign: Campaign, recipients: Sequence[str], now: datetime, variant: str = "") -> list[Tried]:
    """Send each variant (or one) to each address, for real, filled with the data of the contact who has that address,
    or else of a sample contact. At most MOST_RECIPIENTS addresses. Its links lead where they will, and are not counted;
    nobody can unsubscribe by it.

    Raises django.core.exceptions.ValidationError for what is no address of the channel, or NotReady."""
    about = ("channel", "provider", *(f"variants.{one['key']}" for one in _chosen(campaign, variant)), "variants")
    found = [one for one in campaign_checks.problems(campaign, now, begins=True) if one.field.startswith(about)]
    if found:
        raise NotReady(found)
    addresses = _addresses(campaign, recipients)
    through = campaign_checks.through(campaign)
    assert through is not None
    people = [_person(campaign, address) for address in addresses]
    tried: list[Tried] = []
    with providers.of(through).connect(through) as connection:
        for one in _chosen(campaign, variant):
            version = campaign_checks.version_of(campaign, one)
            assert version is not None
            for address, person in zip(addresses, people, strict=True):
                shown = preview(version, person)
                result = Result("failed", reason=shown.error)
                if not shown.error:
                    result = connection.send([_outgoing(campaign, address, shown)])[0]
                tried.append(Tried(one["key"], address, result.state, result.reason))
    return tried


def _chosen(campaign: Campaign, variant: str) -> list[dict[str, Any]]:
    chosen = [one for one in campaign.variants if not variant or one["key"] == variant]
    if variant and not chosen:
        raise ValidationError(f"There is no variant “{variant[:20]}”.")
    return chosen


def _addresses(campaign: Campaign, recipients: Sequence[str]) -> list[str]:
    if not recipients:
        raise ValidationError("Say to whom.")
    if len(recipients) > MOST_RECIPIENTS:
        raise ValidationError(f"A test goes to {MOST_RECIPIENTS} addresses at most.")
    found = [clean_field(ADDRESSES[campaign.channel], recipient) for recipient in recipients]
    if not all(found):
        raise ValidationError("An address is empty.")
    return list(dict.fromkeys(found))


def _person(campaign: Campaign, address: str) -> Contact:
    """Whoever has the address; else somebody else's data go there, and that address."""
    field = ADDRESSES[campaign.channel]
    lookup = f"{field}__iexact" if field == "email" else field
    known = Contact.objects.filter(**{lookup: address}).first()
    person = known or sample()
    setattr(person, field, address)
    return person


def _outgoing(campaign: Campaign, address: str, shown: Preview) -> Outgoing:
    if campaign.channel == Channel.SMS:
        return OutgoingSms(None, address, shown.text.strip())
    message = EmailMultiAlternatives(shown.subject, shown.text, to=[address])
    message.attach_alternative(shown.html, "text/html")
    return OutgoingEmail(None, address, message)
