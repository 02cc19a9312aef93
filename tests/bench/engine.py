"""The engine on its first scenario, against the leanest SQL that writes the same rows and parks everybody at the wait.

Trigger → email A → wait 7 days → clicked A? → no: email B, yes: tag. 200,000 contacts of whom every fifth clicks, on a
virtual clock, PostgreSQL with durable settings. `python -m tests.bench.engine [contacts] [rounds]`
"""

import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

from tests.bench._database import database, peak_memory_mb, run

CONTACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = START + timedelta(days=7)
GRAPH = {
    "nodes": [
        {"id": "n1", "type": "now", "x": 0, "y": 0, "config": {"segment": None}},
        {"id": "n2", "type": "email", "x": 200, "y": 0, "config": {"subject": "Hello", "body": "<p>Hello</p>"}},
        {"id": "n3", "type": "wait", "x": 400, "y": 0, "config": {"amount": 7, "unit": "days"}},
        {
            "id": "n4",
            "type": "condition",
            "x": 600,
            "y": 0,
            "config": {"rule": {"rule": "message", "did": "clicked", "node": "n2"}},
        },
        {"id": "n5", "type": "email", "x": 800, "y": 200, "config": {"subject": "Again", "body": "<p>Again</p>"}},
        {"id": "n6", "type": "tag", "x": 800, "y": 0, "config": {"add": ["keen"], "remove": []}},
    ],
    "edges": [
        {"from": "n1", "port": "next", "to": "n2"},
        {"from": "n2", "port": "next", "to": "n3"},
        {"from": "n3", "port": "next", "to": "n4"},
        {"from": "n4", "port": "no", "to": "n5"},
        {"from": "n4", "port": "yes", "to": "n6"},
    ],
}
WRITTEN = ("flows_execution", "flows_step", "flows_nodecount", "flows_entryrun", "campaigns_message",
           "campaigns_origincount", "contacts_contacttag", "contacts_event")  # fmt: skip
ROWS = ("flows_execution", "flows_step", "campaigns_message", "contacts_contacttag", "contacts_event")


def click() -> None:
    """Every fifth contact clicks; not part of what is timed."""
    run("UPDATE campaigns_message SET state = 'sent', clicked_at = %s WHERE contact_id %% 5 = 0", START)
    run("VACUUM ANALYZE campaigns_message")
    run("VACUUM ANALYZE flows_execution")


def floor(scenario: int, flow: int, content: int, first: int, second: int, tag: int) -> float:
    """One statement per kind of row and half of the flow, and nothing else."""
    started = time.perf_counter()
    run(
        """INSERT INTO flows_execution (scenario_id, flow_id, contact_id, state, node, due_at, moves, single,
            entered_at, arrived_at, error) SELECT %s, %s, id, 'waiting', 'n3', %s, 2, true, %s, %s, ''
        FROM contacts_contact""",
        scenario, flow, LATER, START, START,
    )  # fmt: skip
    run(
        """INSERT INTO campaigns_message (contact_id, channel, origin_id, origin_pass, visit, content_id, state, reason,
            parts, queued_at, due_at, attempts)
        SELECT contact_id, 'email', %s, id, 1, %s, 'queued', '', 1, %s, %s, 0 FROM flows_execution""",
        first, content, START, START,
    )  # fmt: skip
    run(
        """INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
        SELECT id, v.n, v.node, 'next', '', %s FROM flows_execution, (VALUES (0, 'n1'), (1, 'n2')) v (n, node)""",
        START,
    )
    spent = time.perf_counter() - started
    click()
    started = time.perf_counter()
    run(
        """UPDATE flows_execution e SET state = 'completed', due_at = NULL, moves = 5, single = false, finished_at = %s,
            arrived_at = %s, node = CASE WHEN m.clicked_at IS NULL THEN 'n5' ELSE 'n6' END
        FROM campaigns_message m WHERE m.origin_pass = e.id AND m.origin_id = %s""",
        LATER, LATER, first,
    )  # fmt: skip
    run(
        """INSERT INTO campaigns_message (contact_id, channel, origin_id, origin_pass, visit, content_id, state, reason,
            parts, queued_at, due_at, attempts)
        SELECT contact_id, 'email', %s, id, 4, %s, 'queued', '', 1, %s, %s, 0 FROM flows_execution WHERE node = 'n5'""",
        second, content, LATER, LATER,
    )  # fmt: skip
    run(
        "INSERT INTO contacts_contacttag (contact_id, tag_id, at) SELECT contact_id, %s, %s FROM flows_execution "
        "WHERE node = 'n6'",
        tag, LATER,
    )  # fmt: skip
    run(
        """INSERT INTO contacts_event (contact_id, name, properties, at)
        SELECT contact_id, 'tag.added', '{"tag": "keen"}', %s FROM flows_execution WHERE node = 'n6'""",
        LATER,
    )
    run(
        """INSERT INTO flows_step (execution_id, number, node, outcome, reason, at)
        SELECT id, 2, 'n3', 'next', '', %s FROM flows_execution
        UNION ALL SELECT id, 3, 'n4', CASE node WHEN 'n5' THEN 'no' ELSE 'yes' END, '', %s FROM flows_execution
        UNION ALL SELECT id, 4, node, 'next', '', %s FROM flows_execution""",
        LATER, LATER, LATER,
    )  # fmt: skip
    return spent + time.perf_counter() - started


def engine(scenario: int) -> float:
    from flows import engine, entering, starting
    from flows.models import Scenario

    started = time.perf_counter()
    starting.start(Scenario.objects.get(pk=scenario), START)
    while entering.plan(START) or entering.admit(START):
        pass
    spent = time.perf_counter() - started
    click()
    started = time.perf_counter()
    while engine.advance(LATER):
        pass
    starting.complete(LATER)
    return spent + time.perf_counter() - started


def rows() -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        found = {}
        for table in ROWS:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


def clear() -> None:
    for table in WRITTEN:
        run(f"TRUNCATE {table} CASCADE")
    run("CHECKPOINT")


def main() -> None:
    from campaigns.contents import content_of
    from campaigns.models import Origin
    from contacts.models import Tag
    from flows.models import Scenario
    from flows.saving import save

    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'First', 'Last', 'Europe/Paris', 'en', '{}', now(), now()
        FROM generate_series(1, %s) n""",
        CONTACTS,
    )
    run("VACUUM ANALYZE contacts_contact")
    content = content_of("email", GRAPH["nodes"][1]["config"], START).pk
    tag = Tag.objects.create(name="keen").pk
    floors, engines = [], []
    for _ in range(ROUNDS):
        scenario = Scenario.objects.create(name="First")
        save(scenario, GRAPH, {}, None, None, START)
        first, second = (
            Origin.objects.get_or_create(key=f"scenario:{scenario.pk}:{node}")[0].pk for node in ("n2", "n5")
        )
        floors.append(floor(scenario.pk, scenario.flow_id, content, first, second, tag))
        wanted = rows()
        clear()
        engines.append(engine(scenario.pk))
        scenario.refresh_from_db()
        assert rows() == wanted, (rows(), wanted)
        assert scenario.state == "completed"
        clear()
    print(
        json.dumps(
            {
                "bench": "engine",
                "contacts": CONTACTS,
                "floor_seconds": round(statistics.median(floors), 2),
                "engine_seconds": round(statistics.median(engines), 2),
                "ratio": round(statistics.median(f / e for f, e in zip(floors, engines, strict=True)), 3),
                "least": 0.65,
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    with database("engine"):
        main()
