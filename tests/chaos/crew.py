"""Workers that are killed and replaced, and the mail server that they send to."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connection

from tests.other_process import environment


class Crew:
    """So many workers on one clock; `survived` counts what they lived through, by kind.

    `prefixes` are commands that put a worker on a host of its own, each for one worker; without, all run here.
    """

    def __init__(self, size: int, folder: Path, prefixes: Sequence[Sequence[str]] = ()) -> None:
        self.clock, self.size = folder / "clock", size
        self.places = list(prefixes) or [()] * size
        self.workers: dict[str, subprocess.Popen] = {}
        self.away: set[str] = set()  # those who are cut off, for whom nobody waits
        self.survived: Counter[str] = Counter()
        self.hired = self.ticket = 0
        self._reading = ""

    def at(self, now: datetime) -> None:
        """Put everybody's clock forward, or have them look at it anew."""
        self.ticket += 1
        self._reading = f"{now.isoformat()} {self.ticket}"
        fresh = self.clock.with_suffix(".fresh")
        fresh.write_text(self._reading)
        fresh.replace(self.clock)

    def hire(self) -> None:
        while len(self.workers) < self.size:
            self.hired += 1
            taken = [worker.args[: len(place)] for worker in self.workers.values() for place in self.places]
            place = next((place for place in self.places if list(place) not in taken or not place), ())
            name = f"worker-{self.hired}"
            command = [*place, sys.executable, "-m", "tests.chaos.worker", str(self.clock)]
            # PostgreSQL tells by this name whose session is whose.
            self.workers[name] = subprocess.Popen(command, env=environment(PGAPPNAME=name))

    def idle(self) -> dict[str, str] | None:
        """How often each worker has had something to do, if all found nothing since the clock was last set."""
        found = {}
        for name in self.workers.keys() - self.away:
            file = self.clock.with_name(f"{name}.idle")
            reading, _, worked = file.read_text().partition("\n") if file.exists() else ("", "", "")
            if reading != self._reading:
                return None
            found[name] = worked
        return found

    def kill(self, name: str) -> bool:
        """SIGKILL, and a new worker in the place of the dead one."""
        victim = self.workers.pop(name)
        os.kill(victim.pid, signal.SIGKILL)
        assert victim.wait() == -signal.SIGKILL, "It ended before it could be killed."
        self.survived["killed workers"] += 1
        self.hire()
        return True

    def cut(self, name: str) -> bool:
        """End the worker's session in PostgreSQL, as a failover or an administrator would; the worker goes on.

        Returns whether it had one."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [name])
            ended = bool(cursor.fetchall())
        self.survived["ended sessions"] += ended
        return ended

    def in_transaction(self, about: str = "") -> str | None:
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


def told(survived: Counter[str]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in sorted(survived.items()))


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
def mailbox(folder: Path, *options: str) -> Iterator[Mailbox]:
    """A mail server; `options` are those of `tests.chaos.receiver`."""
    path = folder / "received"
    command = [sys.executable, "-m", "tests.chaos.receiver", str(path), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield Mailbox(path, int(server.stdout.readline()))
        finally:
            server.terminate()
