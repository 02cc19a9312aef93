"""Works that happen at the same time, each in a session of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction


def at_once(*works: Callable[[], Any]) -> None:
    """All of them, whoever is quicker; raises what went wrong in one."""
    failed: list[Exception] = []
    threads = [_session(work, failed) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failed:
        raise error


def meanwhile(work: Callable[[], Any], other: Callable[[], Any]) -> None:
    """Do `work` in a transaction, which ends when `other` waits for it."""
    failed: list[Exception] = []
    thread = _session(other, failed)
    with transaction.atomic():
        work()
        thread.start()
        with connection.cursor() as cursor:
            waits = False
            while thread.is_alive() and not waits:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
                (waits,) = cursor.fetchone()
    thread.join()
    for error in failed:
        raise error
    assert waits


def _session(work: Callable[[], Any], failed: list[Exception]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    return threading.Thread(target=run)
