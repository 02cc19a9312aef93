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
REASON = "skipped:"

_TYPES = {"day": "date", "origin_id": "bigint", "content_id": "bigint", "provider_id": "bigint"}


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
    listed = list(differences)
    if listed:
        day = day_of(now)
        count_by_day((day, *difference) for difference in listed)


def count_by_day(differences: Iterable[tuple[date, Of, str, int]]) -> None:
    """The same where each has a day of its own."""
    origins: Counter[tuple[int, str, date | None]] = Counter()
    days: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    domains: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for day, which, metric, n in differences:
        origins[which.origin, metric[:40], day if metric.startswith(REASON) else None] += n
        if metric in METRICS:
            days[day, *which[: len(KEYS)]][metric] += n
        if metric in DOMAIN_METRICS and which.domain:
            domains[day, which.domain, which.provider][metric] += n
    _count_origins([(*key, n) for key, n in origins.items() if n])
    _add("daycount", ("day", *KEYS), METRICS, days)
    _add("domaincount", ("day", "domain", "provider_id"), DOMAIN_METRICS, domains)


def _count_origins(rows: list[tuple[int, str, date | None, int]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_origincount (origin_id, metric, day, n)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::bigint[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def _add(table: str, keys: Sequence[str], metrics: Sequence[str], counts: dict[tuple[Any, ...], Counter[str]]) -> None:
    counts = {which: sums for which, sums in counts.items() if any(sums.values())}
    if not counts:
        return
    values: list[Any] = [list(column) for column in zip(*counts, strict=True)]
    values += [[sums[metric] for sums in counts.values()] for metric in metrics]
    types = [*(_TYPES.get(key, "text") for key in keys), *["bigint"] * len(metrics)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO campaigns_{table} ({', '.join([*keys, *metrics])})"  # noqa: S608 - our own names
            f" SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in types)})",
            values,
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
                SELECT origin_id, metric, day FROM campaigns_origincount GROUP BY 1, 2, 3 HAVING count(*) > %s LIMIT %s
            ), old AS (
                DELETE FROM campaigns_origincount WHERE id IN (
                    SELECT c.id FROM campaigns_origincount c JOIN long
                    ON (c.origin_id, c.metric) = (long.origin_id, long.metric) AND c.day IS NOT DISTINCT FROM long.day
                    FOR UPDATE OF c SKIP LOCKED
                ) RETURNING origin_id, metric, day, n
            )
            INSERT INTO campaigns_origincount (origin_id, metric, day, n)
            SELECT origin_id, metric, day, sum(n) FROM old GROUP BY 1, 2, 3
            """,
            [ROWS_PER_COUNT, COUNTS_PER_SLICE],
        )
        return cursor.rowcount == COUNTS_PER_SLICE
