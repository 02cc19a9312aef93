"""Claims executions that are due, across all running scenarios, and locks the scenarios they belong to."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from flows.models import Scenario, ScenarioState


class Standing(NamedTuple):
    """A claimed execution and where it stands."""

    id: int
    scenario: int
    flow: int
    node: str
    contact: int
    moves: int
    event: int | None
    state: str
    late: bool = False  # overdue for longer than the operator wants messages to be
    cleared: bool = False  # entered before everybody was taken out


COLUMNS = "id, scenario_id, flow_id, node, contact_id, moves, event_id, state"


def claim(now: datetime, limit: int) -> list[Standing]:
    """Due executions of running scenarios. Paused ones are never looked at, however much of theirs is overdue; the
    random order lets everybody have a turn where one scenario alone would fill every batch."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT e.* FROM (
                SELECT id, cleared_upto, (overdue ->> 'resumed')::timestamptz
                    - make_interval(secs => (overdue ->> 'skip_older_than')::float) AS late_before
                FROM flows_scenario WHERE state = 'running' ORDER BY random()
            ) s CROSS JOIN LATERAL (
                SELECT {COLUMNS}, (due_at < s.late_before) IS TRUE, (id <= s.cleared_upto) IS TRUE
                FROM flows_execution
                WHERE scenario_id = s.id AND state IN ('pending', 'waiting') AND due_at IS NOT NULL AND due_at <= %s
                ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
            ) e LIMIT %s""",  # noqa: S608 - our own columns
            [now, limit, limit],
        )
        return list(map(Standing._make, cursor.fetchall()))


def running(ids: Collection[int]) -> list[Scenario]:
    """Those of the scenarios that run, locked so that a pause waits for the transaction that is moving contacts."""
    return locked(ids, [ScenarioState.RUNNING])


def locked(ids: Collection[int], states: Collection[str]) -> list[Scenario]:
    """Those of the scenarios that are in one of the states, locked so that changing it waits for this transaction."""
    if not ids:
        return []
    # The ORM knows FOR UPDATE only, which two workers could not hold at once.
    return list(
        Scenario.objects.raw(
            "SELECT * FROM flows_scenario WHERE id = ANY(%s) AND state = ANY(%s) FOR SHARE",
            [list(ids), [str(state) for state in states]],
        )
    )
