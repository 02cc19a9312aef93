"""Keeps the connections to providers open between batches, for opening one costs more than many messages."""

import atexit
import logging
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns import providers
from campaigns.models import Provider
from campaigns.providers.base import Connection

logger = logging.getLogger(__name__)

IDLE = timedelta(seconds=30)
# How long a provider that could not be reached is left alone by this worker, so that a queue of thousands is not led
# to a closed door message by message.
REST = timedelta(seconds=30)


@dataclass
class _Open:
    account: tuple[object, ...]  # reconnects when the operator changed the settings
    context: AbstractContextManager[Connection]
    connection: Connection
    used_at: datetime


class _Kept(threading.local):
    """A connection belongs to one thread of one process."""

    def __init__(self) -> None:
        self.open: dict[int, _Open] = {}
        self.resting: dict[int, tuple[tuple[object, ...], datetime]] = {}


_kept = _Kept()


def connect(provider: Provider, now: datetime) -> Connection:
    """The open connection of this worker to a provider, or a new one. Raises what connecting raises."""
    kept = _kept.open.get(provider.pk)
    if kept and kept.account == _account(provider):
        kept.used_at = now
        return kept.connection
    close(provider.pk)
    context = providers.of(provider).connect(provider)
    connection = context.__enter__()
    _kept.open[provider.pk] = _Open(_account(provider), context, connection, now)
    return connection


def close(provider_id: int) -> None:
    kept = _kept.open.pop(provider_id, None)
    if kept:
        try:
            kept.context.__exit__(None, None, None)
        except Exception as error:  # The other side may be gone long since, and nothing is lost with it.
            logger.info("Closing the connection to provider %s: %s", provider_id, error)


@atexit.register
def close_all() -> None:
    """Say goodbye to every provider of this thread, as long as there is a Python to do it with."""
    for provider_id in list(_kept.open):
        close(provider_id)


def close_idle(now: datetime) -> None:
    """Close what was not used for a while; called by every slice of the send lane."""
    for provider_id, kept in list(_kept.open.items()):
        if now - kept.used_at > IDLE:
            close(provider_id)


def rest(provider: Provider, now: datetime) -> datetime:
    """Leave a provider alone for a while, unless the operator changes it; returns until when."""
    close(provider.pk)
    _kept.resting[provider.pk] = (_account(provider), now + REST)
    return now + REST


def is_resting(provider: Provider, now: datetime) -> bool:
    account, until = _kept.resting.get(provider.pk, (None, now))
    return account == _account(provider) and until > now


def _account(provider: Provider) -> tuple[object, ...]:
    return provider.kind, repr(sorted(provider.settings.items())), provider.secrets
