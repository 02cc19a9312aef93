"""Webhooks of an email service: how many calls a second one process absorbs, and how fast what they say is applied.

Each call tells that one mail was delivered, signed by Mailgun's protocol, and goes through the whole of Django. The
floor is the plain INSERT of as many rows, each in a transaction of its own. `python -m tests.bench.webhooks [calls]`
"""

import hashlib
import hmac
import json
import sys
import time
from datetime import UTC, datetime

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


def main() -> None:
    from django.db import connection
    from django.test import Client

    from campaigns import secrets, signatures
    from campaigns.models import Content, Message, Notice, Origin, Provider
    from campaigns.notices import applying
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
    path, client = f"/webhooks/mailgun/{provider.pk}/", Client()

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

    before, started = cpu_seconds(), time.perf_counter()
    for each in bodies:
        response = client.post(path, each, content_type="application/json")
        assert response.status_code == 200, (response.status_code, response.content)
    taken = time.perf_counter() - started
    spent = cpu_seconds()["python"] - before["python"]

    started = time.perf_counter()
    while applying.apply(datetime.now(UTC)):
        pass
    applied = time.perf_counter() - started
    assert Message.objects.filter(state="delivered").count() == CALLS
    assert not Notice.objects.filter(due_at__isnull=False).exists()
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
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    with database("webhooks"):
        main()
