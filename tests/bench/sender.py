"""The sender, ledger and all, against sending mails built beforehand over a pipelined connection, side by side.

15 kB of HTML with 6 variables and 10 tracked links to contacts who are all called otherwise, once with one worker, once
with two, and once with one into a server that answers after 20 ms. `python -m tests.bench.sender [mails] [rounds]`
"""

import json
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bench._database import cpu_seconds, database, peak_memory_mb, run
from tests.bench._sink import Sink

MAILS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIELDS = ["first_name", "last_name", "email", "language", "attributes.city", "attributes.plan"]
CELL = (
    '<td style="font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:22px;color:#333333;padding:0 24px">'
)
BODY = (
    "<html><body><table>"
    + "".join(f"<tr>{CELL}{field}: {{{{ contact.{field} }}}}</td></tr>" for field in FIELDS)
    + "".join(f'<tr>{CELL}<a href="https://example.com/page/{n}">Page {n}</a></td></tr>' for n in range(10))
    + f"<tr>{CELL}The quick brown fox jumps over the lazy dog.</td></tr>" * 77
    + "</table></body></html>"
)
COMMANDS = b"MAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\nDATA\r\n"
NAME = "bench_sender"


def floor(port: int, raw: bytes, mails: int) -> None:
    """Hands the same bytes over again and again, each along with the commands for the next."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"EHLO bench\r\n" + COMMANDS)
        _hear(line, b"354 ")
        write = raw + b"\r\n.\r\n" + COMMANDS
        for _ in range(mails - 1):
            line.sendall(write)
            _hear(line, b"354 ")
        line.sendall(raw + b"\r\n.\r\nQUIT\r\n")
        _hear(line, b"221 ")


def _hear(line: socket.socket, last: bytes) -> None:
    heard = b""
    while last not in heard:
        got = line.recv(65_536)
        assert got, heard
        heard += got


def _apart(work: Callable[..., None], pipe: Any, *values: Any) -> None:
    """In a process of its own: says when it is ready, works when told, and says what that took."""
    pipe.send("ready")
    pipe.recv()
    cpu = time.process_time()
    work(*values)
    pipe.send({"python": time.process_time() - cpu, "memory": peak_memory_mb(), "ended": time.monotonic()})


def _floor_worker(pipe: Any, port: int, raw: bytes, mails: int) -> None:
    _apart(floor, pipe, port, raw, mails)


def _sender_worker(pipe: Any, parameters: dict[str, Any]) -> None:
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict.update(parameters)
    from campaigns import sending

    sending.work(datetime(2000, 1, 1, tzinfo=UTC))  # nothing is due then: what a worker has loaded long since is loaded
    spent: dict[str, float] = {}

    def work() -> None:
        before = cpu_seconds()
        while sending.work(NOW):
            pass
        spent.update({key: value - before[key] for key, value in cpu_seconds().items()})

    _apart(work, pipe)
    pipe.send(spent)


def side_by_side(n: int, worker: Callable[..., None], *values: Any) -> tuple[float, list[dict[str, Any]]]:
    """Seconds from the start of all workers to the end of the last one, and what each says."""
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for _ in range(n):
        here, there = context.Pipe()
        process = context.Process(target=worker, args=(there, *values), daemon=True)
        process.start()
        pipes.append(here)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()
    started = time.monotonic()
    for pipe in pipes:
        pipe.send("go")
    told = [pipe.recv() for pipe in pipes]
    if worker is _sender_worker:
        told = [one | pipe.recv() for one, pipe in zip(told, pipes, strict=True)]
    for process in processes:
        process.join()
    return max(one["ended"] for one in told) - started, told


def enqueue(origin: str) -> None:
    from campaigns import contents, outbox
    from contacts.models import Contact

    content = contents.content_of("email", {"subject": "Hello {{ contact.first_name }}", "body": BODY}, NOW)
    ids = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    outbox.enqueue(origin, content, ids, [0] * len(ids), ids, [None] * len(ids), NOW)


def built_before() -> bytes:
    """One message as the sender would build it."""
    from campaigns import channels
    from campaigns.models import Content
    from contacts.models import Contact
    from templates_app import rendering

    contact = Contact.objects.order_by("pk")[0]
    composer = channels.of("email").composer(Content.objects.get())
    outgoing = composer.compose(1, contact, rendering.context_of(contact, None))
    return outgoing.mime("from@example.com").content


def measure(mode: str, workers: int, delay: float = 0) -> dict[str, Any]:
    from django.db import connection

    from campaigns.models import Message, Provider

    floors, times, told = [], [], []
    with Sink(delay) as sink:
        Provider.objects.filter(channel="email").update(is_default=False, enabled=False)
        settings = {"host": "127.0.0.1", "port": sink.port, "security": "none", "from_email": "from@example.com",
                    "from_name": "", "username": "", "timeout": 10, "connections": 64}  # fmt: skip
        Provider.objects.create(channel="email", kind="smtp", name=mode, settings=settings, is_default=True)
        for n in range(ROUNDS):
            enqueue(f"bench:{mode}:{n}")
            raw = built_before()
            if not delay:  # over one connection it would only measure the delay
                floors.append(side_by_side(workers, _floor_worker, sink.port, raw, MAILS // workers)[0])
            before = sink.taken
            seconds, said = side_by_side(workers, _sender_worker, {"NAME": connection.settings_dict["NAME"]})
            times.append(seconds)
            told.append(said)
            assert sink.taken - before == MAILS, (sink.taken, before)
            assert not Message.objects.exclude(state="sent").exists()
            run("VACUUM campaigns_message")
    result: dict[str, Any] = {"seconds": round(statistics.median(times), 2)}
    result["sender_per_second"] = round(MAILS / statistics.median(times))
    if floors:
        result["floor_per_second"] = round(MAILS / statistics.median(floors))
        result["ratio"] = round(statistics.median(f / t for f, t in zip(floors, times, strict=True)), 3)
    for key in ("python", "postgres"):
        spent = [sum(one.get(key, 0) for one in said) for said in told]
        result[f"{key}_us_per_mail"] = round(statistics.median(spent) / MAILS * 1e6)
    result["peak_memory_mb"] = max(one["memory"] for said in told for one in said)
    result["kilobytes"] = round(len(raw) / 1024, 1)
    return result


def main() -> None:
    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'Zoë' || n, 'Last', 'Europe/Paris', 'en',
            '{"city": "Paris", "plan": "pro"}', now(), now() FROM generate_series(1, %s) n""",
        MAILS,
    )
    run("VACUUM ANALYZE contacts_contact")
    results = {
        "one worker": measure("one", 1),
        "two workers": measure("two", 2),
        "one worker, 20 ms": measure("slow", 1, 0.02),
    }
    print(json.dumps({"bench": "sender", "mails": MAILS} | results))


if __name__ == "__main__":
    with database("sender"):
        main()
