"""Squashes the differences of node counts into one sum per day."""

from datetime import datetime

from django.db import connection

SLICE = 20_000

# Readers see either the differences or their sum, and the same count. A second squasher passes over what the first has
# locked; both write sums in the same order, so that neither waits for the other in a circle.
_SQUASH = """
WITH gone AS (
    DELETE FROM flows_nodecount WHERE id IN (
        SELECT id FROM flows_nodecount WHERE loose ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING scenario_id, node, metric, day, n
), squashed AS (
    INSERT INTO flows_nodecount AS kept (scenario_id, node, metric, day, n, loose)
    SELECT scenario_id, node, metric, day, sum(n), false FROM gone GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (scenario_id, node, metric, day) WHERE NOT loose DO UPDATE SET n = kept.n + excluded.n
)
SELECT count(*) FROM gone
"""


def squash(now: datetime) -> bool:
    """Squash one slice of differences. Returns whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(_SQUASH, [SLICE])
        return cursor.fetchone()[0] == SLICE
