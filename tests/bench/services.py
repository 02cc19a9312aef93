"""The sender, ledger and all, into a service that takes many messages in one call, by Mailgun's protocol.

The real path: django-anymail and requests over HTTP, into a stub of its own process. The floor is one call's bytes,
built beforehand, posted again and again over one connection. `python -m tests.bench.services [mails] [rounds]`
"""

import json
import os
import statistics
import sys
import time
from typing import Any

from tests.bench._database import database, run
from tests.bench._mailgun import Mailgun
from tests.bench._sending import account, crowd, enqueue, send, spent

MAILS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
IN_ONE_CALL = 500


def floor(url: str) -> float:
    """Seconds for as many messages, of 1.5 kB each beside what they have in common, in calls of 500."""
    import requests

    page = "x" * 1_500
    own = {"subject": "Hello", "html": page, "v:waypost": "x"}
    variables = json.dumps({f"c{n}@example.com": own for n in range(IN_ONE_CALL)})
    files = [("to", (None, f"c{n}@example.com")) for n in range(IN_ONE_CALL)]
    files += [("v:waypost", (None, "x")), ("recipient-variables", (None, variables))]
    call = requests.Request("POST", f"{url}example.com/messages", files=files)
    with requests.Session() as session:
        prepared = session.prepare_request(call)
        started = time.monotonic()
        for _ in range(max(MAILS // IN_ONE_CALL, 1)):
            assert session.send(prepared).status_code == 200
        return time.monotonic() - started


def measure(service: Mailgun, workers: int) -> dict[str, Any]:
    floors, times, told = [], [], []
    for n in range(ROUNDS):
        enqueue(f"bench:{workers}:{n}")
        floors.append(floor(service.url))
        before = service.taken
        seconds, said = send(workers)
        times.append(seconds)
        told.append(said)
        assert service.taken - before == MAILS, (service.taken, before)
        run("VACUUM campaigns_message")
    return {
        "per_second": round(MAILS / statistics.median(times)),
        "best_per_second": round(MAILS / min(times)),
        "floor_per_second": round(MAILS / statistics.median(floors)),
        **spent(told, MAILS),
    }


def main() -> None:
    crowd(MAILS)
    with Mailgun() as service:
        settings = {"sender_domain": "example.com", "parallel": 32, "api_url": service.url}
        account("mailgun", settings, {"api_key": "bench"})
        results = {"one worker": measure(service, 1), "two workers": measure(service, 2)}
    load = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps({"bench": "services", "mails": MAILS} | results | {"wanted": {"per_second": 5_000}, "load": load}))


if __name__ == "__main__":
    with database("services"):
        main()
