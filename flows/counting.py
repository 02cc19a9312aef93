"""Squashes the differences of node counts into sums, a few rows at a time."""

from datetime import datetime

from django.db import connection

# Rows squashed in one go; a scenario with fewer differences than this reads them as they are.
SLICE = 20_000
WORTHWHILE = 2_000


def squash(now: datetime) -> bool:
    """Replace a slice of differences by their sums. Readers see either, and the same count. Returns whether there may
    be more."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH old AS (
                DELETE FROM flows_nodecount WHERE id IN (
                    SELECT id FROM flows_nodecount ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
                ) AND (SELECT count(*) FROM (SELECT FROM flows_nodecount LIMIT %s) some) >= %s
                RETURNING scenario_id, node, metric, n
            ), added AS (
                INSERT INTO flows_nodecount (scenario_id, node, metric, n)
                SELECT scenario_id, node, metric, sum(n) FROM old GROUP BY scenario_id, node, metric
                RETURNING 1
            ) SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM added)""",
            [SLICE, WORTHWHILE, WORTHWHILE],
        )
        before, after = cursor.fetchone()
    return before == SLICE and after < before / 2
