"""Gives up questions to PostgreSQL that take longer than anybody waits."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

LONGEST = "20s"


class TooLong(Exception):
    """The question was given up."""

    def __init__(self) -> None:
        super().__init__("This takes too long to count. Try simpler rules, or fewer of them.")


@contextmanager
def patience(longest: str = LONGEST) -> Iterator[None]:
    """Every statement inside ends in time, or TooLong is raised."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [longest])
            yield
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooLong from error
        raise
