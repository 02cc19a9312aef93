"""Takes everybody out of scenarios that were stopped or cleared, and takes back what is queued for them, in slices.

`Scenario.cleared_upto` says that it has to be done, and for whom: those who entered before the command. The scenario
may have been started again meanwhile.
"""

from datetime import datetime

from django.db import transaction

from campaigns import outbox, skip_reasons
from campaigns.delivery import withdrawing
from contacts import lanes
from flows import engine
from flows.claiming import COLUMNS, Crowd, gathered, locked
from flows.models import Cleared, Scenario, ScenarioState
from flows.stopping import everybody_leaves
from flows.transitions import still_leaving, take

_REASONS = {
    Cleared.STOPPED.value: skip_reasons.SCENARIO_STOPPED,
    Cleared.CLEARED.value: skip_reasons.SCENARIO_CLEARED,
}


@transaction.atomic
def clear(scenario: Scenario, now: datetime) -> None:
    """Everybody who is inside leaves; the scenario itself goes on as it is. Costs the same however many they are."""
    take(scenario, "clear")
    Scenario.objects.filter(pk=scenario.pk).update(**everybody_leaves(Cleared.CLEARED))
    outbox.hold(scenario.origin)
    lanes.nudge("advance")
    scenario.refresh_from_db()


def take_out(now: datetime) -> bool:
    """Take one batch out of each scenario that has to be left. Returns whether there may be more."""
    left = Scenario.objects.filter(cleared_upto__isnull=False).order_by("pk")
    more = [_slice(pk, now) for pk in left.values_list("pk", flat=True)]
    return any(more)


def _slice(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        for scenario in locked([pk], ScenarioState.values):
            if scenario.cleared_upto is None:
                return False
            if leaving := _leaving(scenario):
                # The engine lets nobody go on who entered before then.
                engine.carry([scenario], leaving, now)
                return True
            reason = _REASONS[scenario.cleared_because]
            upto = scenario.cleared_upto
            if withdrawing.skip(scenario.origin, reason, now, passes_upto=upto, limit=engine.BATCH):
                return True
    _finish(pk)
    return False


def _leaving(scenario: Scenario) -> Crowd:
    """A batch of those who are still inside; whom another worker is moving leaves by its hand."""
    return gathered(
        f"""SELECT {COLUMNS}, false AS late, true AS cleared FROM flows_execution
        WHERE scenario_id = %s AND state IN ('pending', 'waiting') AND id <= %s
        ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED""",  # noqa: S608 - our own columns
        [scenario.pk, scenario.cleared_upto, engine.BATCH],
    )


@transaction.atomic
def _finish(pk: int) -> None:
    """Everybody has left, and what was in a worker's hands cannot come back to the queue any more."""
    scenario = Scenario.objects.select_for_update(no_key=True).filter(pk=pk, cleared_upto__isnull=False).first()
    if scenario is None or still_leaving(scenario).exists():
        return
    if withdrawing.outstanding(scenario.origin, scenario.cleared_upto):
        return
    Scenario.objects.filter(pk=pk, cleared_upto=scenario.cleared_upto).update(cleared_upto=None, cleared_because="")
    if scenario.state == ScenarioState.RUNNING:
        outbox.release(scenario.origin)
