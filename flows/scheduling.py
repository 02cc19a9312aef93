"""Starts scenarios later: at a moment that an operator names, if nothing keeps them from starting then."""

from datetime import UTC, datetime

from django.db import transaction

from flows import overdue, starting
from flows.graph import Problem
from flows.models import Scenario, ScenarioState
from flows.overdue import Policy
from flows.transitions import NotReady, before_start, move, take


@transaction.atomic
def schedule(scenario: Scenario, at: datetime, now: datetime, policy: Policy = overdue.AT_ONCE) -> None:
    """Let it start by itself at `at`, or at another moment than before. Raises NotReady or WrongState."""
    locked = take(scenario, "schedule")
    problems = [Problem(None, "That moment is over.")] if at <= now else starting.check(locked, at)
    if problems:
        raise NotReady(problems)
    move(scenario, "schedule", ScenarioState.SCHEDULED, starts_at=at, overdue=policy.kept())


@transaction.atomic
def unschedule(scenario: Scenario, now: datetime) -> None:
    """It does not start by itself: a draft again, or stopped where it has run before. Raises WrongState."""
    _back(take(scenario, "unschedule"))
    scenario.refresh_from_db()


def _back(locked: Scenario, reason: str = "") -> None:
    move(locked, "unschedule", before_start(locked), starts_at=None, overdue={}, state_reason=reason)


def begin_scheduled(now: datetime) -> bool:
    """Start one scenario whose moment has come; where something keeps it from starting, it goes back and says why.

    Returns whether there may be more."""
    with transaction.atomic():
        due = Scenario.objects.filter(state=ScenarioState.SCHEDULED, starts_at__lte=now).select_related("flow")
        due = due.exclude(overdue__has_key="since")  # it is being started
        # In any order: one that breaks must not keep the others from starting.
        locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("?").first()
        if locked is None:
            return False
        try:
            starting.begin(locked, now, overdue.policy_of(locked))
        except NotReady as error:
            moment = locked.starts_at.astimezone(UTC)
            sentences = " ".join(dict.fromkeys(problem.message for problem in error.problems))
            _back(locked, f"It could not start on {moment.day} {moment:%B %Y at %H:%M} UTC. {sentences}")
    return True
