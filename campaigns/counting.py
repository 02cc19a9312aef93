"""Counts per origin as insert-only differences, so that no two workers wait for one row; squashed in the background."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

# A count read as the sum of this many rows is still read in no time.
ROWS_PER_COUNT = 30
COUNTS_PER_SLICE = 200


def count(differences: Iterable[tuple[int, str, int]]) -> None:
    """Add (origin id, metric, n) to the counts, in one statement; none where there is nothing to add."""
    sums: Counter[tuple[int, str]] = Counter()
    for origin, metric, n in differences:
        sums[origin, metric[:40]] += n
    rows = [(origin, metric, n) for (origin, metric), n in sums.items() if n]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_origincount (origin_id, metric, n)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])",
            [list(column) for column in zip(*rows, strict=True)],
        )


def squash(now: datetime) -> bool:
    """Replace the differences of some counts by their sums; readers see either, and the same count.

    A second squasher passes over the rows that the first has locked. Returns whether there may be more.
    """
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
