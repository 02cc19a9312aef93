"""From 10,000 sign-ups told to the API to the first and the last of their mails at the mail server.

On a whole Waypost as `manage.py up` runs it: a running scenario greets whoever signs up with a letter of 15 kB. The
events are told in one call, about contacts who are there, or who come into being with the event; the time counts from
that call. `python -m tests.bench.signups [events] [rounds]`
"""

import http.client
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
LONGEST = 300.0  # seconds


def sink(port: Any, first: Any, last: Any, taken: Any) -> None:
    """A mail server that tells how many mails it took, and when the first and the last of them came."""
    from tests.mail_sink import serve

    def take(mail: bytes) -> None:
        last.value = time.time()
        first.value = first.value or last.value
        taken.value += 1

    serve(take, port.send)


def prepare(port: int) -> str:
    """The account, and the running scenario; returns an API key."""
    from config.models import ApiKey
    from flows import starting
    from flows.models import Scenario
    from flows.saving import save
    from tests.bench._sending import BODY, SUBJECT, crowd, smtp

    now = datetime.now(UTC)
    crowd(EVENTS)
    smtp(port)
    nodes = [
        {"id": "n1", "type": "on_event", "x": 0, "y": 0, "config": {"event": "signed.up"}},
        {"id": "n2", "type": "email", "x": 200, "y": 0, "config": {"subject": SUBJECT, "body": BODY}},
    ]
    scenario = Scenario.objects.create(name="Welcome", reentry="always")
    save(scenario, {"nodes": nodes, "edges": [{"from": "n1", "port": "next", "to": "n2"}]}, {}, None, None, now)
    starting.start(scenario, now)
    return ApiKey.objects.issue("bench", ["events:write"])[1]


def sign_up(port: int, key: str) -> float:
    """Tell all events in one call; returns how many seconds that took."""
    events = [
        {"contact": {"email": f"c{n}@example.com"}, "name": "signed.up", "properties": {"n": n}}
        for n in range(1, EVENTS + 1)
    ]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    body, started = json.dumps({"events": events}), time.time()
    connection.request("POST", "/api/v1/events/", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 202, said
    return time.time() - started


def main() -> None:
    import django

    django.setup()
    from config import first_start

    first_start.migrate()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    first, last, taken = context.Value("d", 0), context.Value("d", 0), context.Value("q", 0)
    mails = context.Process(target=sink, args=(there, first, last, taken), daemon=True)
    mails.start()
    key = prepare(here.recv())
    house = subprocess.Popen([sys.executable, "manage.py", "up"], stdout=subprocess.PIPE, text=True)
    found: list[dict[str, float]] = []
    try:
        assert house.stdout
        line = next(line for line in house.stdout if "is ready at" in line)
        port = int(line.rpartition(":")[2])
        for n in range(1, ROUNDS + 1):
            first.value, started = 0, time.time()
            called = sign_up(port, key)
            while taken.value < n * EVENTS:
                assert time.time() < started + LONGEST, f"{taken.value:,} mails came"
                time.sleep(0.01)
            found.append(
                {"call_s": round(called, 2), "first_mail_s": round(first.value - started, 2),
                 "last_mail_s": round(last.value - started, 2)}
            )  # fmt: skip
    finally:
        house.terminate()
        house.wait()
        mails.terminate()
    load = [round(each, 1) for each in os.getloadavg()]
    wanted = {"last_mail_s": 10}
    print(json.dumps({"bench": "signups", "events": EVENTS, "rounds": found, "wanted": wanted, "load": load}))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"WAYPOST_VAR": folder, "PORT": "0", "API_THROTTLE": "1000000/s",
                       "DJANGO_SETTINGS_MODULE": "config.settings"}  # fmt: skip
        os.environ.pop("DATABASE_URL", None)
        main()
