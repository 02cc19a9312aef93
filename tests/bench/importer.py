"""The import, timelines and all, against a plain COPY of the same rows into the contact table.

100,000 people with email, phone, name, city, plan, orders, a tag and consent, then the same file again, and once as an
Excel workbook, PostgreSQL with durable settings. New words wait in a list of the search index for the upkeep lane: what
that costs is told apart. `python -m tests.bench.importer [rows] [rounds]`
"""

import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime

from tests.bench._database import cpu_seconds, database, run
from tests.other_process import environment

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

    lines = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a million rows in memory would be counted as ours
    for n in range(ROWS):
        email, phone, first, last, city, plan, orders, *_ = person(n)
        attributes = json.dumps({"city": city, "plan": plan, "orders": int(orders)}, ensure_ascii=False)
        lines.write("\t".join([email, phone, first, last, "Europe/Paris", "", attributes, str(NOW), str(NOW)]) + "\n")
    lines.seek(0)
    run("CHECKPOINT")
    started = time.perf_counter()
    statement = """COPY contacts_contact (email, phone, first_name, last_name, timezone, language, attributes,
        created_at, updated_at) FROM STDIN"""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while data := lines.read(1024 * 1024):
            copy.write(data)
    return time.perf_counter() - started


def ours() -> tuple[float, dict[str, float], tuple[int, int, int, int]]:
    """Seconds from the confirmed file to the last row, CPU seconds by process, and what became of the rows."""
    from contacts.imports import importing, uploading

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


def workbook() -> Iterator[bytes]:
    """The same people as Excel writes them: texts are shared, numbers are numbers."""
    texts: dict[str, int] = {}

    def cell(column: str, number: int, text: str) -> str:
        if text.isdecimal():
            return f'<c r="{column}{number}"><v>{text}</v></c>'
        return f'<c r="{column}{number}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'

    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            from tests.contacts import workbooks

            with zipfile.ZipFile(io.BytesIO(workbooks.workbook({"A": ""}))) as small:
                for name in small.namelist():
                    if "sheet" not in name and "shared" not in name:
                        packed.writestr(name, small.read(name))
            with packed.open("xl/worksheets/worksheet0.xml", "w") as part:
                part.write(b"<worksheet><sheetData>")
                for number, cells in enumerate(rows(), 1):
                    part.write(
                        f'<row r="{number}">'.encode()
                        + "".join(map(cell, "ABCDEFGHI", [number] * 9, cells)).encode()
                        + b"</row>"
                    )
                part.write(b"</sheetData></worksheet>")
            with packed.open("xl/sharedStrings.xml", "w") as part:
                part.write(b"<sst>")
                for text in texts:
                    part.write(f"<si><t>{text}</t></si>".encode())
                part.write(b"</sst>")
        texts.clear()
        file.seek(0)
        while piece := file.read(1024 * 1024):
            yield piece


def rows() -> Iterator[list[str]]:
    yield HEADERS.strip().split(",")
    yield from map(person, range(ROWS))


WORKER = """
import sys, time, django
django.setup()
from datetime import datetime
from django.utils.module_loading import import_string
from config.schedules import LANES
from tests.bench._database import peak_memory_mb
for lane in LANES.values():
    for path in lane:
        import_string(path)
slices = [import_string(path) for path in ("contacts.imports.converting.work", "contacts.imports.importing.work")]
started = time.perf_counter()
while any(work(datetime.fromisoformat(sys.argv[1])) for work in slices):
    pass
print(time.perf_counter() - started, peak_memory_mb())
"""


def worker() -> tuple[float, float]:
    """Seconds and peak of memory of a process of its own, as large as workers are, that does what is to be done."""
    command = [sys.executable, "-c", WORKER, NOW.isoformat()]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def by_a_worker() -> dict[str, float]:
    """What a worker's memory comes to in both kinds of files, and how long a workbook takes it."""
    from contacts.imports import converting, importing, uploading

    csv = uploading.store("people.csv", pieces())
    importing.confirm(csv, csv.mapping, {"basis": "Sign-up form of the shop"})
    _, peak = worker()
    clear()
    file = converting.store("people.xlsx", workbook())
    converted, converting_peak = worker()
    file.refresh_from_db()
    importing.confirm(file, file.mapping, {"basis": "Sign-up form of the shop"})
    taken_in, importing_peak = worker()
    file.refresh_from_db()
    assert (file.created, file.refused) == (ROWS, 0), file.error
    clear()
    return {
        "worker_peak_memory_mb": peak,
        "workbook_convert_seconds": round(converted, 2),
        "workbook_import_seconds": round(taken_in, 2),
        "workbook_peak_memory_mb": max(converting_peak, importing_peak),
    }


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
                **by_a_worker(),
            }
        )
    )


if __name__ == "__main__":
    with database("importer"):
        main()
