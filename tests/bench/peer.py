"""The sender against django-post-office, side by side: the same letter to as many contacts, into the same mail server.

Each with two processes, from a full queue to the last mail; django-post-office without tracked links, a ledger of
recipients or anything at-most-once, for it has none. It is installed for this bench only, into a Python of its own:

    python -m venv /somewhere && /somewhere/bin/pip install django-post-office 'psycopg[binary]'
    POST_OFFICE_PYTHON=/somewhere/bin/python python -m tests.bench.peer [mails] [rounds]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import _post_office
from tests.bench._database import database, run
from tests.bench._sending import BODY, crowd, enqueue, send, smtp, spent
from tests.bench._sink import Sink

MAILS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
WORKERS = 2
PEER = os.environ.get("POST_OFFICE_PYTHON", sys.executable)
SETTINGS = {"batch": 500, "threads": 5, "processes": WORKERS}


def is_there() -> bool:
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('post_office') is None)"
    return subprocess.run([PEER, "-c", look]).returncode == 0


def post_office(sink: Sink, folder: str) -> dict[str, float]:
    from django.db import connection

    name = f"{connection.settings_dict['NAME']}_peer"
    run(f"DROP DATABASE IF EXISTS {name}")
    run(f"CREATE DATABASE {name}")
    keys = ("HOST", "PORT", "USER", "PASSWORD")
    told: dict[str, Any] = {
        "database": {key: connection.settings_dict[key] for key in keys} | {"NAME": name},
        "port": sink.port, "mails": MAILS, "body": BODY, "lock": str(Path(folder) / "lock"), **SETTINGS,
    }  # fmt: skip
    with subprocess.Popen(
        [PEER, Path(_post_office.__file__)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        before = sink.taken
        process.stdin.write("go\n")
        process.stdin.flush()
        said = json.loads(process.stdout.readline())
    assert sink.taken - before == MAILS, (sink.taken, before)
    run(f"DROP DATABASE {name}")
    return said


def main() -> None:
    if not is_there():
        print(
            json.dumps({"bench": "peer", "absent": "django-post-office", "cure": "see the top of tests/bench/peer.py"})
        )
        return
    crowd(MAILS)
    theirs, ours, told = [], [], []
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        smtp(sink.port)
        for n in range(ROUNDS):
            theirs.append(post_office(sink, folder))
            enqueue(f"bench:{n}")
            seconds, said = send(WORKERS)
            ours.append(seconds)
            told.append(said)
    each = [round(peer["seconds"] / own, 1) for peer, own in zip(theirs, ours, strict=True)]
    result = {
        "post_office_per_second": round(MAILS / min(peer["seconds"] for peer in theirs)),
        "post_office_python_us_per_mail": round(min(peer["python"] for peer in theirs) / MAILS * 1e6),
        "sender_per_second": round(MAILS / min(ours)),
        **{f"sender_{key}": value for key, value in spent(told, MAILS).items()},
        "ratio": statistics.median(each),
        "ratios": each,
        "wanted": {"ratio": 10},
        "load": [round(load, 1) for load in os.getloadavg()],
    }
    print(json.dumps({"bench": "peer", "mails": MAILS, "processes": WORKERS} | result))


if __name__ == "__main__":
    with database("peer"):
        main()
