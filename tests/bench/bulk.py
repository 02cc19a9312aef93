"""Contacts by the thousand over the API: `contacts/bulk/` with new people, and again with what is known of them.

Each call goes through the whole of Django as a web server hands it over, authentication and all, without a network.
The floor is a plain COPY of the same rows into the contact table. `python -m tests.bench.bulk [contacts] [per call]`
"""

import io
import json
import sys
import time

from tests.bench._database import cpu_seconds, database, peak_memory_mb, run

CONTACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
PER_CALL = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000


def contact(n: int) -> dict[str, object]:
    mixed = n * 7919 % 1_000_003
    return {
        "email": f"person{mixed}@example{n % 50}.com", "phone": f"+336{mixed:08}", "first_name": f"Zoë{n % 1000}",
        "last_name": f"Last{mixed % 5000}", "attributes": {"city": "Besançon", "plan": "pro", "orders": n % 90},
        "tags": [f"wave {n % 10}"], "consent": {"email": "subscribed" if n % 4 else "unsubscribed"},
    }  # fmt: skip


def floor() -> float:
    from django.db import connection

    lines = "".join(
        f"{one['email']}\t{one['phone']}\t{one['first_name']}\t{one['last_name']}\tEurope/Paris\t\t"
        f"{json.dumps(one['attributes'])}\t2026-03-02\t2026-03-02\n"
        for one in map(contact, range(CONTACTS))
    )
    started = time.perf_counter()
    statement = """COPY contacts_contact (email, phone, first_name, last_name, timezone, language, attributes,
        created_at, updated_at) FROM STDIN"""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(lines)
    seconds = time.perf_counter() - started
    run("TRUNCATE contacts_contact CASCADE")
    return seconds


def main() -> None:
    from django.core.wsgi import get_wsgi_application

    from config.models import ApiKey

    application = get_wsgi_application()
    _, key = ApiKey.objects.issue("bench")
    bodies = [
        json.dumps({"contacts": [contact(n) for n in range(start, min(CONTACTS, start + PER_CALL))]}).encode()
        for start in range(0, CONTACTS, PER_CALL)
    ]

    def post(body: bytes) -> dict[str, int]:
        statuses: list[str] = []
        answer = application(
            {
                "REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/contacts/bulk/", "SERVER_NAME": "localhost",
                "SERVER_PORT": "80", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
                "wsgi.url_scheme": "http",
                "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)),
                "HTTP_AUTHORIZATION": f"Bearer {key}",
            },
            lambda status, headers, exc_info=None: statuses.append(status),
        )  # fmt: skip
        said = b"".join(answer)
        assert statuses == ["200 OK"], (statuses, said[:300])
        return json.loads(said)

    def all_of_them() -> tuple[float, dict[str, float], int, int]:
        started, before = time.perf_counter(), cpu_seconds()
        answers = [post(body) for body in bodies]
        seconds, after = time.perf_counter() - started, cpu_seconds()
        spent = {name: round(after[name] - before[name], 2) for name in after}
        return seconds, spent, sum(a["created"] for a in answers), sum(a["updated"] for a in answers)

    plain = floor()
    assert post(b'{"contacts": []}')["created"] == 0  # what the first call loads, the others have
    seconds, cpu, created, _ = all_of_them()
    assert created == CONTACTS
    again, again_cpu, _, updated = all_of_them()
    assert updated == CONTACTS
    print(
        json.dumps(
            {
                "bench": "bulk",
                "contacts": CONTACTS,
                "per_call": PER_CALL,
                "floor_seconds": round(plain, 2),
                "seconds": round(seconds, 2),
                "contacts_per_second": round(CONTACTS / seconds),
                "ratio": round(plain / seconds, 3),
                "again_per_second": round(CONTACTS / again),
                "cpu_seconds": cpu,
                "again_cpu_seconds": again_cpu,
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    with database("bulk"):
        main()
