"""Two workers against one on the first scenario: how much faster they are, and whether anybody waits for another.

Each worker is a process that calls the slices of the advance lane; PostgreSQL takes its part of the two cores. While
they work, it is looked up every few milliseconds who waits for a lock. `python -m tests.bench.workers [contacts]
[rounds]`
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

from tests.bench._database import database, run
from tests.bench.engine import GRAPH, LATER, START, WRITTEN, click

LOOKS = timedelta(milliseconds=5)
# A worker that finds nothing, because another has it all in hand at that moment, looks again.
PATIENCE = timedelta(milliseconds=500)
# It may wait for the disk, for its own client and for the short latches of shared pages, but for no other worker.
LOCKS = """
SELECT coalesce(wait_event, ''), left(query, 80) FROM pg_stat_activity
WHERE application_name LIKE 'bench-worker-%' AND wait_event_type = 'Lock'
"""


def work(moment: str) -> None:
    """One worker's life: until it has found nothing to do for a while. Prints when it last did something."""
    import django

    django.setup()
    from django.utils.module_loading import import_string

    from config.schedules import LANES

    slices = [import_string(path) for path in LANES["advance"]]
    now = datetime.fromisoformat(moment)
    print("ready", flush=True)
    sys.stdin.readline()
    last = time.monotonic()
    while time.monotonic() < last + PATIENCE.total_seconds():
        if sum(bool(one(now)) for one in slices):
            last = time.monotonic()
        else:
            time.sleep(LOOKS.total_seconds())
    print(last)


def timed(count: int, now: datetime, waits: Counter[tuple[str, str]]) -> float:
    """Seconds until so many workers have done everything that is due."""
    from django.db import connection

    from tests.other_process import environment

    command = [sys.executable, "-m", "tests.bench.workers"]
    workers = [
        subprocess.Popen(command, env=environment(PGAPPNAME=f"bench-worker-{n}", BENCH_NOW=now.isoformat()),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(count)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
    started = time.monotonic()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    with connection.cursor() as cursor:
        while any(worker.poll() is None for worker in workers):
            cursor.execute(LOCKS)
            waits.update(cursor.fetchall())
            time.sleep(LOOKS.total_seconds())
    assert all(worker.returncode == 0 for worker in workers)
    return max(float(worker.stdout.read()) for worker in workers if worker.stdout) - started


def walked(count: int, contacts: int, waits: Counter[tuple[str, str]]) -> float:
    from flows import starting
    from flows.models import Execution, Scenario
    from flows.saving import save

    scenario = Scenario.objects.create(name="First")
    save(scenario, GRAPH, {}, None, None, START)
    starting.start(scenario, START)
    spent = timed(count, START, waits)
    click()
    spent += timed(count, LATER, waits)
    assert Execution.objects.filter(state="completed").count() == contacts
    for table in WRITTEN:
        run(f"TRUNCATE {table} CASCADE")
    run("CHECKPOINT")
    return spent


def main() -> None:
    contacts = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'First', 'Last', 'Europe/Paris', 'en', '{}', now(), now()
        FROM generate_series(1, %s) n""",
        contacts,
    )
    run("VACUUM ANALYZE contacts_contact")
    ones, twos, waits, alone = [], [], Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for _ in range(rounds):
        ones.append(walked(1, contacts, alone))
        twos.append(walked(2, contacts, waits))
    print(
        json.dumps(
            {
                "bench": "workers",
                "contacts": contacts,
                "one_seconds": round(statistics.median(ones), 2),
                "two_seconds": round(statistics.median(twos), 2),
                "ratio": round(statistics.median(one / two for one, two in zip(ones, twos, strict=True)), 2),
                "least": 1.3,
                "waits_for_locks": {f"{event}: {query}": n for (event, query), n in waits.most_common(5)},
            }
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if moment := os.environ.get("BENCH_NOW"):
        work(moment)
    else:
        with database("workers"):
            main()
