"""What another process needs to work on the database of the test that starts it."""

import os
from urllib.parse import quote

from django.db import connection


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that is to see what the test commits."""
    database = connection.settings_dict
    host, port = database["HOST"], database["PORT"]
    place = (
        f"/{database['NAME']}?host={quote(host)}"
        if host.startswith("/")
        else f"{host}:{port or 5432}/{database['NAME']}"
    )
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '')}"
    return {**os.environ, "DATABASE_URL": f"postgresql://{user}@{place}", **more}
