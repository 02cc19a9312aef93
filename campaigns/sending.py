"""Hands queued messages to providers, at most once each, in batches: claim, compose, hand over, record."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db import connection as database

from campaigns import channels, connections, limiting, outcomes, signatures
from campaigns.channels import Composer, Refused
from campaigns.claiming import Claim, Claimed, Limits, claim, settle
from campaigns.models import Content, MessageState, Provider
from campaigns.outcomes import Home, Outcome
from campaigns.providers.base import Outgoing, OutgoingEmail, OutgoingSms, Result
from contacts import consent
from contacts.models import Contact, Event
from contacts.places import country_of
from templates_app import rendering
from templates_app.mjml import MjmlError

logger = logging.getLogger(__name__)

LARGEST, SMALLEST = 500, 25
# A provider that is busy is asked again after these; after the last one the message has failed.
PATIENCE = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]
# Seconds. A batch that takes longer than the first is too large for its provider: whoever comes after it waits for it,
# and its lease must outlast it by far. One that takes less than the second may grow.
SLOW, FAST = 2.0, 0.7
# Seconds between the tries to record what was sent while the database is away: half a minute of the lease's two.
AWAY = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


@dataclass
class _Pace:
    """How many messages this worker takes in hand at once: as many as its providers take in a few seconds."""

    size: int = 100

    def learn(self, seconds: float) -> None:
        if seconds > SLOW:
            self.size = max(self.size // 2, SMALLEST)
        elif seconds < FAST:
            self.size = min(self.size * 2, LARGEST)


_pace = _Pace()
_composers: dict[tuple[str, str], Composer] = {}


@dataclass(slots=True)
class _Ready:
    """A message that only needs to be handed over."""

    message: Claimed
    outgoing: Outgoing
    parts: int


def work(now: datetime) -> bool:
    """One slice of the send lane: one batch. Returns whether more may be waiting.

    Messages of a channel without an enabled provider stay queued.
    """
    connections.close_idle(now)
    settle(now)
    enabled = list(Provider.objects.filter(enabled=True).order_by("-is_default", "pk"))
    standard = _providers(enabled, now)
    if not standard:
        return False
    taken = claim(now, _pace.size, standard, _limits(enabled, standard, now))
    if not taken.messages:
        return False
    started = monotonic()
    _send(taken, standard, now)
    _pace.learn(monotonic() - started)
    return True


def _providers(enabled: Sequence[Provider], now: datetime) -> dict[str, Provider]:
    """What each channel's messages go through unless they name another one; no channel whose provider rests."""
    found: dict[str, Provider] = {}
    for provider in enabled:
        found.setdefault(provider.channel, provider)
    return {channel: provider for channel, provider in found.items() if not connections.is_resting(provider, now)}


def _limits(enabled: Sequence[Provider], standard: dict[str, Provider], now: datetime) -> Limits | None:
    quotas = limiting.open_to(enabled, now)
    usual = {channel: provider.pk for channel, provider in standard.items()}
    return Limits(usual, [provider.pk for provider in enabled], quotas) if quotas else None


def _send(taken: Claim, standard: dict[str, Provider], now: datetime) -> None:
    try:
        contacts = Contact.objects.in_bulk({message.contact_id for message in taken.messages})
        homes = {pk: _home(contact) for pk, contact in contacts.items()}
        done, ready = _prepare(taken.messages, contacts, standard)
    except Exception as error:
        # Nothing was handed over yet, so that they may go back.
        reason = f"{type(error).__name__}: {error}"
        outcomes.record(taken.owner, [_again(message, reason, now) for message in taken.messages], now)
        raise
    for provider, group in ready:
        granted = limiting.take(provider, len(group), now)
        done += _hand_over(provider, group[: granted.n], now) if granted.n else []
        done += _put_off(provider, group[granted.n :], granted)
    _record(taken, done, homes, now)


def _home(contact: Contact) -> Home:
    domain = (contact.email or "").rpartition("@")[2].lower()[:255]
    return Home(country_of(contact), contact.language, domain)


def _record(taken: Claim, done: Sequence[Outcome], homes: dict[int, Home], now: datetime) -> None:
    """Messages have left, and a database that is away for a while must not make what we know of them unknown: it is
    tried again for as long as it takes a server to start, and not as long as the lease lasts."""
    for pause in AWAY:
        try:
            outcomes.record(taken.owner, done, now, homes)
            return
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away while outcomes are to be recorded: %s", error)
            database.close()
            sleep(pause)
    outcomes.record(taken.owner, done, now, homes)


def _prepare(
    messages: Sequence[Claimed], contacts: dict[int, Contact], standard: dict[str, Provider]
) -> tuple[list[Outcome], list[tuple[Provider, list[_Ready]]]]:
    """What is decided without a provider, and the rest by provider. A fixed number of queries for any batch."""
    contents = Content.objects.select_related("provider").in_bulk({message.content_id for message in messages})
    properties = _event_properties(messages)
    refused = {
        channel: consent.refusals(channel, {m.contact_id for m in messages if m.channel == channel})
        for channel in {message.channel for message in messages}
    }
    done: list[Outcome] = []
    ready: dict[int, list[_Ready]] = defaultdict(list)
    through: dict[int, Provider] = {}
    for message in messages:
        try:
            contact, content = contacts.get(message.contact_id), contents.get(message.content_id)
            if contact is None or content is None:
                raise Refused("contact deleted")
            channels.of(message.channel).address(contact)
            if message.contact_id in refused[message.channel]:
                raise Refused(refused[message.channel][message.contact_id])
            provider = _provider_of(content, standard)
            composer = _composer(content)
            context = rendering.context_of(contact, properties.get(message.event_id or 0))
            outgoing = composer.compose(message.id, contact, context)
        except Refused as refusal:
            done.append(Outcome(message, MessageState.SKIPPED, str(refusal)))
        except (rendering.RenderError, MjmlError) as error:
            done.append(Outcome(message, MessageState.FAILED, str(error)))
        except Exception as error:  # One contact's odd data must not hold up all others.
            logger.exception("Message %s cannot be composed", message.id)
            done.append(Outcome(message, MessageState.FAILED, f"{type(error).__name__}: {error}"))
        else:
            through[provider.pk] = provider
            ready[provider.pk].append(_Ready(message, _called_back(outgoing, provider), composer.parts(outgoing)))
    return done, [(through[pk], group) for pk, group in ready.items()]


def _event_properties(messages: Sequence[Claimed]) -> dict[int, dict]:
    ids = {message.event_id for message in messages if message.event_id}
    return dict(Event.objects.filter(pk__in=ids).values_list("pk", "properties")) if ids else {}


def _provider_of(content: Content, standard: dict[str, Provider]) -> Provider:
    """The one that the content names while it is enabled, else the channel's."""
    named = content.provider
    return named if named and named.enabled and named.channel == content.channel else standard[content.channel]


def _composer(content: Content) -> Composer:
    """Made once per content and process, for contents never change."""
    key = content.digest, settings.PUBLIC_URL
    if key not in _composers:
        if len(_composers) >= 300:
            _composers.clear()
        _composers[key] = channels.of(content.channel).composer(content)
    return _composers[key]


def _called_back(outgoing: Outgoing, provider: Provider) -> Outgoing:
    """The SMS with the address at which its provider says what became of it; Twilio refuses one of this machine."""
    if not isinstance(outgoing, OutgoingSms) or urlsplit(settings.PUBLIC_URL).hostname in ("localhost", "127.0.0.1"):
        return outgoing
    token = signatures.token(outgoing.message_id or 0)
    url = f"{settings.PUBLIC_URL}/webhooks/{provider.kind}/{provider.pk}/status?m={token}"
    return replace(outgoing, status_callback=url)


def _hand_over(provider: Provider, group: list[_Ready], now: datetime) -> list[Outcome]:
    try:
        connection = connections.connect(provider, now)
    except Exception as error:
        logger.warning("Provider “%s” cannot be reached: %s", provider, error)
        reason = f"The provider “{provider}” could not be reached: {error}"
        results = [Result("failed", reason=reason, temporary=True, outage=True) for _ in group]
    else:
        try:
            results = connection.send([one.outgoing for one in group])
        except Exception as error:
            # Whatever was in its hands may have left.
            logger.exception("Provider “%s” broke while it was sending", provider)
            connections.close(provider.pk)
            results = [Result("unknown", reason=f"{type(error).__name__}: {error}") for _ in group]
    until = connections.rest(provider, now) if any(result.outage for result in results) else None
    return [_outcome(provider, one, result, now, until) for one, result in zip(group, results, strict=True)]


def _put_off(provider: Provider, group: list[_Ready], granted: limiting.Granted) -> Iterator[Outcome]:
    """What is more than the provider takes now: back into the queue, and that is not one of its attempts."""
    for place, one in enumerate(group):
        reason, due = limiting.sentence(provider), granted.again + granted.apart * place
        message = one.message
        yield Outcome(message, MessageState.QUEUED, reason, None, attempts=message.attempts, due_at=due)


def _outcome(provider: Provider, one: _Ready, result: Result, now: datetime, rests_until: datetime | None) -> Outcome:
    message = one.message
    if result.state == MessageState.FAILED:
        if result.outage:
            # The provider's trouble is not the message's: it waits for as long as that lasts.
            return Outcome(
                message, MessageState.QUEUED, result.reason, provider.pk, attempts=message.attempts, due_at=rests_until
            )
        if result.temporary and message.attempts < len(PATIENCE):
            return _again(message, result.reason, now, provider)
    properties: dict[str, Any] = {"provider": provider.pk}
    if isinstance(one.outgoing, OutgoingEmail):
        properties["subject"] = one.outgoing.subject
    return Outcome(
        message,
        result.state,
        result.reason,
        provider.pk,
        result.provider_message_id,
        one.parts,
        message.attempts,
        properties=properties,
    )


def _again(message: Claimed, reason: str, now: datetime, provider: Provider | None = None) -> Outcome:
    wait = PATIENCE[min(message.attempts, len(PATIENCE) - 1)]
    return Outcome(
        message,
        MessageState.QUEUED,
        reason,
        provider.pk if provider else None,
        attempts=message.attempts + 1,
        due_at=now + wait,
    )
