"""Works out what has become overdue while a scenario stood still, and does with it what the operator chose.

"send" does it all at once, "skip" does without the messages that are late by more than so many hours, "spread" does it
one after the other over so many hours. What takes long is done in slices, while the scenario still stands still:
`flows.catching_up` goes on with it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, QuerySet

from campaigns.delivery import withdrawing
from campaigns.skip_reasons import TOO_LATE
from flows.models import INSIDE, Errand, Execution, Scenario

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


# The same for what contacts get besides, of steps that were inserted where they had passed.
_SPREAD_ERRANDS = """
UPDATE flows_errand r SET due_at = %(since)s + %(over)s * least(%(done)s + turn.n, %(total)s) / %(total)s FROM (
    SELECT id, row_number() OVER (ORDER BY due_at, id) - 1 AS n FROM (
        SELECT id, due_at FROM flows_errand WHERE scenario_id = %(scenario)s AND due_at < %(since)s
        AND execution_id > %(cleared_upto)s ORDER BY due_at LIMIT %(limit)s
    ) earliest
) turn WHERE r.id = turn.id
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
    passes = _passes(scenario, moment)
    found = passes.aggregate(n=Count("pk"), oldest=Min("due_at"))
    # Whoever is due at an inserted step besides is counted once.
    besides = _errands(scenario, moment).filter(~Exists(passes.filter(pk=OuterRef("execution_id"))))
    more = besides.aggregate(n=Count("execution", distinct=True))["n"]
    since = _errands(scenario, moment).aggregate(oldest=Min("due_at"))["oldest"]
    queued = withdrawing.queued(scenario.origin, moment, scenario.cleared_upto)
    oldest = min(filter(None, [found["oldest"], since, queued.oldest]), default=None)
    return Overdue(found["n"] + more, queued.messages, oldest)


def _passes(scenario: Scenario, moment: datetime) -> "QuerySet[Execution]":
    """Those that were due before the moment, of contacts who have not been told to leave."""
    found = Execution.objects.filter(scenario=scenario, state__in=INSIDE, due_at__lt=moment)
    return found.filter(pk__gt=scenario.cleared_upto) if scenario.cleared_upto else found


def _errands(scenario: Scenario, moment: datetime) -> "QuerySet[Errand]":
    """The same of what contacts get besides, of steps that were inserted where they had passed."""
    found = Errand.objects.filter(scenario=scenario, due_at__lt=moment, execution__state__in=[*INSIDE, "completed"])
    return found.filter(execution__gt=scenario.cleared_upto) if scenario.cleared_upto else found


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
        messages = withdrawing.queued(scenario.origin, now, scenario.cleared_upto).messages
        totals = {"contacts": _passes(scenario, now).count(), "besides": _errands(scenario, now).count()}
        scenario.overdue |= {what: [0, n] for what, n in {**totals, "messages": messages}.items()}
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
    for what, statement in (("contacts", _SPREAD), ("besides", _SPREAD_ERRANDS)):
        moved = _spread(statement, scenario, policy, since, *task.get(what, (0, 0)))
        if what in task:
            task[what][0] += moved
        if moved == SLICE:
            return True
    done, total = task["messages"]
    put_off = withdrawing.spread(
        scenario.origin, policy.span, since, done, total, limit=SLICE, passes_after=scenario.cleared_upto
    )
    task["messages"][0] += put_off
    return put_off == SLICE


def _spread(statement: str, scenario: Scenario, policy: Policy, since: datetime, done: int, total: int) -> int:
    values: dict[str, Any] = {"over": policy.span, "since": since, "done": done, "total": total or 1, "limit": SLICE}
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"scenario": scenario.pk, "cleared_upto": scenario.cleared_upto or 0})
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
    counts = [scenario.overdue[what] for what in ("contacts", "messages", "besides") if what in scenario.overdue]
    return {"done": sum(done for done, _ in counts), "total": sum(total for _, total in counts)}
