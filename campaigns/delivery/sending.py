"""Hands queued messages to providers, at most once each, in batches: claim, prepare, hand over, record.

Where much is due, a second thread hands a batch over while this one records the batch before it, and claims and
prepares the one after it:

    this thread   │ claim 1 │ claim 2       │ record 1, claim 3 │ record 2, claim 4 │ …
    the other one │         │ hand over 1   │ hand over 2       │ hand over 3       │ …

The other one only speaks to providers; whatever is asked of the database is asked here. A worker that dies leaves up to
three batches behind, each under its own lease and owner: what was recorded is known, what was not begun to be handed
over goes back into the queue, and all else becomes unknown.
"""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from campaigns.delivery import connections, probing, routing
from campaigns.delivery.batch import Batch
from campaigns.delivery.claiming import Claim, claim
from campaigns.delivery.routing import Routes
from campaigns.delivery.settling import settle
from campaigns.models import Provider

LARGEST, SMALLEST = 500, 25
# Seconds. A batch that takes longer than the first is too large for its provider: whoever comes after it waits for it,
# and its lease must outlast it by far. One that takes less than the second may grow.
SLOW, FAST = 2.0, 0.7
SLICE = 1.0  # seconds for which batch follows batch until routes and limits are looked at again

_aside = ThreadPoolExecutor(1, "hand-over")


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
    """One slice of the send lane: one batch, or a second of them where much is due. Returns whether more may be
    waiting.

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
    with _no_cycles_sought():
        batch = _claimed(routes, now)
        if batch is None:
            return bool(probed)
        # Few are sent before others are looked for; limits are counted anew for each batch.
        if len(batch) * 2 > _pace.size and batch.goes_aside and routes.limits is None:
            _stream(batch, routes, now)
        else:
            _send(batch)
    return True


def _claimed(routes: Routes, now: datetime) -> Batch | None:
    taken = claim(now, _pace.size, routes.claims, routes.limits)
    return Batch(taken, routes, now) if taken.messages else None


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
    _send(Batch(taken, routes, now))


def _send(batch: Batch) -> None:
    batch.begin()
    batch.run()
    batch.end()
    _pace.learn(batch.seconds)
    batch.record()


def _stream(first: Batch, routes: Routes, now: datetime) -> None:
    """Send this batch and those after it, one being handed over while those beside it are recorded and prepared."""
    until = monotonic() + SLICE
    down: dict[int, str] = {}  # providers that turned out to be away: nothing more is claimed then
    previous: Batch | None = None
    batch: Batch | None = first
    while batch is not None:
        following = None
        try:
            batch.begin(down)
        except BaseException:
            if previous is not None:
                previous.record()
            raise
        with _handing_over(batch, down):
            if previous is not None:
                previous.record()
            if monotonic() < until and not down:
                following = _claimed(routes, now)
        _pace.learn(batch.seconds)
        previous, batch = batch, following
    previous.record()


@contextmanager
def _handing_over(batch: Batch, down: dict[int, str]) -> Iterator[None]:
    """Meanwhile, the other thread hands the batch over. Whatever breaks here, what it did is recorded."""
    running = _aside.submit(batch.run)
    try:
        yield
    except BaseException:
        running.result()
        batch.end(down)
        batch.record()
        raise
    running.result()
    batch.end(down)


@contextmanager
def _no_cycles_sought() -> Iterator[None]:
    """A batch is made of a hundred thousand objects and no cycles; looking for some takes a tenth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
