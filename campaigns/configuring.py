"""Sets up providers: creates, changes, tests and removes them, and keeps exactly one default per channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils.html import escape

from campaigns import providers, secrets
from campaigns.delivery import breaker
from campaigns.models import Content, Message, Provider
from campaigns.notices import keeping, passwords, proving
from campaigns.providers.base import OutgoingEmail, OutgoingSms, Result, SettingsForm
from contacts.models import Installation
from contacts.models.consent import Channel
from templates_app.usage import uses_of_provider

LIMITS = ("per_second", "per_day", "warmup_starts", "warmup_first", "warmup_growth", "warmup_days")
ROUTES = ("fallback", "spills_over", "most_failures", "most_percent", "resumes_itself")


class InUse(Exception):
    """The provider is referred to and can only be disabled; the message is a sentence."""


def settings_form(kind: str, given: Mapping[str, Any] | None = None, provider: Provider | None = None) -> SettingsForm:
    """The form of a kind: unbound with what is stored or usual, or bound to what is given."""
    form_class = providers.registry()[kind].Form
    kept, stored = _kept(provider), provider.settings if provider else None
    if given is not None:
        return form_class(given, kept=kept, stored=stored)
    return form_class(initial=provider.settings if provider else form_class.defaults({}), kept=kept)


@transaction.atomic
def save(provider: Provider, form: SettingsForm, is_default: bool | None = None) -> Provider:
    """Store a new provider with the settings of a valid form.

    Without a word on it (`is_default` None), it becomes its channel's default where there is none yet, or only the
    built-in outbox.
    """
    _take(provider, form)
    if is_default is None:
        current = providers.for_channel(provider.channel)
        is_default = provider.enabled and (current is None or current.kind == "local")
    provider.is_default = False  # the other one has to step down first
    provider.full_clean(exclude=["secrets"])
    provider.save()
    if is_default:
        make_default(provider)
    return provider


@transaction.atomic
def change(
    provider: Provider,
    now: datetime,
    form: SettingsForm | None = None,
    name: str | None = None,
    enabled: bool | None = None,
    is_default: bool | None = None,
) -> Provider:
    """Change what is given of a stored provider. A default can only be taken away by making another one the default."""
    if name is not None:
        provider.name = name
    if form is not None:
        _take(provider, form)
    provider.full_clean(exclude=["secrets", "is_default"])
    provider.save(update_fields=["name", "settings", "secrets", *LIMITS, *ROUTES])
    if form is not None:
        breaker.try_now(provider, now)
    if enabled is False:
        disable(provider)
    elif enabled:
        enable(provider)
    if is_default and enabled is not False:
        make_default(provider)
    return provider


@transaction.atomic
def make_default(provider: Provider) -> None:
    """Let everything of the channel that names no provider go through this one, which is enabled by that."""
    Provider.objects.select_for_update().filter(channel=provider.channel, is_default=True).update(is_default=False)
    Provider.objects.filter(pk=provider.pk).update(is_default=True, enabled=True)
    provider.is_default = provider.enabled = True


def enable(provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk, enabled=False).update(enabled=True)
    provider.enabled = True


def disable(provider: Provider) -> None:
    """Nothing goes through it any more; another enabled provider of the channel takes over as the default."""
    with transaction.atomic():
        Provider.objects.filter(pk=provider.pk, enabled=True).update(enabled=False, is_default=False)
        was_default, provider.enabled, provider.is_default = provider.is_default, False, False
        successor = providers.for_channel(provider.channel)
        if was_default and successor is not None:
            make_default(successor)


def inbound_url(provider: Provider) -> str:
    """Where the provider has to be told to send replies, such as STOP; "" where it knows none."""
    kind = providers.registry().get(provider.kind)
    return settings.PUBLIC_URL + reverse(kind.inbound, args=[provider.pk]) if kind and kind.inbound else ""


@dataclass(frozen=True)
class Hook:
    """How the provider is told to tell us what became of messages. `signed`: calls prove themselves by a signature;
    else by the password in the address. `missing`: the setting that would let signatures be checked."""

    url: str
    steps: str
    signed: bool
    missing: str
    last_at: datetime | None


def hook(provider: Provider) -> Hook | None:
    """None for a kind that tells nothing, or nothing that has to be set up."""
    kind = providers.registry().get(provider.kind)
    if kind is None or not kind.hears:
        return None
    signed = proving.is_signed(provider)
    url = passwords.address(provider, with_password=not signed or provider.kind == "amazon_ses")
    missing = "" if signed else kind.signing
    return Hook(url, kind.hearing, signed, missing, keeping.last_received(provider))


def is_referred_to(provider: Provider) -> bool:
    """Whether messages went through it, or contents and scenarios name it."""
    return (
        Message.objects.filter(provider=provider).exists()
        or Content.objects.filter(provider=provider).exists()
        or bool(uses_of_provider(provider.pk))
    )


@transaction.atomic
def delete(provider: Provider) -> None:
    """Remove a provider that nothing refers to.

    Raises:
        InUse: something does; disable it instead.
    """
    if is_referred_to(provider):
        raise InUse(f"Messages or scenarios refer to “{provider.name}”, so it cannot be deleted. Disable it instead.")
    disable(provider)
    provider.delete()


def test(provider: Provider, recipient: str, now: datetime) -> Result:
    """Send a test message for real and return the provider's real answer.

    Raises:
        ValidationError: the recipient is not an address of the channel.
    """
    recipient = recipient.strip()
    name = Installation.current().name
    text = f"This is a test message of {name}, sent through “{provider.name}” on {now:%Y-%m-%d at %H:%M} UTC."
    outgoing: OutgoingEmail | OutgoingSms
    if provider.channel == Channel.EMAIL:
        validate_email(recipient)
        message = EmailMultiAlternatives(f"A test message from {' '.join(name.split())}", text, to=[recipient])
        message.attach_alternative(
            f'<p style="font-family: Helvetica, Arial, sans-serif">{escape(text)}</p>', "text/html"
        )
        outgoing = OutgoingEmail(None, recipient, message)
    else:
        if not recipient.removeprefix("+").isdecimal() or not 5 <= len(recipient) <= 16:
            raise ValidationError("Write a phone number such as +33612345678.")
        outgoing = OutgoingSms(None, recipient, text)
    with providers.of(provider).connect(provider) as connection:
        return connection.send([outgoing])[0]


def _take(provider: Provider, form: SettingsForm) -> None:
    cleaned = form.cleaned_data
    provider.settings = {name: value for name, value in cleaned.items() if name not in form.secrets}
    provider.secrets = secrets.encrypt({name: cleaned[name] for name in form.secrets})


def _kept(provider: Provider | None) -> dict[str, str]:
    if provider is None:
        return {}
    try:
        return secrets.decrypt(provider.secrets)
    except secrets.Unreadable:
        return {}  # the form then asks for them again
