"""What benches of sending have in common: a letter, a crowd, accounts, and workers that send at the same moment.

15 kB of HTML with 6 variables and 10 tracked links, to contacts who are all called otherwise.
"""

import multiprocessing
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bench._database import cpu_seconds, peak_memory_mb, run

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
SUBJECT = "Hello {{ contact.first_name }}"


def crowd(contacts: int) -> None:
    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'Zoë' || n, 'Last', 'Europe/Paris', 'en',
            '{"city": "Paris", "plan": "pro"}', now(), now() FROM generate_series(1, %s) n""",
        contacts,
    )
    run("VACUUM ANALYZE contacts_contact")


def account(kind: str, settings: dict[str, Any], known: dict[str, str] | None = None) -> Any:
    """The account through which all email goes from now on."""
    from campaigns import secrets
    from campaigns.models import Provider

    Provider.objects.filter(channel="email").update(is_default=False, enabled=False)
    whole = {"from_email": "from@example.com", "from_name": "", "timeout": 10} | settings
    name = f"{kind} {Provider.objects.count()}"
    return Provider.objects.create(
        channel="email", kind=kind, name=name, settings=whole, secrets=secrets.encrypt(known or {}), is_default=True
    )


def smtp(port: int) -> Any:
    return account("smtp", {"host": "127.0.0.1", "port": port, "security": "none", "username": "", "connections": 64})


def enqueue(origin: str, mails: int | None = None) -> None:
    """To every contact, or to the first so many of them."""
    from campaigns import contents, outbox
    from contacts.models import Contact

    content = contents.content_of("email", {"subject": SUBJECT, "body": BODY}, NOW)
    ids = list(Contact.objects.order_by("pk").values_list("pk", flat=True)[:mails])
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


def apart(work: Callable[..., None], pipe: Any, *values: Any) -> None:
    """In a process of its own: says when it is ready, works when told, and says what that took."""
    pipe.send("ready")
    pipe.recv()
    cpu = time.process_time()
    work(*values)
    pipe.send({"python": time.process_time() - cpu, "memory": peak_memory_mb(), "ended": time.monotonic()})


def sender_worker(pipe: Any, parameters: dict[str, Any]) -> None:
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict.update(parameters)
    from campaigns.delivery import sending

    sending.work(datetime(2000, 1, 1, tzinfo=UTC))  # nothing is due then: what a worker has loaded long since is loaded
    spent: dict[str, float] = {}

    def work() -> None:
        before = cpu_seconds()
        while sending.work(NOW):
            pass
        spent.update({key: value - before[key] for key, value in cpu_seconds().items()})

    apart(work, pipe)
    pipe.send(spent)


def send(workers: int) -> tuple[float, list[dict[str, Any]]]:
    """Have so many workers send everything that is queued: seconds, and what each says of itself."""
    from django.db import connection

    from campaigns.models import Message

    told = side_by_side(workers, sender_worker, {"NAME": connection.settings_dict["NAME"]})
    assert not Message.objects.exclude(state="sent").exists()
    return told


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
    if worker is sender_worker:
        told = [one | pipe.recv() for one, pipe in zip(told, pipes, strict=True)]
    for process in processes:
        process.join()
    return max(one["ended"] for one in told) - started, told


def spent(told: list[list[dict[str, Any]]], mails: int) -> dict[str, Any]:
    """The best of several rounds in microseconds of CPU per mail (others on the machine only ever make it more), and
    the highest memory."""
    found: dict[str, Any] = {
        f"{key}_us_per_mail": round(min(sum(one.get(key, 0) for one in said) for said in told) / mails * 1e6)
        for key in ("python", "postgres")
    }
    return found | {"peak_memory_mb": max(one["memory"] for said in told for one in said)}
