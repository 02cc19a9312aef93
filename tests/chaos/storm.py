"""A storm: workers, database sessions, the database and the mail server fail at random under thousands of contacts.

`python -m tests.chaos.storm FOLDER [--contacts N] [--scenarios N] [--days N] [--trouble N] [--seed N] [--seconds N]`
plays random scenarios on a virtual clock with three workers, compares everything at the end, prints what was survived,
and ends with an error where anything is not as it must be. It needs a database of its own: FOLDER holds an embedded one
unless DATABASE_URL names another. With `--hosts N`, every worker is on a host of its own (tests.chaos.hosts), and N
times one of them is cut off for half a minute.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django
import psutil

PAUSE = 0.03
EVERY = (0.2, 1.2)  # seconds between two troubles, while there is work


AWAY_SECONDS = 30.0  # longer than it takes the database to notice


class Cables:
    """Cuts a worker's host off from the network, and heals it later; the others go on meanwhile."""

    def __init__(self, crew: Any, hosts: list[Any], chance: random.Random) -> None:
        self.crew, self.chance = crew, chance
        self.hosts = {host.prefix: host for host in hosts}
        self.pulled: tuple[str, Any, float] | None = None

    def pull(self) -> bool:
        name = victim(self.crew, self.chance)
        if self.pulled:
            return False
        host = self.hosts[tuple(self.crew.workers[name].args[:4])]
        host.pull()
        self.crew.away.add(name)
        self.pulled = name, host, time.monotonic() + AWAY_SECONDS
        return True

    def mend(self) -> None:
        if self.pulled and time.monotonic() > self.pulled[2]:
            name, host, _ = self.pulled
            host.plug()
            self.crew.away.discard(name)
            self.crew.survived["hosts cut off"] += 1
            self.pulled = None


class Storm:
    """Troubles in a random order; each strikes while the workers are at work. One that finds no victim comes again."""

    def __init__(self, troubles: list[Callable[[], bool]], cables: Cables, chance: random.Random) -> None:
        self.troubles, self.cables, self.chance = troubles, cables, chance
        chance.shuffle(troubles)
        if cables.pull in troubles:  # first, for it takes the longest to mend
            troubles.remove(cables.pull)
            troubles.append(cables.pull)
        self.next = 0.0

    def strike(self) -> None:
        self.cables.mend()
        if self.troubles and time.monotonic() > self.next:
            trouble = self.troubles.pop()
            if not trouble():
                self.troubles.insert(0, trouble)
            self.next = time.monotonic() + self.chance.uniform(*EVERY)


def victim(crew: Any, chance: random.Random) -> str:
    """Best somebody in the middle of a transaction."""
    busy = crew.in_transaction()
    return busy if busy and busy not in crew.away else chance.choice(sorted(crew.workers.keys() - crew.away))


def crash(crew: Any, number: int) -> bool:
    """End the whole database server at once, and start it again as `manage.py up` would."""
    from django.conf import settings
    from django.db import connection

    from config import postgres

    postmaster = psutil.Process(int((settings.POSTGRES_DIR / "postmaster.pid").read_text().split()[0]))
    postmaster.send_signal(number)
    psutil.wait_procs([postmaster], timeout=10)
    connection.close()
    for _ in range(60):
        try:
            postgres.running_at(settings.POSTGRES_DIR)
            break
        except postgres.NotStarted:  # the last of its processes have not noticed yet
            time.sleep(0.5)
    crew.survived[f"database crashes ({signal.Signals(number).name})"] += 1
    return True


def busy(now: datetime) -> bool:
    """Whether there is something to do at this moment that nobody has in hand. Messages do not count: where the mail
    server was found out of order, they wait until the clock has moved on."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM flows_execution e JOIN flows_scenario s ON s.id = e.scenario_id
                    WHERE e.state IN ('pending', 'waiting') AND e.due_at <= %(now)s AND s.state = 'running')
                OR EXISTS (SELECT FROM flows_scenario WHERE state = 'running' AND next_run_at <= %(now)s
                    OR overdue ? 'since' OR overdue ? 'requeue')
                OR EXISTS (SELECT FROM flows_entryrun r JOIN flows_scenario s ON s.id = r.scenario_id
                    WHERE r.finished_at IS NULL AND r.due_at <= %(now)s AND s.state = 'running')
                OR EXISTS (SELECT FROM contacts_event e WHERE (e.xact, e.id) >
                    (SELECT xact, event_id FROM contacts_eventcursor WHERE consumer = 'scenarios'))""",
            {"now": now},
        )
        return cursor.fetchone()[0]


def until_idle(crew: Any, storm: Storm, now: datetime, deadline: float) -> dict[str, str]:
    """Until everybody's clock shows `now` and they found nothing to do at it."""
    crew.at(now)
    while (idle := crew.idle()) is None:
        assert time.monotonic() < deadline, f"The time is over. {crew.survived}"
        storm.strike()
        ended = [name for name, worker in crew.workers.items() if worker.poll() is not None]
        assert not ended, f"{ended} ended by themselves."
        time.sleep(PAUSE)
    return idle


def until_still(crew: Any, storm: Storm, now: datetime, deadline: float) -> None:
    """Until everybody has looked around twice, found nothing to do, and nobody did anything in between."""
    before: dict[str, str] | None = None
    while True:
        idle = until_idle(crew, storm, now, deadline)
        if idle == before and not busy(now):
            return
        before = idle


def play(crowds: list[Any], crew: Any, storm: Storm, until: datetime, deadline: float) -> int:
    """Move the clock from one moment at which something happens or is due to the next; how many there were."""
    from flows import starting
    from tests.chaos.crowds import happen, next_moment
    from tests.make import NOW

    for crowd in crowds:
        starting.start(crowd.scenario, NOW)
    now, moments = NOW, 0
    crew.at(now)
    crew.hire()
    while True:
        moments += 1
        until_still(crew, storm, now, deadline)
        following = next_moment(crowds, now)
        if following is None or following > until:
            while storm.cables.pulled:
                storm.cables.mend()
                time.sleep(PAUSE)
            until_still(crew, storm, now, deadline)  # also those who have just come back
            return moments
        now = max(now, following)
        happening_now = [(crowd, one) for crowd in crowds for one in crowd.case.happenings if one.at == now]
        if happening_now:
            # Or else somebody may learn of it whose clock shows an earlier moment.
            until_idle(crew, storm, now, deadline)
        for crowd, happening in happening_now:
            happen(crowd, happening)


def settle(until: datetime) -> None:
    """What was put off beyond the end is sent, and what the dead had in hand is settled."""
    from campaigns.delivery import sending
    from campaigns.delivery.claiming import LEASE
    from campaigns.delivery.settling import settle
    from campaigns.models import Message

    for hours in range(1, 60):
        if not Message.objects.filter(state__in=["queued", "sending"], origin__held=False).exists():
            return
        while sending.work(until + timedelta(hours=hours)):
            pass
        settle(until + timedelta(hours=hours) + 2 * LEASE)


def main(given: argparse.Namespace) -> None:
    from django.conf import settings

    from config import first_start
    from tests.chaos import crowds as people
    from tests.chaos import hosts
    from tests.chaos.crew import Crew, mailbox, told
    from tests.chaos.verdict import differences
    from tests.make import NOW

    started, chance = time.monotonic(), random.Random(given.seed)
    deadline = started + given.seconds
    first_start.migrate()
    made = [hosts.Host(f"wp-host-{n}", f"wp-cable-{n}") for n in range(3)] if given.hosts else []
    address = hosts.ADDRESS if made else "127.0.0.1"
    until = NOW + timedelta(days=given.days)
    crew = Crew(3, given.folder, [host.prefix for host in made])
    cables = Cables(crew, made, chance)
    troubles: list[Callable[[], bool]] = []
    for n in range(given.trouble):
        troubles.append(lambda: crew.kill(victim(crew, chance)))
        if n % 2 == 0:
            troubles.append(lambda: crew.cut(victim(crew, chance)))
        if n % 4 == 0 and settings.EMBEDDED_POSTGRES:
            troubles.append(lambda n=n: crash(crew, signal.SIGQUIT if n % 8 else signal.SIGKILL))
    troubles += [cables.pull] * given.hosts
    storm = Storm(troubles, cables, chance)
    with mailbox(given.folder, "--moods", str(given.seed), "--address", address) as inbox:
        people.sends_through(inbox.port, address)
        cases = people.drawn(given.scenarios, given.seed)
        crowds = [people.settled(case, place, given.contacts // len(cases)) for place, case in enumerate(cases)]
        try:
            moments = play(crowds, crew, storm, until, deadline)
        finally:
            crew.dismiss()
        settle(until)
        wrong = differences(crowds, until, inbox.taken())
    from campaigns.models import Message
    from flows.models import Step

    states = Counter(Message.objects.values_list("state", flat=True))
    count = sum(len(ids) for crowd in crowds for ids in crowd.contacts.values())
    sys.stdout.write(
        f"{told(crew.survived)} survived by {count:,} contacts in {len(crowds)} scenarios (seed {given.seed}): "
        f"{Step.objects.count():,} steps at {moments} moments, messages {dict(states)}, "
        f"{time.monotonic() - started:.0f} s.\n"
    )
    if wrong:
        sys.stdout.write(json.dumps(wrong, default=str, indent=1)[:20_000] + "\n")
        sys.exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    defaults = {"contacts": 50_000, "scenarios": 5, "days": 45, "trouble": 24, "seed": 1, "seconds": 1500, "hosts": 0}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    os.environ.setdefault("WAYPOST_VAR", str(arguments.folder))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(arguments)
