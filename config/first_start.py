"""Brings a database up to this version and makes what a new installation needs; two machines never do it at once."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.models import User

# Any number that nobody else uses with pg_advisory_lock.
_LOCK = 0x5759504F5354
ADMIN = "admin"


@contextmanager
def alone() -> Iterator[None]:
    """Hold the installation's lock, so that other machines that start at the same time wait here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def migrate() -> bool:
    """Apply what is not applied yet; whether there was something."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    return True


def make_admin(password: str, kept_in: Path) -> str:
    """The password of the first person, made now and written to `kept_in`; "" where there is somebody already."""
    if User.objects.exists():
        return ""
    made = password or secrets.token_urlsafe(12)
    User.objects.create_superuser(ADMIN, password=made)
    if not password:
        with os.fdopen(os.open(kept_in, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(made + "\n")
    return made
