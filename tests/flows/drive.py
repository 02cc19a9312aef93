"""Drives the engine by hand, as the lanes' clock would."""

import time
from datetime import datetime

from django.db import connection

from flows import (
    catching_up,
    clearing,
    engine,
    entering,
    errands,
    listening,
    requeueing,
    scheduling,
    settling,
    starting,
)


def until_still(now: datetime) -> None:
    """Work everything that is due at `now`, and what follows from it."""
    slices = [scheduling.begin_scheduled, catching_up.catch_up, requeueing.go_on, listening.listen, entering.plan]
    slices += [entering.admit, settling.settle, errands.run]
    while any([*(one(now) for one in [*slices, engine.advance, clearing.take_out]), _unread()]):
        pass
    starting.complete(now)


def _unread() -> bool:
    """Whether there are events that scenarios have not read, which a transaction of other tests may keep from them."""
    if connection.in_atomic_block:
        return False  # what is not committed can never be read
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT e.xact >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM contacts_event e
            WHERE (e.xact, e.id) > (SELECT xact, event_id FROM contacts_eventcursor WHERE consumer = %s)
            ORDER BY e.xact DESC, e.id DESC LIMIT 1""",
            [listening.CONSUMER],
        )
        row = cursor.fetchone()
    if row and row[0]:
        time.sleep(0.005)
    return row is not None
