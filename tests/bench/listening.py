"""100,000 events against 50 running scenarios that each listen to an event of their own and filter it, and the API that
takes events in.

Half of the events are noise that nobody listens to; of the others, spread over the 50 scenarios, the filters let every
tenth in. The floor reads the same events in one statement and writes the executions, steps and counts of those who
enter in one statement each. Ingestion goes through the whole API (key, JSON, checks, look-up) in batches of 1,000. CPU
seconds are those of this process and its PostgreSQL backend.
`python -m tests.bench.listening [events] [rounds]`
"""

import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any

from tests.bench._database import cpu_seconds, database, peak_memory_mb, run

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
SCENARIOS, CONTACTS, BATCH = 50, 50_000, 1_000
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WRITTEN = ("contacts_event", "contacts_eventcursor", "flows_execution", "flows_step", "flows_nodecount",
           "django_q_ormq")  # fmt: skip


def graph(n: int) -> dict[str, Any]:
    rule = {"all": [{"rule": "property", "field": "amount", "op": "greater", "value": 900},
                    {"rule": "attribute", "field": "plan", "op": "equals", "value": "pro"}]}  # fmt: skip
    return {
        "nodes": [
            {"id": "n1", "type": "on_event", "x": 0, "y": 0, "config": {"event": f"shop.event{n}", "filter": rule}},
            {"id": "n2", "type": "wait", "x": 200, "y": 0, "config": {"amount": 7, "unit": "days"}},
        ],
        "edges": [{"from": "n1", "port": "next", "to": "n2"}],
    }


def happen() -> None:
    """The events, written as a hundred transactions would."""
    for part in range(100):
        run(
            """INSERT INTO contacts_event (contact_id, name, properties, at)
            SELECT first.id + n * 7919 %% %s,
                CASE WHEN n %% 2 = 0 THEN 'page.seen' ELSE 'shop.event' || n / 2 %% %s END,
                jsonb_build_object('amount', n * 7919 %% 1000, 'sku', 'A-' || n), %s
            FROM generate_series(%s::bigint, %s) n, (SELECT min(id) AS id FROM contacts_contact) first""",
            CONTACTS, SCENARIOS, NOW, EVENTS * part // 100 + 1, EVENTS * (part + 1) // 100,
        )  # fmt: skip
    run("VACUUM ANALYZE contacts_event")
    run("CHECKPOINT")


def floor() -> tuple[float, int]:
    """Everything in the fewest statements that say it; seconds, and how many entered."""
    from django.db import connection

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH theirs AS (
                SELECT e.id, e.contact_id, s.id AS scenario, s.flow_id FROM contacts_event e
                JOIN flows_scenario s ON s.listens_to = e.name JOIN contacts_contact c ON c.id = e.contact_id
                WHERE (e.xact, e.id) > (0, 0) AND (e.properties ->> 'amount')::int > 900
                AND c.attributes @> '{"plan": "pro"}'
            ), entered AS (
                INSERT INTO flows_execution (scenario_id, flow_id, contact_id, event_id, state, node, due_at, moves,
                    single, entered_at, arrived_at, error)
                SELECT scenario, flow_id, contact_id, id, 'waiting', 'n2', %s, 1, true, %s, %s, '' FROM theirs
                ON CONFLICT DO NOTHING RETURNING id, scenario_id
            ), counted AS (
                INSERT INTO flows_nodecount (scenario_id, node, metric, n)
                SELECT scenario_id, unnest(ARRAY['n1', 'n1', 'n2', 'n2']),
                    unnest(ARRAY['entered', 'left:next', 'entered', 'waiting']), count(*) FROM entered GROUP BY 1
            )
            INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
            SELECT id, 0, 'n1', 'next', '', %s FROM entered""",
            [NOW, NOW, NOW, NOW],
        )
        return time.perf_counter() - started, cursor.rowcount


def ours() -> tuple[float, float, int]:
    """Wall seconds, CPU seconds, and how many entered."""
    from flows.listening import listen
    from flows.models import Execution

    wall, cpu = time.perf_counter(), sum(cpu_seconds().values())
    while listen(NOW):
        pass
    wall, cpu = time.perf_counter() - wall, sum(cpu_seconds().values()) - cpu
    return wall, cpu, Execution.objects.count()


def take_in() -> tuple[float, float]:
    """Seconds of wall and of CPU in which the API takes all events in."""
    from django.db import connection
    from django.test import Client

    from config.models import ApiKey

    connection.settings_dict["CONN_MAX_AGE"] = None  # so that its CPU is that of one backend
    _, key = ApiKey.objects.issue("bench", ["events:write"])
    client = Client(headers={"Authorization": f"Bearer {key}"})
    bodies = []
    for start in range(0, EVENTS, BATCH):
        rows = [
            {"contact": {"email": f"c{n * 7919 % CONTACTS + 1}@example.com"}, "name": f"shop.event{n % SCENARIOS}",
             "properties": {"amount": n * 7919 % 1000, "sku": f"A-{n}"}, "key": f"order-{n}"}
            for n in range(start, start + BATCH)
        ]  # fmt: skip
        bodies.append(json.dumps({"events": rows}))
    run("CHECKPOINT")
    wall, cpu = time.perf_counter(), sum(cpu_seconds().values())
    for body in bodies:
        answer = client.post("/api/v1/events/", body, content_type="application/json")
        assert answer.json()["accepted"] == BATCH, answer.content[:500]
    return time.perf_counter() - wall, sum(cpu_seconds().values()) - cpu


def clear() -> None:
    for table in WRITTEN:
        run(f"TRUNCATE {table} CASCADE")


def main() -> None:
    from flows.models import Scenario
    from flows.saving import save

    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'First', 'Last', 'Europe/Paris', 'en',
            '{"plan": "pro"}', now(), now() FROM generate_series(1, %s) n""",
        CONTACTS,
    )
    run("VACUUM ANALYZE contacts_contact")
    for n in range(SCENARIOS):
        made = Scenario.objects.create(name=f"Scenario {n}")
        save(made, graph(n), {}, None, None, NOW)
        Scenario.objects.filter(pk=made.pk).update(state="running", started_at=NOW)
    floors, walls, cpus = [], [], []
    for _ in range(ROUNDS):
        happen()
        seconds, wanted = floor()
        floors.append(seconds)
        run("TRUNCATE flows_execution, flows_step, flows_nodecount")
        wall, cpu, entered = ours()
        assert entered == wanted, (entered, wanted)
        walls.append(wall)
        cpus.append(cpu)
        clear()
    taken = [(take_in(), clear())[0] for _ in range(ROUNDS)]
    print(
        json.dumps(
            {
                "bench": "listening",
                "events": EVENTS,
                "entered": entered,
                "floor_per_second": round(EVENTS / statistics.median(floors)),
                "consumed_per_second": round(EVENTS / statistics.median(walls)),
                "best_consumed_per_second": round(EVENTS / min(walls)),
                "consumed_per_cpu_second": round(EVENTS / min(cpus)),
                "ratio": round(statistics.median(f / w for f, w in zip(floors, walls, strict=True)), 3),
                "least_consumed_per_second": 50_000,
                "taken_in_per_second": round(EVENTS / statistics.median(wall for wall, _ in taken)),
                "best_taken_in_per_second": round(EVENTS / min(wall for wall, _ in taken)),
                "taken_in_per_cpu_second": round(EVENTS / min(cpu for _, cpu in taken)),
                "least_taken_in_per_second": 10_000,
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("API_THROTTLE", "1000000/s")
    with database("listening"):
        main()
