"""Makes claimed messages ready to be handed over, or says why they are not sent; no provider is asked."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from campaigns import channels, skip_reasons
from campaigns.channels import Composer, Refused
from campaigns.contents import named
from campaigns.courtesy import admitting
from campaigns.delivery.claiming import Claimed
from campaigns.delivery.outcomes import Outcome
from campaigns.delivery.routing import Routes
from campaigns.models import Content, MessageState, Provider
from campaigns.models.origin import ASKED_BY
from campaigns.providers.base import Outgoing, OutgoingSms
from campaigns.tracking import signatures
from contacts import consent
from contacts.addressees import Addressee
from contacts.models import Event
from templates_app import rendering
from templates_app.mjml import MjmlError

logger = logging.getLogger(__name__)

_composers: dict[tuple[str, ...], Composer] = {}


@dataclass(slots=True)
class Ready:
    """A message that only needs to be handed over."""

    message: Claimed
    outgoing: Outgoing
    parts: int


def prepare(
    messages: Sequence[Claimed], contacts: dict[int, Addressee], routes: Routes, now: datetime
) -> tuple[list[Outcome], list[tuple[Provider, list[Ready]]]]:
    """What is decided without a provider, and the rest by provider. A fixed number of queries for any batch."""
    contents = named(Content.objects.select_related("provider")).in_bulk({message.content_id for message in messages})
    properties = _event_properties(messages)
    refused = _refused(messages, contents)
    held = admitting.held_back(messages, contents, contacts, refused, now)
    done: list[Outcome] = list(held.values())
    ready: dict[int, list[Ready]] = defaultdict(list)
    through: dict[int, Provider] = {}
    for message in messages:
        if message.id in held:
            continue
        try:
            contact, content = contacts.get(message.contact_id), contents.get(message.content_id)
            if contact is None or content is None:
                raise Refused(skip_reasons.CONTACT_DELETED)
            channels.of(message.channel).address(contact)
            if message.id in refused:
                raise Refused(refused[message.id])
            provider = routes.provider_of(content)
            if provider is None:
                done.append(Outcome(message, MessageState.QUEUED, **routes.waits(content, message.attempts)))
                continue
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
            ready[provider.pk].append(Ready(message, _called_back(outgoing, provider), composer.parts(outgoing)))
    return done, [(through[pk], group) for pk, group in ready.items()]


def _refused(messages: Sequence[Claimed], contents: Mapping[int, Content]) -> dict[int, str]:
    """Who may not be written to, by the message's id: consent to the channel and to the topic as they are at this
    moment, and suppression. One query for each channel."""
    found: dict[int, str] = {}
    for channel in {message.channel for message in messages}:
        asked = {
            one.id: (one.contact_id, consent.ASKING if one.origin == ASKED_BY else contents[one.content_id].topic)
            for one in messages
            if one.channel == channel and one.content_id in contents
        }
        reasons = consent.refused(channel, set(asked.values()))
        found |= {message_id: reasons[pair] for message_id, pair in asked.items() if pair in reasons}
    return found


def _event_properties(messages: Sequence[Claimed]) -> dict[int, dict]:
    ids = {message.event_id for message in messages if message.event_id}
    return dict(Event.objects.filter(pk__in=ids).values_list("pk", "properties")) if ids else {}


def _composer(content: Content) -> Composer:
    """Made once per content and process, for contents never change; only their topic may get another name."""
    key = content.digest, settings.PUBLIC_URL, content.topic_name
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
