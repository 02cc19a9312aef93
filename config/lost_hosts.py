"""Has each end of a database connection notice when the machine at the other end is gone.

A worker whose machine loses its network in the middle of a transaction would otherwise keep its locks for hours, and
hold up whoever reads the timeline, for that is only read up to the oldest transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# The settings import this module.
if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

IDLE, INTERVAL, COUNT = 5, 5, 3  # seconds until the first question, between questions, and how many: 20 seconds in all
TIMEOUT = (IDLE + INTERVAL * COUNT) * 1000  # milliseconds for what was sent and is not acknowledged

# This end, as libpq has it.
OPTIONS = {
    "keepalives_idle": IDLE,
    "keepalives_interval": INTERVAL,
    "keepalives_count": COUNT,
    "tcp_user_timeout": TIMEOUT,
}


def tell_server(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """The same for the other end, which would wait for two hours by itself. Sockets of this machine need none of it.

    By statement and not among the start parameters, which connection poolers refuse.
    """
    if str(connection.settings_dict["HOST"]).startswith("/"):
        return
    settings = {"idle": IDLE, "interval": INTERVAL, "count": COUNT}
    statements = [f"SET tcp_keepalives_{name} = {value}" for name, value in settings.items()]
    with connection.cursor() as cursor:
        cursor.execute("; ".join([*statements, f"SET tcp_user_timeout = {TIMEOUT}"]))
