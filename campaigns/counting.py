"""Counts what becomes of messages as insert-only differences, so that no two workers wait for one row.

Twice: per origin, for the live numbers, and per day and everything that reports group by. Squashed in the background.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from campaigns.models.day_count import METRICS
from campaigns.models.message import Message
from contacts.days import day_of

# A count read as the sum of this many rows is still read in no time.
ROWS_PER_COUNT = 30
COUNTS_PER_SLICE = 200
DAYS_PER_SLICE = 20_000

KEYS = ("origin_id", "content_id", "provider_id", "country", "language", "device")
_TYPES = ("bigint", "bigint", "bigint", "text", "text", "text")


class Of(NamedTuple):
    """Messages that count alike."""

    origin: int
    content: int
    provider: int | None = None
    country: str = ""
    language: str = ""
    device: str = ""


def of(message: Message, device: str = "") -> Of:
    return Of(message.origin_id, message.content_id, message.provider_id, message.country, message.language, device)


def count(differences: Iterable[tuple[Of, str, int]], now: datetime) -> None:
    """Add (which messages, metric, n) to the counts, in two statements; none where there is nothing to add.

    A metric that reports do not know, such as "skipped:REASON", counts for its origin only.
    """
    day = day_of(now)
    count_by_day((day, *difference) for difference in differences)


def count_by_day(differences: Iterable[tuple[date, Of, str, int]]) -> None:
    """The same where each has a day of its own."""
    origins: Counter[tuple[int, str]] = Counter()
    days: dict[tuple[date, Of], Counter[str]] = defaultdict(Counter)
    for day, which, metric, n in differences:
        origins[which.origin, metric[:40]] += n
        if metric in METRICS:
            days[day, which][metric] += n
    _count_origins([(origin, metric, n) for (origin, metric), n in origins.items() if n])
    _count_days({key: counts for key, counts in days.items() if any(counts.values())})


def _count_origins(rows: list[tuple[int, str, int]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_origincount (origin_id, metric, n)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def _count_days(counts: dict[tuple[date, Of], Counter[str]]) -> None:
    if not counts:
        return
    keys: list[Any] = [list(column) for column in zip(*((day, *which) for day, which in counts), strict=True)]
    sums = [[each[metric] for each in counts.values()] for metric in METRICS]
    columns = ", ".join(f"%s::{kind}[]" for kind in ("date", *_TYPES, *["bigint"] * len(METRICS)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO campaigns_daycount (day, {', '.join(KEYS)}, {', '.join(METRICS)})"  # noqa: S608 - our own names
            f" SELECT * FROM unnest({columns})",
            [*keys, *sums],
        )


def squash(now: datetime) -> bool:
    """Replace differences by their sums; readers see either, and the same count. Returns whether there may be more."""
    more = _squash_days()
    return _squash_origins() or more


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


_KEYS = f"day, {', '.join(KEYS)}"
# Sums are written in the order of their keys, so that two squashers do not wait for each other in a circle.
_SQUASH_DAYS = f"""
WITH gone AS (
    DELETE FROM campaigns_daycount WHERE id IN (
        SELECT id FROM campaigns_daycount WHERE loose ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING {_KEYS}, {", ".join(METRICS)}
), squashed AS (
    INSERT INTO campaigns_daycount AS kept ({_KEYS}, {", ".join(METRICS)}, loose)
    SELECT {_KEYS}, {", ".join(f"sum({metric})" for metric in METRICS)}, false
    FROM gone GROUP BY {_KEYS} ORDER BY {_KEYS}
    ON CONFLICT ({_KEYS}) WHERE NOT loose DO UPDATE
    SET {", ".join(f"{metric} = kept.{metric} + excluded.{metric}" for metric in METRICS)}
)
SELECT count(*) FROM gone
"""  # noqa: S608 - our own names


def _squash_days() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_SQUASH_DAYS, [DAYS_PER_SLICE])
        return cursor.fetchone()[0] == DAYS_PER_SLICE
