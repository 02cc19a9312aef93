"""The sender, ledger and all, against a loop that sends one message built beforehand over one kept SMTP connection.

15 kB of HTML with 6 variables and 10 tracked links. `python -m tests.bench.sender [mails] [rounds]`
"""

import json
import smtplib
import statistics
import sys
import time
from datetime import UTC, datetime

from tests.bench._database import database, peak_memory_mb, run
from tests.bench._sink import Sink

MAILS = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FIELDS = ["first_name", "last_name", "email", "language", "attributes.city", "attributes.plan"]
BODY = (
    "<html><body>"
    + "".join(f"<p>{{{{ contact.{field} }}}}</p>" for field in FIELDS)
    + "".join(f'<p><a href="https://example.com/page/{n}">Page {n}</a></p>' for n in range(10))
    + "<p>The quick brown fox jumps over the lazy dog.</p>" * 270
    + "</body></html>"
)


def floor(sink: Sink, raw: bytes) -> tuple[float, float]:
    """Wall and CPU seconds of handing over the same bytes again and again."""
    wall, cpu = time.perf_counter(), time.process_time()
    with smtplib.SMTP("127.0.0.1", sink.port) as server:
        for _ in range(MAILS):
            server.sendmail("from@example.com", ["to@example.com"], raw)
    return time.perf_counter() - wall, time.process_time() - cpu


def ours() -> tuple[float, float]:
    from campaigns import sending

    wall, cpu = time.perf_counter(), time.process_time()
    while sending.work(NOW):
        pass
    return time.perf_counter() - wall, time.process_time() - cpu


def enqueue(n: int) -> None:
    from campaigns import contents, outbox
    from contacts.models import Contact

    content = contents.content_of("email", {"subject": "Hello {{ contact.first_name }}", "body": BODY}, NOW)
    ids = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    outbox.enqueue(f"bench:{n}", content, ids, [0] * len(ids), ids, [None] * len(ids), NOW)


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


def main() -> None:
    from campaigns.models import Message, Provider

    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'Zoë' || n, 'Last', 'Europe/Paris', 'en',
            '{"city": "Paris", "plan": "pro"}', now(), now() FROM generate_series(1, %s) n""",
        MAILS,
    )
    floors, times = [], []
    with Sink() as sink:
        Provider.objects.filter(channel="email").update(is_default=False, enabled=False)
        settings = {"host": "127.0.0.1", "port": sink.port, "security": "none", "from_email": "from@example.com",
                    "from_name": "", "username": "", "timeout": 10}  # fmt: skip
        Provider.objects.create(channel="email", kind="smtp", name="Sink", settings=settings, is_default=True)
        for n in range(ROUNDS):
            enqueue(n)
            raw = built_before()
            before = sink.taken
            floors.append(floor(sink, raw))
            times.append(ours())
            assert sink.taken - before == 2 * MAILS, (sink.taken, before)
        assert Message.objects.filter(state="sent").count() == MAILS * ROUNDS
    print(
        json.dumps(
            {
                "bench": "sender",
                "mails": MAILS,
                "kilobytes": round(len(raw) / 1024, 1),
                "floor_per_second": round(MAILS / statistics.median(wall for wall, _ in floors)),
                "sender_per_second": round(MAILS / statistics.median(wall for wall, _ in times)),
                "ratio": round(statistics.median(f[0] / t[0] for f, t in zip(floors, times, strict=True)), 3),
                "cpu_us_per_mail": round(statistics.median(cpu for _, cpu in times) / MAILS * 1e6),
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    with database("sender"):
        main()
