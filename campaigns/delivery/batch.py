"""One batch of claimed messages on its way: made ready and paid for, handed over, recorded."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from time import monotonic, sleep
from typing import TypeVar

from django.db import InterfaceError, OperationalError
from django.db import connection as database

from campaigns import budget
from campaigns.delivery import claiming, outcomes
from campaigns.delivery.claiming import LEASE, Claim
from campaigns.delivery.handing_over import HandOver, again
from campaigns.delivery.outcomes import Home, Outcome
from campaigns.delivery.preparing import Ready, prepare
from campaigns.delivery.routing import Routes
from campaigns.models import MessageState, Provider
from contacts.addressees import Addressee, addressees
from contacts.places import country_of

logger = logging.getLogger(__name__)

T = TypeVar("T")
Group = tuple[Provider, list[Ready]]
# Seconds between the tries to record what was sent while the database is away: half a minute of the lease's two.
AWAY = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
# Seconds. What has waited for the batch before it for so long goes back: its lease is to outlast its hand-over by far.
STALE = 30.0


class Batch:
    """Ready to be handed over once it is made. Then `begin`, `run` and `end` hand it over, and `record` writes down
    what came of it; of these only `run` may be done by another thread, for it asks no database."""

    def __init__(self, taken: Claim, routes: Routes, now: datetime) -> None:
        self._taken, self._routes, self._now = taken, routes, now
        self._claimed_at = monotonic()
        self._paid: dict[int, budget.Cost] = {}
        self.seconds = 0.0  # that the hand-over took
        try:
            contacts = addressees({message.contact_id for message in taken.messages})
            self._homes = {pk: _home(contact) for pk, contact in contacts.items()}
            self._done, ready = prepare(taken.messages, contacts, routes, now)
        except Exception as error:
            # Nothing was handed over yet, so that they may go back.
            reason = f"{type(error).__name__}: {error}"
            outcomes.record(taken.owner, [again(message, reason, now) for message in taken.messages], now)
            raise
        if routes.budgeted and ready:
            ready = self._pay(ready)
        self._hand_overs = [HandOver(provider, group) for provider, group in ready]

    def __len__(self) -> int:
        return len(self._taken.messages)

    @property
    def goes_aside(self) -> bool:
        """Whether another thread may hand it over."""
        return all(each.goes_aside for each in self._hand_overs)

    def begin(self, down: dict[int, str] | None = None) -> None:
        """Open the lines, and mark that messages leave from now on; what may not leave goes back. `down`: why
        providers, by their ids, turned out to be away after this was claimed; they are not tried."""
        try:
            may_leave = monotonic() - self._claimed_at <= STALE and self._is_begun(down or {})
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away before messages are handed over: %s", error)
            database.close()
            may_leave = False
        if not may_leave:
            self._put_back()

    def _is_begun(self, down: dict[int, str]) -> bool:
        """Whether it is still this worker's. The mark comes last: until then a worker that dies has sent nothing."""
        for each in self._hand_overs:
            each.begin(down.get(each.provider.pk, ""), self._now)
        return claiming.begin(self._taken.owner) if any(each.leaves for each in self._hand_overs) else True

    def run(self) -> None:
        """Hand everything over. Raises nothing."""
        started = monotonic()
        for each in self._hand_overs:
            each.run()
        self.seconds = monotonic() - started

    def end(self, down: dict[int, str] | None = None) -> None:
        """Take in what came of it, and add the providers that are away to `down`."""
        for each in self._hand_overs:
            self._done += _patiently(partial(each.outcomes, self._routes, self._now))
            if each.outage and down is not None:
                down[each.provider.pk] = each.outage

    def record(self) -> None:
        """Write down what came of it. Of what was taken from this worker meanwhile, nothing is written."""
        _patiently(partial(outcomes.record, self._taken.owner, self._done, self._now, self._homes, self._paid))

    def _put_back(self) -> None:
        for each in self._hand_overs:
            self._done += [_queued(one, "", self._now) for one in each.group]
        self._hand_overs = []

    def _pay(self, ready: Sequence[Group]) -> list[Group]:
        """Those that are paid for, and what is reserved for each is kept. The others are done: back into the queue."""
        wanted = [
            budget.Wanted(one.message.channel, self._homes[one.message.contact_id].country, one.parts)
            for _provider, group in ready
            for one in group
        ]
        costs = iter(budget.reserve(self._taken.owner, wanted, self._now + LEASE))
        left: list[Group] = []
        for provider, group in ready:
            kept = []
            for one in group:
                cost = next(costs)
                if cost is None:
                    self._done.append(_queued(one, budget.EMPTY, self._now))
                    continue
                kept.append(one)
                if cost.amount:
                    self._paid[one.message.id] = cost
            if kept:
                left.append((provider, kept))
        return left


def _patiently(do: Callable[[], T]) -> T:
    """Messages have left, and a database that is away for a while must not make what we know of them unknown: it is
    tried again for as long as it takes a server to start, and not as long as the lease lasts."""
    for pause in AWAY:
        try:
            return do()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away while outcomes are to be recorded: %s", error)
            database.close()
            sleep(pause)
    return do()


def _queued(one: Ready, reason: str, now: datetime) -> Outcome:
    return Outcome(one.message, MessageState.QUEUED, reason, attempts=one.message.attempts, due_at=now)


def _home(contact: Addressee) -> Home:
    domain = (contact.email or "").rpartition("@")[2].lower()[:255]
    return Home(country_of(contact), contact.language, domain)
