"""Squashes the differences of node counts into sums."""

from datetime import datetime

from django.db import connection

# A count read as the sum of this many rows is still read in no time.
ROWS_PER_COUNT = 30
COUNTS_PER_SLICE = 200


def squash(now: datetime) -> bool:
    """Replace the differences of some counts by their sums; readers see either, and the same count.

    Returns whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH long AS (
                SELECT scenario_id, node, metric FROM flows_nodecount GROUP BY scenario_id, node, metric
                HAVING count(*) > %s LIMIT %s
            ), old AS (
                DELETE FROM flows_nodecount WHERE id IN (
                    SELECT id FROM flows_nodecount JOIN long USING (scenario_id, node, metric)
                    FOR UPDATE OF flows_nodecount SKIP LOCKED
                ) RETURNING scenario_id, node, metric, n
            ), added AS (
                INSERT INTO flows_nodecount (scenario_id, node, metric, n)
                SELECT scenario_id, node, metric, sum(n) FROM old GROUP BY scenario_id, node, metric
                RETURNING 1
            ) SELECT count(*) FROM added""",
            [ROWS_PER_COUNT, COUNTS_PER_SLICE],
        )
        return cursor.fetchone()[0] == COUNTS_PER_SLICE
