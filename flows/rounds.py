"""Counts how often contacts have gone back to an earlier step, so that no loop goes on for ever."""

from django.db import connection

from contacts.columns import literal
from flows.nodes.base import Batch


def sort(batch: Batch, port: str, most: int) -> tuple[Batch, Batch]:
    """Those who may go back by this port of their node, and those who have done so `most` times already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT execution_id FROM flows_step WHERE execution_id = ANY(%s::bigint[]) AND node = %s
            AND outcome = %s GROUP BY execution_id HAVING count(*) >= %s""",
            [literal(batch.ids), batch.node_id, port, most],
        )
        tired = {row[0] for row in cursor.fetchall()}
    if not tired:
        return batch, batch.part(())
    places = range(len(batch))
    return batch.part(i for i in places if batch.ids[i] not in tired), batch.part(
        i for i in places if batch.ids[i] in tired
    )
