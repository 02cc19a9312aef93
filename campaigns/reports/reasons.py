"""Groups the reasons why messages failed: of the newest that did, so that it costs the same however many there are."""

from django.db import connection

from campaigns.models import MessageState

MOST = 10_000  # failed messages, of whatever origin, that are looked at

_FAILED = """
SELECT reason, count(*) FROM (
    SELECT origin_id, reason FROM campaigns_message WHERE state = %s ORDER BY id DESC LIMIT %s
) newest WHERE origin_id = (SELECT id FROM campaigns_origin WHERE key = %s) GROUP BY reason ORDER BY 2 DESC, 1 LIMIT %s
"""


def of_failed(origin: str, most: int = 20) -> list[tuple[str, int]]:
    """(reason, how often) of messages from this origin among the newest that failed, the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, [MessageState.FAILED, MOST, origin, most])
        return cursor.fetchall()
