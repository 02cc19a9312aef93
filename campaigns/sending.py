"""Hands queued messages to providers, at most once each, in batches: claim, prepare, hand over, record."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic, sleep

from django.db import InterfaceError, OperationalError
from django.db import connection as database

from campaigns import budget, connections, outcomes, probing, routing
from campaigns.claiming import LEASE, Claim, claim, settle
from campaigns.handing_over import again, hand_over
from campaigns.models import MessageState, Provider
from campaigns.outcomes import Home, Outcome
from campaigns.preparing import Ready, prepare
from campaigns.routing import Routes
from contacts.addressees import Addressee, addressees
from contacts.places import country_of

logger = logging.getLogger(__name__)

Group = tuple[Provider, list[Ready]]
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
    probed = list(probing.due(routes, now))
    for provider in probed:
        _probe(provider, routes, now)
    if not routes.claims:
        return bool(probed)
    taken = claim(now, _pace.size, routes.claims, routes.limits)
    if not taken.messages:
        return bool(probed)
    started = monotonic()
    send(taken, routes, now)
    _pace.learn(monotonic() - started)
    return True


def _probe(provider: Provider, routes: Routes, now: datetime) -> None:
    for _try in range(probing.MOST):
        taken = probing.claim(provider, routes, now)
        if not taken.messages:
            probing.call(provider, now)
            return
        send(taken, routing.only(provider, routes), now)
        if probing.is_decided(provider):
            return


def send(taken: Claim, routes: Routes, now: datetime) -> None:
    """Prepare what was claimed, hand it over and record what came of it."""
    try:
        contacts = addressees({message.contact_id for message in taken.messages})
        homes = {pk: _home(contact) for pk, contact in contacts.items()}
        done, ready = prepare(taken.messages, contacts, routes, now)
    except Exception as error:
        # Nothing was handed over yet, so that they may go back.
        reason = f"{type(error).__name__}: {error}"
        outcomes.record(taken.owner, [again(message, reason, now) for message in taken.messages], now)
        raise
    paid: dict[int, budget.Cost] = {}
    if routes.budgeted and ready:
        ready, paid = _pay(taken, ready, done, homes, now)
    for provider, group in ready:
        done += hand_over(provider, group, routes, now)
    _record(taken, done, homes, paid, now)


def _pay(
    taken: Claim, ready: Sequence[Group], done: list[Outcome], homes: dict[int, Home], now: datetime
) -> tuple[list[Group], dict[int, budget.Cost]]:
    """Those that are paid for, with what is reserved for each by its id. The others are `done`: back into the queue."""
    wanted = [
        budget.Wanted(one.message.channel, homes[one.message.contact_id].country, one.parts)
        for _provider, group in ready
        for one in group
    ]
    costs = iter(budget.reserve(taken.owner, wanted, now + LEASE))
    paid: dict[int, budget.Cost] = {}
    left: list[Group] = []
    for provider, group in ready:
        kept = []
        for one in group:
            message, cost = one.message, next(costs)
            if cost is None:
                done.append(Outcome(message, MessageState.QUEUED, budget.EMPTY, attempts=message.attempts, due_at=now))
                continue
            kept.append(one)
            if cost.amount:
                paid[message.id] = cost
        if kept:
            left.append((provider, kept))
    return left, paid


def _home(contact: Addressee) -> Home:
    domain = (contact.email or "").rpartition("@")[2].lower()[:255]
    return Home(country_of(contact), contact.language, domain)


def _record(
    taken: Claim, done: Sequence[Outcome], homes: dict[int, Home], paid: dict[int, budget.Cost], now: datetime
) -> None:
    """Messages have left, and a database that is away for a while must not make what we know of them unknown: it is
    tried again for as long as it takes a server to start, and not as long as the lease lasts."""
    for pause in AWAY:
        try:
            outcomes.record(taken.owner, done, now, homes, paid)
            return
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away while outcomes are to be recorded: %s", error)
            database.close()
            sleep(pause)
    outcomes.record(taken.owner, done, now, homes, paid)
