"""Deletes scenarios at once, and everybody's way through them slice by slice; what was sent stays in the ledger.

Passes whose scenario is gone are seen nowhere. A `Sweep` for each deleted scenario says how far the walk over the
passes has come, and is gone when it is over.
"""

from datetime import datetime

from django.db import connection, transaction

from campaigns import outbox
from contacts import lanes
from flows import objectives
from flows.models import Scenario, ScenarioState, Sweep
from flows.transitions import WrongState

# So many ids are looked at in one slice, and so many passes at most are deleted in it with all their steps.
WINDOW, SLICE = 200_000, 5_000
NAME = "deleted scenario "

_SLICE = """
WITH window_end AS (
    SELECT least(%(after)s + %(window)s, (SELECT coalesce(max(id), 0) FROM flows_execution)) AS id
), found AS (
    SELECT id FROM flows_execution WHERE id > %(after)s AND id <= (SELECT id FROM window_end)
    AND scenario_id = %(scenario)s ORDER BY id LIMIT %(slice)s
), steps AS (
    DELETE FROM flows_step WHERE execution_id = ANY(ARRAY(SELECT id FROM found))
), passes AS (
    DELETE FROM flows_execution WHERE id = ANY(ARRAY(SELECT id FROM found))
)
SELECT CASE count(*) WHEN %(slice)s THEN max(found.id) ELSE (SELECT id FROM window_end) END, count(*) FROM found
"""


@transaction.atomic
def delete(scenario: Scenario) -> None:
    """Raises WrongState while the scenario runs. Costs the same however many have been in it."""
    locked = Scenario.objects.select_for_update().get(pk=scenario.pk)
    if locked.state == ScenarioState.RUNNING:
        raise WrongState("Pause the scenario before you delete it.")
    outbox.hold(scenario.origin)
    objectives.forget(locked)
    with connection.cursor() as cursor:
        for table in ("flows_entryrun", "flows_nodecount", "flows_errand"):
            cursor.execute(f"DELETE FROM {table} WHERE scenario_id = %s", [scenario.pk])  # noqa: S608 - our own names
        # Not by the ORM, which would go through all passes.
        cursor.execute("UPDATE flows_scenario SET flow_id = NULL WHERE id = %s", [scenario.pk])
        cursor.execute("DELETE FROM flows_flow WHERE scenario_id = %s", [scenario.pk])
        cursor.execute("DELETE FROM flows_scenario WHERE id = %s", [scenario.pk])
    sweep = Sweep.objects.create(name=f"{NAME}{scenario.pk}")
    if _more(sweep):
        lanes.nudge("upkeep")


def sweep_up(now: datetime) -> bool:
    """Delete a slice of the passes of a scenario that is gone. Returns whether there may be more."""
    with transaction.atomic():
        sweep = Sweep.objects.select_for_update(skip_locked=True).filter(name__startswith=NAME).first()
        return sweep is not None and (_more(sweep) or Sweep.objects.filter(name__startswith=NAME).exists())


def _more(sweep: Sweep) -> bool:
    with connection.cursor() as cursor:
        values = {"scenario": int(sweep.name.removeprefix(NAME)), "after": sweep.position}
        cursor.execute(_SLICE, values | {"window": WINDOW, "slice": SLICE})
        until, found = cursor.fetchone()
        cursor.execute("SELECT coalesce(max(id), 0) FROM flows_execution")
        last = cursor.fetchone()[0]
    if found < SLICE and until >= last:
        sweep.delete()
        return False
    sweep.position = until
    sweep.save()
    return True
