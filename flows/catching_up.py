"""Lets scenarios go on that stood still while much became overdue: what the operator chose for it comes first.

`Scenario.overdue` says what is left of that. Each slice is one transaction, in which whatever had its turn falls out of
the condition by which it is found.
"""

from datetime import datetime

from django.db import transaction

from flows import overdue, pausing, starting
from flows.models import Scenario, ScenarioState
from flows.transitions import NotReady, before_start, move


def catch_up(now: datetime) -> bool:
    """Do one slice for each scenario that is about to go on. Returns whether there may be more."""
    behind = Scenario.objects.filter(overdue__has_key="since").order_by("pk")
    more = [_slice(pk, now) for pk in behind.values_list("pk", flat=True)]
    return any(more)


@transaction.atomic
def _slice(pk: int, now: datetime) -> bool:
    """Nothing where another worker is at it, or the operator has thought better of it."""
    found = Scenario.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).select_related("flow")
    scenario = found.filter(pk=pk, overdue__has_key="since").first()
    if scenario is None:
        return False
    if overdue.settle_more(scenario, now):
        try:
            _go_on(scenario, now)
        except NotReady as error:
            # The drawing was changed meanwhile: it stays as it is.
            reason = f"It could not go on. {' '.join(dict.fromkeys(problem.message for problem in error.problems))}"
            kept = {"overdue": overdue.requeues(scenario), "starts_at": None, "state_reason": reason}
            if scenario.state == ScenarioState.SCHEDULED:
                move(scenario, "unschedule", before_start(scenario), **kept)
            else:
                Scenario.objects.filter(pk=pk).update(**kept)
    return True


def _go_on(scenario: Scenario, now: datetime) -> None:
    if scenario.overdue["command"] == "resume":
        pausing.check(scenario, now)
        pausing.go_on(scenario, now)
        return
    if problems := starting.check(scenario, now):
        raise NotReady(problems)
    starting.go_on(scenario, now)
