"""Workers that are killed and replaced, and the mail server that they send to."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connection

from tests.other_process import environment


class Crew:
    """So many workers on one clock; `kills` and `cuts` are what they lived through."""

    def __init__(self, size: int, folder: Path) -> None:
        self.clock, self.size = folder / "clock", size
        self.workers: dict[str, subprocess.Popen] = {}
        self.kills = self.cuts = self.hired = 0

    def at(self, now: datetime) -> None:
        """Put everybody's clock forward."""
        fresh = self.clock.with_suffix(".fresh")
        fresh.write_text(now.isoformat())
        fresh.replace(self.clock)

    def hire(self) -> None:
        while len(self.workers) < self.size:
            self.hired += 1
            name = f"worker-{self.hired}"
            command = [sys.executable, "-m", "tests.chaos.worker", str(self.clock)]
            # PostgreSQL tells by this name whose session is whose.
            self.workers[name] = subprocess.Popen(command, env=environment(PGAPPNAME=name))

    def kill(self, name: str) -> None:
        """SIGKILL, and a new worker in the place of the dead one."""
        victim = self.workers.pop(name)
        os.kill(victim.pid, signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL, "It ended before it could be killed."
        self.kills += 1
        self.hire()

    def cut(self, name: str) -> None:
        """End the worker's session in PostgreSQL, as a failover or an administrator would; the worker goes on."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [name])
            assert cursor.fetchall()
        self.cuts += 1

    def in_transaction(self, about: str) -> str | None:
        """A worker that is in the middle of a transaction and whose last statement was about this."""
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT application_name FROM pg_stat_activity
                WHERE application_name = ANY(%s) AND xact_start IS NOT NULL AND query LIKE %s LIMIT 1""",
                [list(self.workers), f"%{about}%"],
            )
            row = cursor.fetchone()
        return row[0] if row else None

    def dismiss(self) -> None:
        for worker in self.workers.values():
            worker.kill()
            worker.wait()
        self.workers.clear()


class Mailbox:
    """What the mail server took."""

    def __init__(self, path: Path, port: int) -> None:
        self.path, self.port = path, port
        self._seen = self._bytes = 0

    def size(self) -> int:
        """How many mails it has taken so far."""
        with self.path.open("rb") as received:
            received.seek(self._bytes)
            more = received.read()
        self._seen, self._bytes = self._seen + more.count(b"\n"), self._bytes + len(more)
        return self._seen

    def taken(self) -> Counter[int]:
        """How often each message came, by the number in its Message-ID."""
        return Counter(int(line.strip("<").split(".")[0]) for line in self.path.read_text().splitlines())


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    path = folder / "received"
    command = [sys.executable, "-m", "tests.chaos.receiver", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield Mailbox(path, int(server.stdout.readline()))
        finally:
            server.terminate()
