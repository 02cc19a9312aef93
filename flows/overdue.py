"""Works out what has become overdue while a scenario stood still, and does with it what the operator chose.

"send" does it all at once, "skip" does without the messages that are late by more than so many hours, "spread" does it
one after the other over so many hours.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min

from campaigns import withdrawing
from flows.models import INSIDE, Execution, Scenario

SEND, SKIP, SPREAD = "send", "skip", "spread"
MOST_HOURS = 24 * 366

# While the scenario stands still nobody else moves these rows, but who is woken meanwhile waits for this statement.
_SPREAD = """
UPDATE flows_execution e SET due_at = %(now)s + %(over)s * turn.n / turn.total FROM (
    SELECT id, row_number() OVER (ORDER BY due_at, id) - 1 AS n, count(*) OVER () AS total FROM flows_execution
    WHERE scenario_id = %(scenario)s AND state IN ('pending', 'waiting') AND due_at <= %(now)s
) turn WHERE e.id = turn.id
"""


@dataclass(frozen=True)
class Policy:
    """What the operator wants: `hours` are those of "skip" and "spread"."""

    do: str = SEND
    hours: float = 0

    @property
    def span(self) -> timedelta:
        return timedelta(hours=self.hours)

    def kept(self) -> dict[str, Any]:
        """As it is kept for a start that is yet to come."""
        return {"do": self.do, "hours": self.hours}


AT_ONCE = Policy()


def policy_of(scenario: Scenario) -> Policy:
    """What was kept for the scheduled start."""
    return Policy(scenario.overdue.get("do", SEND), scenario.overdue.get("hours", 0))


@dataclass(frozen=True)
class Overdue:
    """How many contacts should have gone on by now, and how many messages should have been sent, since when at most."""

    contacts: int
    messages: int
    oldest: datetime | None

    def __bool__(self) -> bool:
        return bool(self.contacts or self.messages)


def overdue(scenario: Scenario, now: datetime, by: timedelta = timedelta(0)) -> Overdue:
    """What is overdue, or what is so by more than `by`; those who are to leave are not among them."""
    moment = now - by
    passes = Execution.objects.filter(scenario=scenario, state__in=INSIDE, due_at__lt=moment)
    if scenario.cleared_upto:
        passes = passes.filter(pk__gt=scenario.cleared_upto)
    found = passes.aggregate(n=Count("pk"), oldest=Min("due_at"))
    queued = withdrawing.queued(scenario.origin, moment, scenario.cleared_upto)
    oldest = min(filter(None, [found["oldest"], queued.oldest]), default=None)
    return Overdue(found["n"], queued.messages, oldest)


def waiting_messages(scenario: Scenario) -> int:
    """How many messages are queued, due or not."""
    return withdrawing.queued(scenario.origin).messages


def settle(scenario: Scenario, policy: Policy, now: datetime) -> dict[str, Any]:
    """Do with what is overdue as the policy says; the scenario's row is locked and it stands still. Returns what the
    scenario has to remember (`Scenario.overdue`). Two statements at most."""
    if policy.do == SKIP:
        withdrawing.skip(scenario.origin, withdrawing.TOO_LATE, now, due_before=now - policy.span)
        return {"resumed": now.isoformat(), "skip_older_than": policy.span.total_seconds()}
    if policy.do == SPREAD:
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"over": policy.span, "now": now, "scenario": scenario.pk}
            cursor.execute(_SPREAD, values)
        withdrawing.spread(scenario.origin, policy.span, now)
    return {}
