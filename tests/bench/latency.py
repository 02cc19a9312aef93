"""From the call of the event API to the mail's arrival at the server, on a whole Waypost as `manage.py up` runs it.

First at rest, then while another scenario lets a great many contacts in and writes to them.
`python -m tests.bench.latency [contacts of the other scenario] [events at rest]`
"""

import http.client
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

CONTACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 150
PAUSE = 0.1
LONGEST = 300.0  # seconds of measuring under load
NOTE = re.compile(rb"^Subject: note (\d+)", re.MULTILINE)


def sink(port: Any, arrivals: Any) -> None:
    """A mail server that tells when each note came; other mails it just takes."""
    from tests.mail_sink import serve

    def take(mail: bytes) -> None:
        if found := NOTE.search(mail[:2_000]):
            arrivals.put((int(found[1]), time.time()))

    serve(take, port.send)


def prepare(port: int) -> tuple[str, int]:
    """Contacts, a provider and both scenarios; an API key, and the scenario that is to be the load."""
    from campaigns.models import Provider
    from config.models import ApiKey
    from flows import starting
    from flows.models import Scenario
    from flows.saving import save
    from tests.bench._database import run

    now = datetime.now(UTC)
    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'First', 'Last', 'Europe/Paris', 'en', '{}', now(), now()
        FROM generate_series(1, %s) n""",
        max(CONTACTS, 1_000),
    )
    run("VACUUM ANALYZE contacts_contact")
    Provider.objects.filter(channel="email").update(is_default=False, enabled=False)
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "from_email": "from@example.com",
                "from_name": "", "username": "", "timeout": 10}  # fmt: skip
    Provider.objects.create(channel="email", kind="smtp", name="Sink", settings=settings, is_default=True)

    def scenario(name: str, trigger: str, config: dict[str, Any], subject: str) -> Any:
        nodes = [
            {"id": "n1", "type": trigger, "x": 0, "y": 0, "config": config},
            {"id": "n2", "type": "email", "x": 200, "y": 0, "config": {"subject": subject, "body": "<p>Hello</p>"}},
            {"id": "n3", "type": "wait", "x": 400, "y": 0, "config": {"amount": 7, "unit": "days"}},
        ]
        edges = [{"from": "n1", "port": "next", "to": "n2"}]
        if trigger == "now":
            edges.append({"from": "n2", "port": "next", "to": "n3"})
        else:
            nodes.pop()
        made = Scenario.objects.create(name=name)
        save(made, {"nodes": nodes, "edges": edges}, {}, None, None, now)
        return made

    starting.start(scenario("Notes", "on_event", {"event": "note"}, "note {{ event.n }}"), now)
    return ApiKey.objects.issue("bench", ["events:write"])[1], scenario("Load", "now", {}, "Hello").pk


class Notes:
    """Sends events one after the other and learns when their mails arrived."""

    def __init__(self, port: int, key: str, arrivals: Any) -> None:
        self.port, self.arrivals = port, arrivals
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.n = 0

    def latencies(self, until: Callable[[], bool]) -> list[float]:
        """Seconds of each, in order."""
        sent: dict[int, float] = {}
        arrived: dict[int, float] = {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not until():
            self.n += 1
            contact = {"email": f"c{self.n % 1_000 + 1}@example.com"}
            body = json.dumps({"events": [{"contact": contact, "name": "note", "properties": {"n": self.n}}]})
            sent[self.n] = time.time()
            connection.request("POST", "/api/v1/events/", body, self.headers)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == 202, said
            time.sleep(PAUSE)
        while len(arrived) < len(sent):
            n, at = self.arrivals.get(timeout=60)
            arrived[n] = at
        return sorted(arrived[n] - at for n, at in sent.items())


def told(latencies: list[float]) -> dict[str, float]:
    """In milliseconds."""
    return {
        "events": len(latencies),
        "p50": round(statistics.median(latencies) * 1e3),
        "p99": round(latencies[int(len(latencies) * 0.99)] * 1e3),
        "worst": round(latencies[-1] * 1e3),
    }


def main(folder: str) -> None:
    import django

    django.setup()
    from config import first_start

    first_start.migrate()
    context = multiprocessing.get_context("spawn")
    (here, there), arrivals = context.Pipe(), context.Queue()
    mails = context.Process(target=sink, args=(there, arrivals), daemon=True)
    mails.start()
    key, load = prepare(here.recv())
    house = subprocess.Popen([sys.executable, "manage.py", "up"], stdout=subprocess.PIPE, text=True)
    try:
        assert house.stdout
        line = next(line for line in house.stdout if "is ready at" in line)
        notes = Notes(int(line.rpartition(":")[2]), key, arrivals)
        first = notes.n + 20
        notes.latencies(lambda: notes.n >= first)  # warm
        last = notes.n + EVENTS
        rest = notes.latencies(lambda: notes.n >= last)
        busy, seconds = under_load(notes, load)
    finally:
        house.terminate()
        house.wait()
        mails.terminate()
    print(
        json.dumps(
            {
                "bench": "latency",
                "at_rest_ms": told(rest),
                "most_at_rest_ms": {"p50": 300, "p99": 1_000},
                "contacts_beside": CONTACTS,
                "seconds_beside": round(seconds),
                "beside_ms": told(busy),
                "most_beside_ms": {"p99": 3_000},
            }
        )
    )


def under_load(notes: Notes, load: int) -> tuple[list[float], float]:
    from campaigns.models import Message
    from flows import starting
    from flows.models import EntryRun, Scenario

    started = time.monotonic()
    starting.start(Scenario.objects.get(pk=load), datetime.now(UTC))

    def over() -> bool:
        if time.monotonic() - started > LONGEST:
            return True
        queued = Message.objects.filter(state="queued").exists()
        runs = EntryRun.objects.filter(scenario=load)
        return not queued and runs.exists() and not runs.filter(finished_at=None).exists()

    found = notes.latencies(over)
    return found, time.monotonic() - started


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"WAYPOST_VAR": folder, "PORT": "0", "API_THROTTLE": "1000000/s",
                       "DJANGO_SETTINGS_MODULE": "config.settings"}  # fmt: skip
        os.environ.pop("DATABASE_URL", None)
        main(folder)
