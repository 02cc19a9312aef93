"""Lets PostgreSQL put all its workers to a count over the whole audience, for which somebody is waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Rows go from worker to worker through memory that is shared, and PostgreSQL's own reckoning of that is made for plans
# of seconds: by it, a million ids are sorted by one worker alone.
_SETTINGS = {"parallel_setup_cost": "200", "parallel_tuple_cost": "0.01"}
_SET = "SELECT " + ", ".join(f"set_config('{name}', '{setting}', true)" for name, setting in _SETTINGS.items())
_RESET = "; ".join(f"SET LOCAL {name} TO DEFAULT" for name in _SETTINGS)


@contextmanager
def hurrying() -> Iterator[None]:
    """For the statements inside; what is asked afterwards in the same transaction is planned as ever."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SET)
        yield
        cursor.execute(_RESET)
