"""Leaves a provider alone that keeps failing, for all workers at once, and tries it again after a while.

Each provider that has ever failed has a row (see models.Breaker). What came of a batch is written in one guarded
statement; where all went well and nothing had failed, nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from campaigns.models import Breaker, BreakerState, BreakerTurn, Provider
from campaigns.providers.base import Result
from contacts.lanes import nudge

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
WINDOW = timedelta(minutes=10)
FEWEST = 20  # of which a percentage says something
# After the n-th opening without a success between, it is left alone for so long.
BACK_OFF = [timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60)]

_BEGIN = """
INSERT INTO campaigns_breaker (provider_id, failures, counted_since, tried, failed, reason, holds)
VALUES (%(provider)s, 0, %(now)s, 0, 0, '', '[]') ON CONFLICT (provider_id) DO NOTHING
"""
# A success in a row ends it; `trailing` are the failures after the batch's last success, if it had one.
_LEARN = """
WITH was AS (
    SELECT *, counted_since IS NULL OR counted_since < %(now)s - %(window)s OR counted_since > %(now)s AS is_over
    FROM campaigns_breaker WHERE provider_id = %(provider)s FOR UPDATE
), counted AS (
    SELECT was.*, %(trailing)s + CASE WHEN %(any_success)s THEN 0 ELSE failures END AS new_failures,
        %(tried)s + CASE WHEN is_over THEN 0 ELSE tried END AS new_tried,
        %(failed)s + CASE WHEN is_over THEN 0 ELSE failed END AS new_failed
    FROM was
), decided AS (
    SELECT counted.*, CASE
        WHEN state = 'open' THEN 'open'
        WHEN state = 'half_open' AND %(trailing)s > 0 THEN 'open'
        WHEN state = 'half_open' AND %(any_success)s THEN 'closed'
        WHEN state = 'closed' AND %(failed)s > 0 AND (new_failures >= %(most_failures)s
            OR new_tried >= %(fewest)s AND new_failed * 100 >= new_tried * %(most_percent)s) THEN 'open'
        ELSE state END AS new_state
    FROM counted
)
UPDATE campaigns_breaker b SET state = d.new_state,
    failures = CASE WHEN d.new_state = 'closed' AND d.state <> 'closed' THEN 0 ELSE d.new_failures END,
    tried = CASE WHEN d.new_state <> d.state THEN 0 ELSE d.new_tried END,
    failed = CASE WHEN d.new_state <> d.state THEN 0 ELSE d.new_failed END,
    counted_since = CASE WHEN d.new_state <> d.state OR (d.is_over AND %(failed)s = 0) THEN NULL
                         WHEN d.is_over THEN %(now)s ELSE d.counted_since END,
    reason = CASE WHEN %(reason)s <> '' THEN %(reason)s ELSE d.reason END,
    opened_at = CASE WHEN d.new_state = 'closed' THEN NULL WHEN d.state = 'closed' AND d.new_state = 'open'
                     THEN %(now)s ELSE d.opened_at END,
    probes_at = CASE WHEN d.new_state = 'open' AND d.state <> 'open'
                     THEN %(now)s + (%(back_off)s::interval[])[least(d.openings + 1, %(longest)s)]
                     WHEN d.new_state = 'closed' THEN NULL ELSE d.probes_at END,
    probed_until = CASE WHEN d.new_state <> d.state THEN NULL ELSE d.probed_until END,
    openings = CASE WHEN d.new_state = 'open' AND d.state <> 'open' THEN d.openings + 1
                    WHEN d.new_state = 'closed' THEN 0 ELSE d.openings END
FROM decided d WHERE b.provider_id = d.provider_id
RETURNING d.state, b.state
"""


@dataclass(frozen=True)
class _Batch:
    tried: int
    failed: int
    trailing: int
    any_success: bool
    reason: str


def of(provider: Provider) -> Breaker | None:
    """The provider's breaker, if it has ever failed; select_related("breaker") spares the query."""
    return getattr(provider, "breaker", None)


def is_open(provider: Provider) -> bool:
    """Whether it is left alone: also while a worker has its probe in hand."""
    found = of(provider)
    return found is not None and (found.state == OPEN or (found.state == HALF_OPEN and found.probed_until is not None))


def is_troubled(provider: Provider) -> bool:
    """Whether it is left alone or being tried."""
    found = of(provider)
    return found is not None and found.state != CLOSED


def on_trial(provider: Provider) -> bool:
    """Whether the next message that comes along is its probe."""
    found = of(provider)
    return found is not None and found.state == HALF_OPEN and found.probed_until is None


def is_trouble(result: Result) -> bool:
    """Whether the provider or the account is to blame: out of reach, refusing us or busy. What is wrong with one
    message or one address is not its fault."""
    return result.outage or (result.state == "failed" and result.temporary)


def learn(provider: Provider, results: Sequence[Result], now: datetime) -> None:
    """Take in what came of a batch. Two statements where something failed or had failed before, else none."""
    batch, known = _told(results), of(provider)
    clean = known is None or (known.state == CLOSED and not known.failures and not known.counted_since)
    if not batch.tried or (clean and not batch.failed):
        return
    values: dict[str, Any] = {
        "provider": provider.pk,
        "now": now,
        "window": WINDOW,
        "tried": batch.tried,
        "failed": batch.failed,
        "trailing": batch.trailing,
        "any_success": batch.any_success,
        "reason": batch.reason.replace("\0", "")[:2000],
        "most_failures": provider.most_failures,
        "most_percent": provider.most_percent,
        "fewest": FEWEST,
        "back_off": BACK_OFF,
        "longest": len(BACK_OFF),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        if known is None:
            cursor.execute(_BEGIN, values)
        cursor.execute(_LEARN, values)
        was, state = cursor.fetchone()
        if was != state:
            BreakerTurn.objects.create(provider=provider, at=now, to=state, reason=values["reason"])
            nudge("advance")


def _told(results: Sequence[Result]) -> _Batch:
    """An outage is one failure however many messages it met: they were not each brought to the provider. A message
    that is refused for good says nothing of the provider, neither that it works."""
    tried = failed = trailing = 0
    any_success, reason, down = False, "", False
    for result in results:
        if is_trouble(result):
            reason = result.reason
            if result.outage and down:
                continue
            down = result.outage
            failed, trailing = failed + 1, trailing + 1
        elif result.state == "unknown":
            continue
        elif result.state != "failed":
            any_success, trailing, down = True, 0, False
        tried += 1
    return _Batch(tried, failed, trailing, any_success, reason)


def close(provider: Provider, now: datetime, user: Any = None, reason: str = "") -> bool:
    """An operator says that it works again. False where it was not open (any more)."""
    with transaction.atomic():
        closed = Breaker.objects.filter(provider=provider).exclude(state=CLOSED).update(
            state=CLOSED, failures=0, tried=0, failed=0, counted_since=None, opened_at=None, probes_at=None,
            probed_until=None, openings=0,
        )  # fmt: skip
        if closed:
            BreakerTurn.objects.create(provider=provider, at=now, to=CLOSED, reason=reason, by=user)
            nudge("advance")
            nudge("send")
    return bool(closed)


def try_now(provider: Provider, now: datetime) -> bool:
    """Do not wait for the back-off to end. False where it is not left alone."""
    due = Breaker.objects.filter(provider=provider, state=OPEN).update(probes_at=now)
    if due:
        nudge("send")
    return bool(due)


def hold(provider_id: int, prefix: str, origins: Sequence[str]) -> None:
    """Remember what is paused because of a provider, among the origins that begin with `prefix`."""
    with transaction.atomic():
        locked = Breaker.objects.select_for_update().filter(provider=provider_id).first()
        if locked is None:
            return
        holds = sorted({*(key for key in locked.holds if not key.startswith(prefix)), *origins})
        if holds != locked.holds:
            Breaker.objects.filter(provider=provider_id).update(holds=holds)


def sentence(provider: Provider) -> str:
    """Why nothing goes through it, with its own words."""
    found = of(provider)
    words = f": {found.reason}" if found and found.reason else "."
    return f"The provider “{provider}” keeps failing{words}"
