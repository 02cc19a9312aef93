"""Sends the words of a template to addresses for a look, outside of the ledger, through the channel's own provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from campaigns import providers, testing
from campaigns.providers.base import Result
from contacts.models import Contact, Event
from templates_app import checks
from templates_app.models import TemplateVersion
from templates_app.previewing import preview


@dataclass(frozen=True)
class Tried:
    """What the provider said to one test message: `state` as in providers.base.Result."""

    recipient: str
    state: str
    reason: str = ""


def send_test(
    version: TemplateVersion,
    recipients: Sequence[str],
    user_id: int,
    now: datetime,
    contact: Contact | None = None,
    event: Event | None = None,
) -> list[Tried]:
    """As the contact and with the event, or else as whoever has the address. Its links lead where they will, uncounted.

    Raises django.core.exceptions.ValidationError: no address of the channel, words that cannot be sent, no provider, or
    too many tests in this hour.
    """
    channel = version.template.channel
    addresses = testing.addresses(channel, recipients)
    fatal = [finding for finding in checks.findings(version) if finding.fatal]
    if fatal:
        raise ValidationError(f"It cannot be sent as it is. {fatal[0].sentence}")
    provider = providers.for_channel(channel)
    if provider is None:
        raise ValidationError("There is no provider for this channel. Add one, or switch one on.")
    testing.allow(user_id, len(addresses), now)
    tried = []
    with providers.of(provider).connect(provider) as connection:
        for address in addresses:
            shown = preview(version, testing.person(channel, address, contact), event)
            result = Result("failed", reason=shown.error)
            if not shown.error:
                result = connection.send([testing.outgoing(channel, address, shown)])[0]
            tried.append(Tried(address, result.state, result.reason))
    return tried
