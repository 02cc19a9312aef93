"""Deletes scenarios with everybody's way through them; what was sent stays in the ledger."""

from django.db import connection, transaction

from campaigns import outbox
from flows import objectives
from flows.models import Scenario, ScenarioState
from flows.transitions import WrongState


@transaction.atomic
def delete(scenario: Scenario) -> None:
    """Raises WrongState while the scenario runs. Set-based: a scenario may hold millions of executions."""
    locked = Scenario.objects.select_for_update().get(pk=scenario.pk)
    if locked.state == ScenarioState.RUNNING:
        raise WrongState("Pause the scenario before you delete it.")
    outbox.hold(scenario.origin)
    objectives.forget(locked)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM flows_step WHERE execution_id IN (SELECT id FROM flows_execution WHERE scenario_id = %s)",
            [scenario.pk],
        )
        for table in ("flows_execution", "flows_entryrun", "flows_nodecount"):
            cursor.execute(f"DELETE FROM {table} WHERE scenario_id = %s", [scenario.pk])  # noqa: S608 - our own names
    Scenario.objects.filter(pk=scenario.pk).update(flow=None)
    locked.flows.all().delete()
    locked.delete()
