"""Stops scenarios: everybody inside leaves, or is kept where they are until it is started again."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from campaigns import outbox
from contacts import lanes
from flows.models import Cleared, Scenario, ScenarioState
from flows.transitions import move, take


@transaction.atomic
def stop(scenario: Scenario, now: datetime) -> None:
    """Nobody enters or moves any more, and the scenario does not start by itself. Raises WrongState.

    Costs the same however many are inside: `flows.clearing` takes them out, and their messages back, from here on.
    """
    locked = take(scenario, "stop")
    leaving = {} if locked.keeps_when_stopped else everybody_leaves(Cleared.STOPPED)
    move(scenario, "stop", ScenarioState.STOPPED, starts_at=None, next_run_at=None, overdue={}, **leaving)
    end_runs(scenario, now)
    outbox.hold(scenario.origin)
    lanes.nudge("advance")


def everybody_leaves(because: Cleared) -> dict[str, Any]:
    """What a scenario has to remember whose row is locked: who enters from here on gets a higher id than this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('flows_execution', 'id'))")
        return {"cleared_upto": cursor.fetchone()[0], "cleared_because": because}


def end_runs(scenario: Scenario, now: datetime) -> None:
    """Nobody more enters by the runs of the trigger that were not worked off. One whose next slice waits for the
    scenario's row, which is locked, is left to it: it will find the scenario stopped."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE flows_entryrun SET finished_at = %s WHERE id IN (
                SELECT id FROM flows_entryrun WHERE scenario_id = %s AND finished_at IS NULL FOR UPDATE SKIP LOCKED
            )""",
            [now, scenario.pk],
        )
