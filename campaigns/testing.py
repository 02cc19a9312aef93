"""What all tests of messages share: whom they may go to, how many, and how they are handed over outside the ledger."""

from collections.abc import Sequence
from datetime import datetime

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives

from campaigns.providers.base import Outgoing, OutgoingEmail, OutgoingSms
from contacts.cleaning import clean_field
from contacts.consent import ADDRESSES
from contacts.models import Contact
from contacts.models.consent import Channel
from templates_app.previewing import Preview, sample

MOST_RECIPIENTS = 10
MOST_AN_HOUR = 60  # of one person: tests are for looking, not for mailing


def addresses(channel: str, recipients: Sequence[str]) -> list[str]:
    """Each once, as the channel writes it. Raises ValidationError."""
    if not recipients:
        raise ValidationError("Say to whom.")
    if len(recipients) > MOST_RECIPIENTS:
        raise ValidationError(f"A test goes to {MOST_RECIPIENTS} addresses at most.")
    found = [clean_field(ADDRESSES[channel], recipient) for recipient in recipients]
    if not all(found):
        raise ValidationError("An address is empty.")
    return list(dict.fromkeys(found))


def person(channel: str, address: str, chosen: Contact | None = None) -> Contact:
    """Whose data fill the message: the chosen contact's, else those of who has the address, else a sample's."""
    field = ADDRESSES[channel]
    lookup = f"{field}__iexact" if field == "email" else field
    return chosen or Contact.objects.filter(**{lookup: address}).first() or sample()


def outgoing(channel: str, address: str, shown: Preview) -> Outgoing:
    if channel == Channel.SMS:
        return OutgoingSms(None, address, shown.text.strip())
    message = EmailMultiAlternatives(shown.subject, shown.text, to=[address])
    message.attach_alternative(shown.html, "text/html")
    return OutgoingEmail(None, address, message)


def allow(user_id: int | str, messages: int, now: datetime) -> None:
    """Counts the tests that somebody sends in an hour: a person, or a program ("key:7"). Raises ValidationError for
    more than MOST_AN_HOUR."""
    key = f"tests-sent:{user_id}:{now:%Y%m%d%H}"
    cache.add(key, 0, 2 * 60 * 60)
    if cache.incr(key, messages) > MOST_AN_HOUR:
        raise ValidationError(f"At most {MOST_AN_HOUR} test messages are sent in an hour. Try again later.")
