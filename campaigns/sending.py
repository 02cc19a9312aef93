"""Hands queued messages to providers, at most once each, in batches: claim, prepare, hand over, record."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep

from django.db import InterfaceError, OperationalError
from django.db import connection as database

from campaigns import connections, outcomes, routing
from campaigns.claiming import Claim, claim, settle
from campaigns.handing_over import again, hand_over
from campaigns.outcomes import Home, Outcome
from campaigns.preparing import prepare
from campaigns.routing import Routes
from contacts.models import Contact
from contacts.places import country_of

logger = logging.getLogger(__name__)

LARGEST, SMALLEST = 500, 25
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


def work(now: datetime) -> bool:
    """One slice of the send lane: one batch. Returns whether more may be waiting.

    Messages of a channel without an enabled provider stay queued.
    """
    connections.close_idle(now)
    settle(now)
    routes = routing.routes(now)
    if not routes.usual:
        return False
    taken = claim(now, _pace.size, routes.usual, routes.limits)
    if not taken.messages:
        return False
    started = monotonic()
    _send(taken, routes, now)
    _pace.learn(monotonic() - started)
    return True


def _send(taken: Claim, routes: Routes, now: datetime) -> None:
    try:
        contacts = Contact.objects.in_bulk({message.contact_id for message in taken.messages})
        homes = {pk: _home(contact) for pk, contact in contacts.items()}
        done, ready = prepare(taken.messages, contacts, routes, now)
    except Exception as error:
        # Nothing was handed over yet, so that they may go back.
        reason = f"{type(error).__name__}: {error}"
        outcomes.record(taken.owner, [again(message, reason, now) for message in taken.messages], now)
        raise
    for provider, group in ready:
        done += hand_over(provider, group, now)
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
