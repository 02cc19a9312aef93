"""A tick with 2,000 due executions: what it costs beside however many that wait, scenarios that run, and a paused
scenario's overdue work.

The ratios to the first case are what counts, of CPU time in this process and its PostgreSQL backend, which a busy
machine changes least. `claim` is the claim alone, `tick` all slices of the lane in turn. In “200 scenarios” one of them
has what is due; in “spread” each has a part of it, which is told but not judged by, for each scenario's moves are
written apart. `python -m tests.bench.tick [most waiting]`
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench._database import cpu_seconds, database, run

MOST = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
SIZES = [20_000, max(MOST // 10, 20_000), MOST]
OVERDUE = MOST // 10
DUE, SCENARIOS, ROUNDS = 2_000, 200, 15
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GRAPH = {
    "nodes": [
        {"id": "n1", "type": "now", "x": 0, "y": 0, "config": {}},
        {"id": "n2", "type": "wait", "x": 200, "y": 0, "config": {"amount": 7, "unit": "days"}},
        {"id": "n3", "type": "wait", "x": 400, "y": 0, "config": {"amount": 7, "unit": "hours"}},
    ],
    "edges": [{"from": "n1", "port": "next", "to": "n2"}, {"from": "n2", "port": "next", "to": "n3"}],
}


def scenario(name: str, state: str = "running") -> Any:
    from flows.models import Scenario
    from flows.saving import save

    made = Scenario.objects.create(name=name)
    save(made, GRAPH, {}, None, None, NOW)
    Scenario.objects.filter(pk=made.pk).update(state=state, started_at=NOW)
    return made


def waiting(scenario: Any, count: int, since: timedelta, span: timedelta) -> None:
    """So many executions at the wait, due one after the other over the span; their contacts need not exist."""
    run(
        """INSERT INTO flows_execution (scenario_id, flow_id, contact_id, state, node, due_at, moves, single,
            entered_at, arrived_at, error)
        SELECT %s, %s, n + (SELECT coalesce(max(id), 0) FROM flows_execution), 'waiting', 'n2',
            %s + %s * (n::float8 / %s), 1, true, %s, %s, '' FROM generate_series(1, %s) n""",
        scenario.pk, scenario.flow_id, NOW + since, span, count, NOW, NOW, count,
    )  # fmt: skip


def overdue(targets: list[Any]) -> None:
    for target in targets:
        waiting(target, DUE // len(targets), timedelta(hours=-1), timedelta(minutes=50))


def measured(targets: list[Any]) -> dict[str, float]:
    """Milliseconds of claiming what is due, and of a tick that moves it: CPU on the average, and wall at best."""
    from django.db import transaction
    from django.utils.module_loading import import_string

    from config.schedules import LANES
    from flows.claiming import claim
    from flows.engine import BATCH

    slices = [import_string(path) for path in LANES["advance"]]
    cpu = {"claim": 0.0, "tick": 0.0}
    wall = {"claim": 1e9, "tick": 1e9}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        before, started = sum(cpu_seconds().values()), time.perf_counter()
        found = work()
        wall[name] = min(wall[name], time.perf_counter() - started)
        cpu[name] += sum(cpu_seconds().values()) - before
        return found

    for _ in range(ROUNDS):
        overdue(targets)
        with transaction.atomic():
            assert len(timed("claim", lambda: claim(NOW, BATCH))) == DUE
            transaction.set_rollback(True)
        timed("tick", lambda: [one(NOW) for one in slices])
        with transaction.atomic():
            assert not claim(NOW, 1)
    return {f"{name}_cpu": cpu[name] / ROUNDS * 1e3 for name in cpu} | {
        f"{name}_wall": wall[name] * 1e3 for name in wall
    }


def fill(scenario: Any, count: int) -> None:
    """Bring the waiting executions to `count`, and the tables to the state in which autovacuum keeps them."""
    from flows.models import Execution

    more = count - Execution.objects.count()
    if more > 0:
        waiting(scenario, more, timedelta(days=1), timedelta(days=300))
    run("VACUUM ANALYZE flows_execution")
    run("CHECKPOINT")


def main() -> None:
    first = scenario("First")
    measures: dict[str, dict[str, float]] = {}
    fill(first, SIZES[0])
    measured([first])  # warm
    for size in SIZES:
        fill(first, size)
        measures[f"{size} waiting"] = measured([first])
    others = [scenario(f"Other {n}") for n in range(SCENARIOS - 1)]
    for other in others:
        waiting(other, 100, timedelta(days=1), timedelta(days=300))
    measures[f"{SCENARIOS} scenarios"] = measured([first])
    measures["spread"] = measured([first, *others])
    run("UPDATE flows_scenario SET state = 'draft' WHERE id = ANY(%s)", [other.pk for other in others])
    paused = scenario("Paused", "paused")
    waiting(paused, OVERDUE, timedelta(days=-9), timedelta(days=8))
    measures[f"{OVERDUE} overdue in a pause, not analyzed"] = measured([first])
    run("VACUUM ANALYZE flows_execution")
    measures[f"{OVERDUE} overdue in a pause"] = measured([first])
    base = next(iter(measures.values()))
    judged = [found for case, found in measures.items() if case != "spread"]
    print(
        json.dumps(
            {
                "bench": "tick",
                "due": DUE,
                "ms": {case: {name: round(ms, 1) for name, ms in found.items()} for case, found in measures.items()},
                "worst_ratio": {
                    name: round(max((found[name] / base[name] for found in judged), key=lambda r: abs(r - 1)), 2)
                    for name in ("claim_cpu", "tick_cpu")
                },
                "most": 1.2,
            }
        )
    )


if __name__ == "__main__":
    with database("tick"):
        main()
