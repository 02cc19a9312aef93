"""A second session on the test database, for what happens at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection


@contextmanager
def other_connection() -> Iterator[psycopg.Connection]:
    """Autocommitting: BEGIN and COMMIT are said by the test."""
    params = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        params.pop(name, None)
    with psycopg.connect(**params, autocommit=True) as other:
        yield other
