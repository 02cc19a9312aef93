"""Reserves what messages cost before they are handed over, and settles it when it is known what came of them.

Without a row of Budget nothing here runs. At any moment the balance and what is reserved are the sum of the ledger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.models import MessageState

# What was handed over is paid for, also where nobody knows what became of it.
CHARGED = (MessageState.SENT, MessageState.UNKNOWN)
LOST = "A worker stopped while it handed these over."
REFUSED = "The provider refused these after all."
EMPTY = "The budget does not pay for it."

# One guarded statement: whatever costs nothing goes in any case, and of the rest, in its order, as much as is paid for.
# Nothing is reserved for a claim that was taken back meanwhile, which nobody would settle.
_RESERVE = """
WITH wanted AS (
    SELECT w.place, coalesce(own.amount, usual.amount, 0) * w.parts AS cost
    FROM unnest(%(channels)s::text[], %(countries)s::text[], %(parts)s::int[]) WITH ORDINALITY
        AS w (channel, country, parts, place)
    LEFT JOIN campaigns_price own ON own.channel = w.channel AND own.country = w.country AND w.country <> ''
    LEFT JOIN campaigns_price usual ON usual.channel = w.channel AND usual.country = ''
), summed AS (
    SELECT place, cost, sum(cost) OVER (ORDER BY cost > 0, place) AS total FROM wanted
), lease AS (
    SELECT owner FROM campaigns_lease WHERE owner = %(owner)s FOR SHARE
), budget AS (
    SELECT id, balance, limited FROM campaigns_budget WHERE id = 1 AND EXISTS (SELECT FROM lease) FOR UPDATE
), granted AS (
    SELECT summed.place, summed.cost FROM summed, budget
    WHERE NOT budget.limited OR summed.cost = 0 OR summed.total <= budget.balance
), asked AS (
    SELECT budget.id, budget.balance, (SELECT coalesce(sum(cost), 0) FROM granted) AS amount,
        (SELECT count(*) FROM granted WHERE cost > 0) AS n,
        (SELECT min(cost) FROM summed WHERE place NOT IN (SELECT place FROM granted)) AS short_of
    FROM budget
), taken AS (
    UPDATE campaigns_budget b SET balance = asked.balance - asked.amount, short_of = asked.short_of
    FROM asked WHERE b.id = asked.id RETURNING asked.amount, asked.n
), kept AS (
    INSERT INTO campaigns_reservation (owner, amount, messages, leased_until)
    SELECT %(owner)s, amount, n, %(until)s FROM taken WHERE amount > 0
)
SELECT summed.cost, granted.place IS NOT NULL FROM summed LEFT JOIN granted USING (place) CROSS JOIN taken
ORDER BY place
"""
# A reservation that is gone was charged when its lease had ended: only then is something given back.
_SETTLE = """
WITH gone AS (
    DELETE FROM campaigns_reservation WHERE owner = %(owner)s RETURNING amount
), back AS (
    UPDATE campaigns_budget SET balance = balance + %(back)s WHERE id = 1 AND %(back)s > 0
)
INSERT INTO campaigns_ledgerentry (at, kind, amount, channel, messages, note)
SELECT %(now)s, CASE WHEN known THEN 'charge' ELSE 'refund' END, CASE WHEN known THEN -charged ELSE returned END,
    channel, CASE WHEN known THEN charged_n ELSE returned_n END, ''
FROM unnest(%(channels)s::text[], %(charged)s::numeric[], %(charged_n)s::int[], %(returned)s::numeric[],
            %(returned_n)s::int[]) AS each (channel, charged, charged_n, returned, returned_n),
    (SELECT EXISTS (SELECT FROM gone)) AS reserved (known)
WHERE CASE WHEN known THEN charged ELSE returned END > 0 AND EXISTS (SELECT FROM campaigns_budget)
"""
_SETTLE_LOST = """
WITH gone AS (
    DELETE FROM campaigns_reservation r WHERE leased_until < %(now)s
    AND NOT EXISTS (SELECT FROM campaigns_lease l WHERE l.owner = r.owner AND NOT l.begun) RETURNING amount, messages
)
INSERT INTO campaigns_ledgerentry (at, kind, amount, channel, messages, note)
SELECT %(now)s, 'charge', -amount, '', messages, %(note)s FROM gone
"""
_GIVE_BACK = """
WITH gone AS (DELETE FROM campaigns_reservation WHERE owner = %s RETURNING amount)
UPDATE campaigns_budget SET balance = balance + gone.amount FROM gone WHERE id = 1
"""
# Each entry is written at the moment at which its messages became unknown; of those all cost the same, or the mean.
_REFUND = """
WITH each AS (
    SELECT asked.channel, trunc(-charge.amount / charge.messages, 6) AS amount
    FROM unnest(%(channels)s::text[], %(since)s::timestamptz[]) AS asked (channel, since)
    CROSS JOIN LATERAL (
        SELECT amount, messages FROM campaigns_ledgerentry
        WHERE at = asked.since AND kind = 'charge' AND channel IN (asked.channel, '') AND messages > 0
        ORDER BY id LIMIT 1
    ) charge
), back AS (
    UPDATE campaigns_budget SET balance = balance + (SELECT sum(amount) FROM each)
    WHERE id = 1 AND EXISTS (SELECT FROM each) RETURNING id
)
INSERT INTO campaigns_ledgerentry (at, kind, amount, channel, messages, note)
SELECT %(now)s, 'refund', sum(amount), channel, count(*), %(note)s FROM each, back GROUP BY channel
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the price of a message depends on."""

    channel: str
    country: str
    parts: int


@dataclass(frozen=True, slots=True)
class Cost:
    channel: str
    amount: Decimal


def reserve(owner: UUID, wanted: Sequence[Wanted], until: datetime) -> list[Cost | None]:
    """Take what these messages cost out of the balance, for the claim of `owner` that lasts `until`: the cost of each,
    None for those that are not paid for. One statement, committed on its own."""
    values: dict[str, Any] = {
        "owner": owner,
        "until": until,
        "channels": [one.channel for one in wanted],
        "countries": [one.country for one in wanted],
        "parts": [one.parts for one in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, values)
        rows = cursor.fetchall()
    if not rows:  # turned off, or taken back, at this very moment
        return [Cost(one.channel, Decimal(0)) for one in wanted]
    return [Cost(one.channel, cost) if ok else None for one, (cost, ok) in zip(wanted, rows, strict=True)]


def settle(owner: UUID, paid: Mapping[int, Cost], states: Mapping[int, str], now: datetime) -> None:
    """Charge what was handed over, and give back what was not: the messages of `states`, as they were written, that are
    neither sent nor unknown. Runs within the transaction that writes those."""
    back = {pk for pk, state in states.items() if state not in CHARGED}
    returned, charged = _summed(paid, back & paid.keys()), _summed(paid, paid.keys() - back)
    channels = sorted({*returned, *charged})
    nothing = (Decimal(0), 0)
    values: dict[str, Any] = {
        "owner": owner,
        "now": now,
        "back": sum((amount for amount, _n in returned.values()), Decimal(0)),
        "channels": channels,
        "charged": [charged.get(channel, nothing)[0] for channel in channels],
        "charged_n": [charged.get(channel, nothing)[1] for channel in channels],
        "returned": [returned.get(channel, nothing)[0] for channel in channels],
        "returned_n": [returned.get(channel, nothing)[1] for channel in channels],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, values)


def _summed(paid: Mapping[int, Cost], ids: Iterable[int]) -> dict[str, tuple[Decimal, int]]:
    found: dict[str, tuple[Decimal, int]] = {}
    for cost in (paid[pk] for pk in ids):
        amount, n = found.get(cost.channel, (Decimal(0), 0))
        found[cost.channel] = amount + cost.amount, n + 1
    return found


def settle_lost(now: datetime) -> bool:
    """Charge what was reserved by workers that are gone: nobody knows whether their messages left. One statement;
    returns False, for there is nothing more to do."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_LOST, {"now": now, "note": LOST})
    return False


def give_back(owner: UUID) -> None:
    """What was reserved for a claim that was never handed over. Runs within the transaction that takes it back."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [owner])


def refund(refused: Sequence[tuple[str, datetime]], now: datetime) -> None:
    """Give back what was charged for messages of unknown fate that the provider never took: the channel of each, and
    since when nobody knew of it. One statement, or none; runs within the transaction that writes their state."""
    if not refused:
        return
    channels, since = zip(*refused, strict=True)
    values: dict[str, Any] = {"now": now, "note": REFUSED, "channels": list(channels), "since": list(since)}
    with connection.cursor() as cursor:
        cursor.execute(_REFUND, values)
