"""A database of its own for a bench, on the server that the settings name, gone afterwards."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django


@contextmanager
def database(name: str) -> Iterator[None]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = f"bench_{name}"
    old = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(old, verbosity=0)


def run(sql: str, *values: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def peak_memory_mb() -> float:
    """The highest resident size of this process so far."""
    import resource

    try:
        # What `getrusage` says begins with the size of the process that started this one.
        with open("/proc/self/status") as file:
            return round(next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024, 1)
    except (OSError, StopIteration):
        pass
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def cpu_seconds() -> dict[str, float]:
    """CPU spent so far by this process and, where it runs on this machine, by its PostgreSQL backend."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    spent = {"python": time.process_time()}
    try:
        with open(f"/proc/{pid}/schedstat") as file:  # in nanoseconds; `stat` counts hundredths of a second
            spent["postgres"] = int(file.read().split()[0]) / 1e9
    except OSError:
        pass
    return spent
