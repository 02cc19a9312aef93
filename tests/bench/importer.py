"""The CSV import, timelines and all, against a plain COPY of the same rows into the contact table.

100,000 people with email, phone, name, city, plan, orders, a tag and consent, then the same file again, PostgreSQL with
durable settings. New words wait in a list of the search index for the upkeep lane: what that costs is told apart.
`python -m tests.bench.importer [rows] [rounds]`
"""

import io
import json
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.bench._database import cpu_seconds, database, peak_memory_mb, run

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CITIES = ["Paris", "Lyon", "Besançon", "Köln", "New York", "Saint-Étienne", "Łódź"]
PLANS = ["free", "pro", "team"]
HEADERS = "email,phone,first name,last name,city,plan,orders,tags,consent\n"
WRITTEN = (
    "contacts_contact",
    "contacts_event",
    "contacts_contacttag",
    "contacts_consent",
    "contacts_pastconsent",
    "contacts_tag",
    "contacts_csvimport",
)


def person(n: int) -> list[str]:
    """A row of the file. The numbers are scattered, as they are in life."""
    mixed = n * 7919 % 1_000_003
    return [
        f"person{mixed}@example{n % 50}.com",
        f"+336{mixed:08}",
        f"Zoë{n % 1000}",
        f"Last{mixed % 5000}",
        CITIES[n % 7],
        PLANS[n % 3],
        str(n % 90),
        f"wave {n % 10}",
        "yes" if n % 4 else "no",
    ]


def pieces() -> Iterator[bytes]:
    yield HEADERS.encode()
    for start in range(0, ROWS, 1000):
        yield "".join(",".join(person(n)) + "\n" for n in range(start, min(ROWS, start + 1000))).encode()


def floor() -> float:
    """The same contacts, ready to be written, into the same table with the same indexes."""
    from django.db import connection

    lines = io.StringIO()
    for n in range(ROWS):
        email, phone, first, last, city, plan, orders, *_ = person(n)
        attributes = json.dumps({"city": city, "plan": plan, "orders": int(orders)}, ensure_ascii=False)
        lines.write("\t".join([email, phone, first, last, "Europe/Paris", "", attributes, str(NOW), str(NOW)]) + "\n")
    data = lines.getvalue().encode()
    run("CHECKPOINT")
    started = time.perf_counter()
    statement = """COPY contacts_contact (email, phone, first_name, last_name, timezone, language, attributes,
        created_at, updated_at) FROM STDIN"""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)
    return time.perf_counter() - started


def ours() -> tuple[float, dict[str, float], tuple[int, int, int, int]]:
    """Seconds from the confirmed file to the last row, CPU seconds by process, and what became of the rows."""
    from contacts import importing, uploading

    file = uploading.store("people.csv", pieces())
    importing.confirm(file, file.mapping, {"basis": "Sign-up form of the shop"})
    run("CHECKPOINT")
    started, cpu = time.perf_counter(), cpu_seconds()
    while importing.work(NOW):
        pass
    wall, after = time.perf_counter() - started, cpu_seconds()
    file.refresh_from_db()
    return (
        wall,
        {name: after[name] - cpu[name] for name in cpu},
        (
            file.created,
            file.updated,
            file.unchanged,
            file.refused,
        ),
    )


def clear() -> None:
    for table in WRITTEN:
        run(f"TRUNCATE {table} CASCADE")
    run("CHECKPOINT")


def main() -> None:
    from contacts.search import sort_in

    floors, firsts, agains, ratios, sortings = [], [], [], [], []
    first_cpu: list[dict[str, float]] = []
    again_cpu: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        floors.append(floor())
        clear()
        wall, cpu, counts = ours()
        assert counts == (ROWS, 0, 0, 0), counts
        firsts.append(wall)
        first_cpu.append(cpu)
        started = time.perf_counter()
        sort_in(NOW)
        sortings.append(time.perf_counter() - started)
        wall, cpu, counts = ours()
        assert counts == (0, 0, ROWS, 0), counts
        agains.append(wall)
        again_cpu.append(cpu)
        clear()
        ratios.append(floors[-1] / firsts[-1])
    seconds = statistics.median(firsts)
    print(
        json.dumps(
            {
                "bench": "importer",
                "rows": ROWS,
                "floor_seconds": round(statistics.median(floors), 2),
                "import_seconds": round(seconds, 2),
                "ratio": round(statistics.median(ratios), 3),
                "rows_per_second": round(ROWS / seconds),
                "sorting_in_seconds": round(statistics.median(sortings), 2),
                "again_seconds": round(statistics.median(agains), 2),
                "cpu_seconds": {name: round(min(cpu[name] for cpu in first_cpu), 2) for name in first_cpu[0]},
                "again_cpu_seconds": {name: round(min(cpu[name] for cpu in again_cpu), 2) for name in again_cpu[0]},
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    with database("importer"):
        main()
