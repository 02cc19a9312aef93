"""Webhooks of an email service: how many calls a second one process absorbs, and how fast what they say is applied.

Each call goes through the whole of Django as a web server hands it over: one mail was delivered, signed by Mailgun's
protocol; then twenty in each call, in SendGrid's words and proven by the password. The floor is
the plain INSERT of as many rows, each in a transaction of its own. `python -m tests.bench.webhooks [calls]`
"""

import base64
import hashlib
import hmac
import io
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from tests.bench._database import cpu_seconds, database, peak_memory_mb, run

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
KEY = "signing-key"


def body(n: int, token: str, now: float) -> bytes:
    stamp, nonce = str(int(now)), f"{n:050d}"
    signature = hmac.new(KEY.encode(), f"{stamp}{nonce}".encode(), hashlib.sha256).hexdigest()
    event = {
        "event": "delivered", "id": str(n), "timestamp": now, "recipient": f"c{n}@example.com",
        "message": {"headers": {"message-id": f"m{n}"}}, "user-variables": {"waypost": token},
        "delivery-status": {"code": 250, "message": "OK", "description": ""}, "log-level": "info", "tags": [],
        "envelope": {"transport": "smtp", "sender": "a@example.com", "targets": f"c{n}@example.com"},
    }  # fmt: skip
    return json.dumps(
        {"signature": {"token": nonce, "timestamp": stamp, "signature": signature}, "event-data": event}
    ).encode()


def twenty(n: int, token: str, now: float) -> bytes:
    """As SendGrid says it."""
    said = [
        {"event": "processed", "sg_event_id": f"{n}.{i}", "timestamp": int(now), "email": f"c{n}.{i}@example.com",
         "sg_message_id": f"m{n}.{i}", "waypost": token, "smtp-id": f"<m{n}.{i}@example.com>"}
        for i in range(20)
    ]  # fmt: skip
    return json.dumps(said).encode()


def post(handler: Any, path: str, body: bytes, login: str = "") -> None:
    answers: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "HTTP_HOST": "localhost", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
        "HTTP_AUTHORIZATION": "Basic " + base64.b64encode(login.encode()).decode(),
    }  # fmt: skip
    response = handler(environ, lambda status, _headers: answers.append(status))
    response.close()
    assert answers[0].startswith("200"), answers


def absorb(handler: Any, path: str, bodies: list[bytes], login: str = "") -> tuple[float, float]:
    """How long it took, and how much CPU."""
    before, started = cpu_seconds(), time.perf_counter()
    for each in bodies:
        post(handler, path, each, login)
    return time.perf_counter() - started, cpu_seconds()["python"] - before["python"]


def main() -> None:
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection

    from campaigns import secrets
    from campaigns.models import Content, Message, Notice, Origin, Provider
    from campaigns.notices import applying, passwords
    from campaigns.tracking import signatures
    from contacts.models import Contact

    provider = Provider.objects.create(
        channel="email", kind="mailgun", name="M", settings={"from_email": "a@example.com", "parallel": 1},
        secrets=secrets.encrypt({"webhook_signing_key": KEY}),
    )  # fmt: skip
    run(
        """INSERT INTO contacts_contact (email, timezone, language, attributes, created_at, updated_at, first_name,
            last_name) SELECT 'c' || n || '@example.com', '', 'en', '{}', now(), now(), '', ''
            FROM generate_series(1, %s) n""",
        CALLS,
    )
    origin = Origin.objects.create(key="bench:1")
    content = Content.objects.create(digest="d", channel="email", body="x", markup="html")
    run(
        """INSERT INTO campaigns_message (contact_id, channel, origin_id, origin_pass, content_id, state, provider_id,
            queued_at, due_at, sent_at) SELECT id, 'email', %s, id, %s, 'sent', %s, now(), now(), now()
            FROM contacts_contact""",
        origin.pk, content.pk, provider.pk,
    )  # fmt: skip
    assert Contact.objects.count() == CALLS
    now = time.time()
    ids = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    bodies = [body(n, signatures.token(pk), now) for n, pk in enumerate(ids)]
    handler = WSGIHandler()

    run("CREATE TABLE floor (LIKE campaigns_notice INCLUDING ALL)")
    started = time.perf_counter()
    for n in range(CALLS):
        run(
            """INSERT INTO floor (id, provider_id, key, what, message_id, provider_message_id, recipient, reason, url,
                device, at, received_at, due_at)
                VALUES (%s, %s, %s, 'delivered', %s, 'm', 'r', 'OK', '', '', now(), now(), now())""",
            n, provider.pk, f"k{n}", n,
        )  # fmt: skip
    floor = time.perf_counter() - started

    taken, spent = absorb(handler, f"/webhooks/mailgun/{provider.pk}/", bodies)

    started = time.perf_counter()
    while applying.apply(datetime.now(UTC)):
        pass
    applied = time.perf_counter() - started
    assert Message.objects.filter(state="delivered").count() == CALLS
    assert not Notice.objects.filter(due_at__isnull=False).exists()

    other = Provider.objects.create(
        channel="email", kind="sendgrid", name="S", settings={"from_email": "a@example.com"}
    )
    many = [twenty(n, signatures.token(pk), now) for n, pk in enumerate(ids[: CALLS // 10])]
    login = f"{passwords.USER}:{next(passwords.valid(other))}"
    taken_many, spent_many = absorb(handler, f"/webhooks/sendgrid/{other.pk}/", many, login)
    assert Notice.objects.filter(provider=other).count() == 20 * len(many)
    connection.close()
    print(
        json.dumps(
            {
                "bench": "webhooks",
                "calls": CALLS,
                "absorbed_per_second": round(CALLS / taken),
                "applied_per_second": round(CALLS / applied),
                "floor_per_second": round(CALLS / floor),
                "ratio": round(floor / taken, 3),
                "cpu_us_per_call": round(spent / CALLS * 1e6),
                "events_per_second_by_twenty": round(20 * len(many) / taken_many),
                "cpu_us_per_call_of_twenty": round(spent_many / len(many) * 1e6),
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    with database("webhooks"):
        main()
