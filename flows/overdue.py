"""Works out what has become overdue while a scenario stood still, and does with it what the operator chose.

"send" does it all at once, "skip" does without the messages that are late by more than so many hours, "spread" does it
one after the other over so many hours. What takes long is done in slices, while the scenario still stands still:
`flows.catching_up` goes on with it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min

from campaigns import withdrawing
from campaigns.skip_reasons import TOO_LATE
from flows.models import INSIDE, Execution, Scenario

SEND, SKIP, SPREAD = "send", "skip", "spread"
MOST_HOURS = 24 * 366
# So many contacts, and so many messages, are dealt with in one transaction.
SLICE = 10_000

# Whoever has had their turn is due no earlier than `since`, and so is not found again. Of those who were due at one
# moment, of whom there may be more than a slice takes, any may come first.
_SPREAD = """
UPDATE flows_execution e SET due_at = %(since)s + %(over)s * least(%(done)s + turn.n, %(total)s) / %(total)s FROM (
    SELECT id, row_number() OVER (ORDER BY due_at, id) - 1 AS n FROM (
        SELECT id, due_at FROM flows_execution
        WHERE scenario_id = %(scenario)s AND state IN ('pending', 'waiting') AND due_at < %(since)s
        AND id > %(cleared_upto)s ORDER BY due_at LIMIT %(limit)s
    ) earliest
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


def settle(scenario: Scenario, policy: Policy, now: datetime, command: str) -> bool:
    """Begin to do with what is overdue as the policy says; the scenario's row is locked and it stands still.

    Returns whether that was all. Otherwise the scenario has written down what is left, and that it is to go on by
    `command` ("start" or "resume") after it.
    """
    scenario.overdue = requeues(scenario) | {**policy.kept(), "since": now.isoformat(), "command": command}
    if policy.do == SKIP:
        late = withdrawing.queued(scenario.origin, now - policy.span)
        scenario.overdue |= {"contacts": [0, 0], "messages": [0, late.messages]}
    elif policy.do == SPREAD:
        found = overdue(scenario, now)
        scenario.overdue |= {"contacts": [0, found.contacts], "messages": [0, found.messages]}
    return settle_more(scenario, now)


def settle_more(scenario: Scenario, now: datetime) -> bool:
    """Do a slice of what is left, under the same conditions; how far it has come is kept in the same transaction, so
    that it counts once. Returns whether that was all."""
    more = scenario.overdue["do"] != SEND and _slice(scenario, now)
    if more:
        Scenario.objects.filter(pk=scenario.pk).update(overdue=scenario.overdue)
    return not more


def _slice(scenario: Scenario, now: datetime) -> bool:
    """Whether there may be more."""
    task, policy, since = scenario.overdue, policy_of(scenario), datetime.fromisoformat(scenario.overdue["since"])
    if policy.do == SKIP:
        skipped = withdrawing.skip(scenario.origin, TOO_LATE, now, due_before=since - policy.span, limit=SLICE)
        task["messages"][0] += skipped
        return skipped == SLICE
    moved = _spread(scenario, policy, since, *task["contacts"])
    task["contacts"][0] += moved
    if moved == SLICE:
        return True
    done, total = task["messages"]
    put_off = withdrawing.spread(
        scenario.origin, policy.span, since, done, total, limit=SLICE, passes_after=scenario.cleared_upto
    )
    task["messages"][0] += put_off
    return put_off == SLICE


def _spread(scenario: Scenario, policy: Policy, since: datetime, done: int, total: int) -> int:
    values: dict[str, Any] = {"over": policy.span, "since": since, "done": done, "total": total or 1, "limit": SLICE}
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, values | {"scenario": scenario.pk, "cleared_upto": scenario.cleared_upto or 0})
        return cursor.rowcount


def remembered(scenario: Scenario) -> dict[str, Any]:
    """What a scenario that goes on now has to remember of it (`Scenario.overdue`)."""
    kept, policy = requeues(scenario), policy_of(scenario)
    if policy.do == SKIP:
        kept |= {"resumed": scenario.overdue["since"], "skip_older_than": policy.span.total_seconds()}
    return kept


def requeues(scenario: Scenario) -> dict[str, Any]:
    """What `flows.requeueing` has written down beside it, which is no part of the choice."""
    return {key: scenario.overdue[key] for key in ("requeue",) if key in scenario.overdue}


def progress(scenario: Scenario) -> dict[str, int] | None:
    """`{"done", "total"}` of a scenario that goes on as soon as what is overdue has been dealt with."""
    if "since" not in scenario.overdue:
        return None
    counts = [scenario.overdue[what] for what in ("contacts", "messages")]
    return {"done": sum(done for done, _ in counts), "total": sum(total for _, total in counts)}
