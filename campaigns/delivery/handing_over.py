"""Hands prepared messages to a provider, and says of each what came of it: done, tried again later, or never."""

import logging
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError

from campaigns import providers
from campaigns.delivery import breaker, connections, limiting
from campaigns.delivery.claiming import Claimed
from campaigns.delivery.outcomes import Outcome
from campaigns.delivery.preparing import Ready
from campaigns.delivery.routing import Routes
from campaigns.models import MessageState, Provider
from campaigns.providers.base import Connection, OutgoingEmail, Result

logger = logging.getLogger(__name__)

# A provider that is busy is asked again after these; after the last one the message has failed.
PATIENCE = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 720)]


class HandOver:
    """What goes through one provider of a batch: as many as it takes now; the others go back into the queue until
    their moment. Call `begin`, `run` and `outcomes` once each; only `run` may be called by another thread.

    `outage`: why the provider turned out to be away, if it did.
    """

    def __init__(self, provider: Provider, group: Sequence[Ready]) -> None:
        self.provider, self.group = provider, group
        self.outage = ""
        self._granted = limiting.Granted(0, datetime.min)
        self._connection: Connection | None = None
        self._results: list[Result] = []
        self._is_skipped = self._is_broken = False

    @property
    def goes_aside(self) -> bool:
        return not providers.of(self.provider).asks_database

    @property
    def leaves(self) -> bool:
        """Whether `run` will speak to the provider."""
        return self._connection is not None

    def begin(self, down: str, now: datetime) -> None:
        """`down`: why the provider is known to be away since this was claimed; then it is not tried."""
        self._granted = limiting.take(self.provider, len(self.group), now)
        if not self._granted.n:
            return
        if down:
            self._is_skipped = True
            self._fill(Result("failed", reason=down, temporary=True, outage=True))
            return
        try:
            self._connection = connections.connect(self.provider, now)
        except (OperationalError, InterfaceError):
            raise  # our own database is away, which is none of the provider's faults
        except Exception as error:
            logger.warning("Provider “%s” cannot be reached: %s", self.provider, error)
            reason = f"The provider “{self.provider}” could not be reached: {error}"
            self._fill(Result("failed", reason=reason, temporary=True, outage=True))

    def run(self) -> None:
        """Speak to the provider. Raises nothing."""
        if self._connection is None:
            return
        try:
            self._results = self._connection.send([one.outgoing for one in self.group[: self._granted.n]])
        except Exception as error:
            # Whatever was in its hands may have left.
            logger.exception("Provider “%s” broke while it was sending", self.provider)
            self._is_broken = True
            self._fill(Result("unknown", reason=f"{type(error).__name__}: {error}"))

    def outcomes(self, routes: Routes, now: datetime) -> list[Outcome]:
        provider = self.provider
        if self._is_broken:
            connections.close(provider.pk)
        until: datetime | None = None
        self.outage = next((result.reason for result in self._results if result.outage), "")
        if self.outage:
            until = connections.rest(provider, now)
            if routes.after(provider):
                until = now  # what was certainly not taken goes to the one that takes over
        if self._results and not self._is_skipped:
            breaker.learn(provider, self._results, now)
        n = self._granted.n
        done = [_outcome(provider, *each, now, until) for each in zip(self.group[:n], self._results, strict=True)]
        return [*done, *_put_off(provider, self.group[n:], self._granted, now)]

    def _fill(self, result: Result) -> None:
        self._results = [result] * self._granted.n


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
