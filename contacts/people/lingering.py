"""Does once more what was done when contacts were merged or erased, for those who were still writing meanwhile.

Whoever reads who gets a message or enters a scenario, and writes it down a moment later, may have read of a contact who
is gone by then. Nobody waits for such work: it is looked after when everybody has ended who can have read so.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Model, Q

from contacts import ties
from contacts.models import Erasure, Merge
from contacts.people import erasing, joining

LOOKED_AT = 20  # of those that wait; a message that is being handed over keeps one waiting


def settle(now: datetime) -> bool:
    """One merge, and one person who was erased. Returns whether there may be more to do at once."""
    merge, erasure = _one(Merge, now), _one(Erasure, now)
    return merge or erasure


def _whose(row: Merge | Erasure) -> int:
    return row.kept_id if isinstance(row, Merge) else row.contact_id


@transaction.atomic
def _one(kind: type[Merge] | type[Erasure], now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"
        )
        horizon, newest = cursor.fetchone()
    waiting = kind._default_manager.filter(settled=False).select_for_update(skip_locked=True)
    ready = waiting.filter(Q(xact__isnull=True) | Q(xact__lte=horizon)).order_by("id")[:LOOKED_AT]
    row: Model | None = next((row for row in ready if row.xact is None or not ties.is_busy([_whose(row)])), None)
    if isinstance(row, Merge | Erasure) and row.xact is None:
        # It can be seen now: whoever begins from here on knows that the contact is gone.
        kind._default_manager.filter(settled=False, xact=None).update(xact=newest)
        return False
    if isinstance(row, Merge):
        joining.again(row, now)
    elif isinstance(row, Erasure):
        erasing.again(row.contact_id, now)
    else:
        return False
    kind._default_manager.filter(pk=row.pk).update(settled=True)
    return True
