"""Makes the timeline readable again after a restore into another database cluster.

Events and cursors hold transaction ids. A fresh cluster counts those from the beginning again, so after `pg_dump` and
`pg_restore` every cursor would be ahead of all new events, and consumers would pass them over without a word.
"""

from django.db import connection, transaction


def mend() -> bool:
    """Move all ids of the log below this cluster's present ones, keeping their order; whether that was needed.

    A shift loses nothing: what was read stays read, what was not is still to come. It rewrites every event, once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not _shift(cursor):
            return False
        # Whoever records or reads waits, and then finds the log whole.
        cursor.execute("LOCK TABLE contacts_eventcursor, contacts_event IN EXCLUSIVE MODE")
        shift = _shift(cursor)
        cursor.execute("UPDATE contacts_event SET xact = xact - %s", [shift])
        cursor.execute("UPDATE contacts_eventcursor SET xact = xact - %s", [shift])
        return shift > 0


def _shift(cursor) -> int:
    """How far the newest id of the log lies beyond what this cluster can have given out; 0 where all is well."""
    cursor.execute(
        """
        SELECT greatest((SELECT max(xact) FROM contacts_event), (SELECT max(xact) FROM contacts_eventcursor)),
               pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        """
    )
    newest, oldest_running, next_id = cursor.fetchone()
    return newest - oldest_running + 1 if newest is not None and newest >= next_id else 0
