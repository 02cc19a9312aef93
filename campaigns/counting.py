"""Counts what becomes of messages as insert-only differences, so that no two workers wait for one row.

Thrice: per origin, for the live numbers, per day and everything that reports group by, and per day and recipient's
domain. Squashed in the background.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from campaigns.models.day_count import METRICS
from campaigns.models.domain_count import DOMAIN_METRICS
from campaigns.models.message import Message
from campaigns.squashing import KEYS, squash_days, squash_domains, squash_links
from contacts.days import day_of

# A count read as the sum of this many rows is still read in no time.
ROWS_PER_COUNT = 30
COUNTS_PER_SLICE = 200

_TYPES = {"origin_id": "bigint", "content_id": "bigint", "provider_id": "bigint"}


class Of(NamedTuple):
    """Messages that count alike."""

    origin: int
    content: int
    provider: int | None = None
    country: str = ""
    language: str = ""
    device: str = ""
    domain: str = ""


def of(message: Message, device: str = "") -> Of:
    return Of(
        message.origin_id,
        message.content_id,
        message.provider_id,
        message.country,
        message.language,
        device,
        message.domain,
    )


def locked(message: Message, device: str = "") -> Of:
    """As `of`, for a message whose row this transaction has changed: through whom it goes may have been recorded since
    it was read."""
    message.refresh_from_db(fields=["provider", "country", "language", "domain"])
    return of(message, device)


def count(differences: Iterable[tuple[Of, str, int]], now: datetime) -> None:
    """Add (which messages, metric, n) to the counts, in three statements; none where there is nothing to add.

    A metric that reports do not know, such as "skipped:REASON", counts for its origin only.
    """
    origins: Counter[tuple[int, str]] = Counter()
    days: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    domains: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for which, metric, n in differences:
        origins[which.origin, metric[:40]] += n
        if metric in METRICS:
            days[which[:6]][metric] += n
        if metric in DOMAIN_METRICS and which.domain:
            domains[which.domain, which.provider][metric] += n
    _count_origins([(origin, metric, n) for (origin, metric), n in origins.items() if n])
    if any(any(sums.values()) for sums in days.values()):
        day = day_of(now)
        _add("daycount", KEYS, METRICS, days, day)
        _add("domaincount", ("domain", "provider_id"), DOMAIN_METRICS, domains, day)


def _count_origins(rows: list[tuple[int, str, int]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_origincount (origin_id, metric, n)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def _add(
    table: str, keys: Sequence[str], metrics: Sequence[str], counts: dict[tuple[Any, ...], Counter[str]], day: date
) -> None:
    counts = {which: sums for which, sums in counts.items() if any(sums.values())}
    if not counts:
        return
    values: list[Any] = [list(column) for column in zip(*counts, strict=True)]
    values += [[sums[metric] for sums in counts.values()] for metric in metrics]
    types = [*(_TYPES.get(key, "text") for key in keys), *["bigint"] * len(metrics)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO campaigns_{table} (day, {', '.join([*keys, *metrics])})"  # noqa: S608 - our own names
            f" SELECT %s, * FROM unnest({', '.join(f'%s::{kind}[]' for kind in types)})",
            [day, *values],
        )


def squash(now: datetime) -> bool:
    """Replace differences by their sums; readers see either, and the same count. Returns whether there may be more."""
    return any([squash_days(), squash_domains(), squash_links(), _squash_origins()])


def _squash_origins() -> bool:
    """A second squasher passes over the rows that the first has locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH long AS (
                SELECT origin_id, metric FROM campaigns_origincount GROUP BY 1, 2 HAVING count(*) > %s LIMIT %s
            ), old AS (
                DELETE FROM campaigns_origincount WHERE id IN (
                    SELECT c.id FROM campaigns_origincount c JOIN long USING (origin_id, metric)
                    FOR UPDATE OF c SKIP LOCKED
                ) RETURNING origin_id, metric, n
            )
            INSERT INTO campaigns_origincount (origin_id, metric, n)
            SELECT origin_id, metric, sum(n) FROM old GROUP BY 1, 2
            """,
            [ROWS_PER_COUNT, COUNTS_PER_SLICE],
        )
        return cursor.rowcount == COUNTS_PER_SLICE
