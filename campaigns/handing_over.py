"""Hands prepared messages to a provider, and says of each what came of it: done, tried again later, or never."""

import logging
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from campaigns import breaker, connections, limiting
from campaigns.claiming import Claimed
from campaigns.models import MessageState, Provider
from campaigns.outcomes import Outcome
from campaigns.preparing import Ready
from campaigns.providers.base import OutgoingEmail, Result
from campaigns.routing import Routes

logger = logging.getLogger(__name__)

# A provider that is busy is asked again after these; after the last one the message has failed.
PATIENCE = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]


def hand_over(provider: Provider, group: Sequence[Ready], routes: Routes, now: datetime) -> list[Outcome]:
    """As many as the provider takes now; the others go back into the queue until their moment."""
    granted = limiting.take(provider, len(group), now)
    done = _hand_over(provider, group[: granted.n], routes, now) if granted.n else []
    return [*done, *_put_off(provider, group[granted.n :], granted, now)]


def _hand_over(provider: Provider, group: Sequence[Ready], routes: Routes, now: datetime) -> list[Outcome]:
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
    if until and routes.after(provider):
        until = now  # what was certainly not taken goes to the one that takes over
    breaker.learn(provider, results, now)
    return [_outcome(provider, one, result, now, until) for one, result in zip(group, results, strict=True)]


def _put_off(provider: Provider, group: Sequence[Ready], granted: limiting.Granted, now: datetime) -> Iterator[Outcome]:
    """What is more than the provider takes now: back into the queue, and that is not one of its attempts."""
    reason = limiting.sentence(provider, now) if group else ""
    for place, one in enumerate(group):
        message, due = one.message, granted.again + granted.apart * place
        yield Outcome(message, MessageState.QUEUED, reason, None, attempts=message.attempts, due_at=due)


def _outcome(provider: Provider, one: Ready, result: Result, now: datetime, rests_until: datetime | None) -> Outcome:
    message = one.message
    if result.state == MessageState.FAILED:
        if result.outage:
            # The provider's trouble is not the message's: it waits for as long as that lasts.
            return Outcome(
                message, MessageState.QUEUED, result.reason, provider.pk, attempts=message.attempts, due_at=rests_until
            )
        if result.temporary and message.attempts < len(PATIENCE):
            return again(message, result.reason, now, provider)
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


def _lot(message: Claimed) -> float:
    """A number from 0 to 1, always the same one for the same try of the same message."""
    return (zlib.crc32(f"{message.id}:{message.attempts}".encode()) & 0xFFFF) / 0xFFFF


def again(message: Claimed, reason: str, now: datetime, provider: Provider | None = None) -> Outcome:
    """It was certainly not taken, and is tried once more after a while; not all at the same moment."""
    wait = PATIENCE[min(message.attempts, len(PATIENCE) - 1)]
    wait += wait * _lot(message) / 4
    return Outcome(
        message,
        MessageState.QUEUED,
        reason,
        provider.pk if provider else None,
        attempts=message.attempts + 1,
        due_at=now + wait,
    )
