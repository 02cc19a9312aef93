"""Makes the timeline readable again after a restore into another database cluster.

Events and cursors hold transaction ids. A fresh cluster counts those from the beginning again, so after `pg_dump` and
`pg_restore` every cursor would be ahead of all new events, and consumers would pass them over without a word.
"""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper


def mend() -> bool:
    """Move all ids of the log below this cluster's present ones, keeping their order; whether that was needed.

    What was read stays read, what was not is still to come, also what was recorded since the restore. Every event is
    rewritten, once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not _is_ahead(cursor):
            return False
        # Whoever records or reads waits, and then finds the log whole.
        cursor.execute("LOCK TABLE contacts_eventcursor, contacts_event IN EXCLUSIVE MODE")
        if not _is_ahead(cursor):
            return False
        # The newest restored row becomes `horizon - 2`; behind it, as `horizon - 1`, comes what this cluster recorded:
        # rows whose ids are higher than that row's though their transactions' are lower.
        cursor.execute(
            """
            WITH log AS (
                SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon,
                       greatest((SELECT max(xact) FROM contacts_event), (SELECT max(xact) FROM contacts_eventcursor))
                           AS newest,
                       coalesce((SELECT id FROM contacts_event ORDER BY xact DESC, id DESC LIMIT 1), 0) AS newest_id
            ), events AS (
                UPDATE contacts_event e
                   SET xact = CASE WHEN e.id > log.newest_id AND e.xact < log.horizon THEN log.horizon - 1
                                   ELSE e.xact - (log.newest - log.horizon + 2) END
                  FROM log
            )
            UPDATE contacts_eventcursor c SET xact = c.xact - (log.newest - log.horizon + 2) FROM log
            """
        )
        return True


def _is_ahead(cursor: CursorWrapper) -> bool:
    """Whether the log holds ids that this cluster cannot have given out yet."""
    cursor.execute(
        """
        SELECT coalesce(greatest((SELECT max(xact) FROM contacts_event), (SELECT max(xact) FROM contacts_eventcursor))
                        >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint, false)
        """
    )
    return cursor.fetchone()[0]
