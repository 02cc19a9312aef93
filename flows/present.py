"""Tells who is in a scenario at this moment: how many, where, and page by page who stands at a node and until when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum, prefetch_related_objects

from contacts import search
from contacts.models import Contact, Event
from flows.kept_graphs import graph_of
from flows.models import INSIDE, Execution, ExecutionState, Follows, NodeCount, Scenario, ScenarioState
from flows.requeueing import PATIENCE

# So many that are due, or have failed, are counted one by one; whoever looks learns that there are more.
MOST_COUNTED = 10_000
MOST_FOUND = 2_000
MOST_LATE = 1_000  # the same for each of several scenarios
SIZE = 50
OVER = (ScenarioState.DRAFT, ScenarioState.STOPPED, ScenarioState.COMPLETED)

_DUE = """
SELECT count(*) FROM (
    SELECT FROM flows_execution WHERE scenario_id = %s AND state IN ('pending', 'waiting') AND due_at <= %s LIMIT %s
) x
"""


@dataclass(frozen=True)
class Now:
    """Who entered and has not finished. `waiting` of them rest at a node; `due` are to go on by now, as far as
    MOST_COUNTED; `failed` could not go on and can be put back into the queue."""

    inside: int
    waiting: int
    due: int
    failed: int
    failed_at: dict[str, int]

    @property
    def more_due(self) -> bool:
        return self.due >= MOST_COUNTED


def now_in(scenario: Scenario, now: datetime) -> Now:
    """In three queries, whatever the number of contacts."""
    rows = NodeCount.objects.filter(scenario=scenario, metric__in=["waiting", "failed"]).exclude(node="")
    sums = {(node, metric): n for node, metric, n in rows.values_list("node", "metric").annotate(sum=Sum("n")) if n > 0}
    waiting = sum(n for (_, metric), n in sums.items() if metric == "waiting")
    failed_at = {node: n for (node, metric), n in sums.items() if metric == "failed"}
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [scenario.pk, now, MOST_COUNTED])
        (due,) = cursor.fetchone()
    inside = waiting + pending([scenario.pk]).get(scenario.pk, 0)
    return Now(inside, waiting, due, sum(failed_at.values()), failed_at)


def pending(scenarios: Collection[int] | QuerySet[Scenario, int]) -> dict[int, int]:
    """How many passes have come to a node and are still to be worked there, by scenario: no count has those, for they
    are few and soon gone. An index holds nothing else. One query."""
    rows = Execution.objects.filter(state=ExecutionState.PENDING, scenario__in=scenarios)
    return dict(rows.values_list("scenario").annotate(n=Count("pk")))


_LATE = """
SELECT s.id, late.n FROM flows_scenario s, LATERAL (
    SELECT count(*) AS n FROM (
        SELECT FROM flows_execution e
        WHERE e.scenario_id = s.id AND e.state IN ('pending', 'waiting') AND e.due_at < %s LIMIT %s
    ) x
) late WHERE s.state = 'running' AND late.n > 0 ORDER BY late.n DESC, s.id LIMIT %s
"""


def latest(now: datetime, most: int) -> list[tuple[Scenario, int]]:
    """The running scenarios in which contacts should have gone on some minutes ago, and how many (up to MOST_LATE):
    something keeps the workers from them. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_LATE, [now - PATIENCE, MOST_LATE, most])
        late = dict(cursor.fetchall())
    scenarios = Scenario.objects.in_bulk(list(late)) if late else {}
    return [(scenarios[pk], n) for pk, n in late.items() if pk in scenarios]


def most_failed(most: int) -> list[tuple[Scenario, int]]:
    """The scenarios that are not over in which passes have failed, and how many; most of them first. Two queries."""
    ongoing = Scenario.objects.exclude(state__in=OVER)
    rows = NodeCount.objects.filter(node="", metric="failed", scenario__in=ongoing.values("pk"))
    sums = rows.values_list("scenario").annotate(sum=Sum("n")).filter(sum__gt=0).order_by("-sum", "scenario")[:most]
    failed = dict(sums)
    scenarios = Scenario.objects.in_bulk(list(failed)) if failed else {}
    return [(scenarios[pk], n) for pk, n in failed.items() if pk in scenarios]


@dataclass(frozen=True)
class Key:
    """A place in the order in which contacts leave: when (None: without end, which comes last), and the pass's id."""

    due_at: datetime | None
    id: int

    def __str__(self) -> str:
        return f"{self.due_at.isoformat() if self.due_at else ''}_{self.id}"

    @classmethod
    def read(cls, text: str) -> "Key | None":
        """What `str` gave; None of anything else."""
        moment, _, id = text.rpartition("_")
        if not id.isdecimal() or len(id) > 18:
            return None
        try:
            due_at = datetime.fromisoformat(moment) if moment else None
        except ValueError:
            return None
        if due_at is not None and due_at.tzinfo is None:
            return None
        return cls(due_at, int(id))


@dataclass(frozen=True)
class People:
    """One page: passes, and the keys that lead to the pages around it (empty where there is none)."""

    rows: list[Any]
    earlier: str
    later: str


def waiting_at(scenario: Scenario, node: str, text: str = "") -> QuerySet[Execution]:
    """The passes that stand at a node, unordered; with `text` those of contacts whom a search for it finds."""
    return _found(Execution.objects.filter(scenario=scenario, node=node, state__in=INSIDE), text)


def failed_at(scenario: Scenario, node: str, text: str = "") -> QuerySet[Execution]:
    """The passes that failed at a node, unordered, likewise."""
    return _found(Execution.objects.filter(scenario=scenario, node=node, state=ExecutionState.FAILED), text)


def _found(executions: QuerySet[Execution], text: str) -> QuerySet[Execution]:
    """Few contacts are found first and looked for among the passes; where there are many, the passes are gone through
    until a page of them is full."""
    if not text.strip():
        return executions
    matching = search.search(Contact.objects.all(), text).values_list("pk", flat=True)
    few = list(matching[: MOST_FOUND + 1])
    return executions.filter(contact__in=search.ids(text) if len(few) > MOST_FOUND else few)


def people(found: QuerySet[Execution], after: Key | None = None, before: Key | None = None) -> People:
    """A page of those who wait, whoever leaves first at the top: by the key they are due at, however many they are."""
    back = before is not None
    edge = before if before is not None else after
    rows = _taken(found, edge, back)
    more = len(rows) > SIZE
    rows = rows[:SIZE][::-1] if back else rows[:SIZE]
    prefetch_related_objects(rows, "contact")  # and not of all who are due at the same moment, before they are sorted
    return People(
        rows,
        earlier=str(_key(rows[0])) if rows and (more if back else after is not None) else "",
        later=str(_key(rows[-1])) if rows and (back or more) else "",
    )


def _key(execution: Execution) -> Key:
    return Key(execution.due_at, execution.pk)


def _taken(found: QuerySet[Execution], edge: Key | None, back: bool) -> list[Execution]:
    """Up to SIZE + 1 rows behind the edge, in the direction one goes. Those without end are a list of their own: an
    index finds each of the two."""
    timed, endless = found.filter(due_at__isnull=False), found.filter(due_at__isnull=True)
    if edge is not None and edge.due_at is None:
        endless = endless.filter(pk__lt=edge.id) if back else endless.filter(pk__gt=edge.id)
        timed = timed if back else timed.none()
    elif edge is not None:
        timed = _behind(timed, edge, back)
        endless = endless.none() if back else endless
    sign = "-" if back else ""
    parts = [timed.order_by(f"{sign}due_at", f"{sign}pk"), endless.order_by(f"{sign}pk")]
    rows: list[Execution] = []
    for part in reversed(parts) if back else parts:
        if len(rows) <= SIZE:
            rows += part[: SIZE + 1 - len(rows)]
    return rows


def _behind(timed: QuerySet[Execution], edge: Key, back: bool) -> QuerySet[Execution]:
    if back:
        return timed.filter(Q(due_at__lt=edge.due_at) | Q(pk__lt=edge.id), due_at__lte=edge.due_at)
    return timed.filter(Q(due_at__gt=edge.due_at) | Q(pk__gt=edge.id), due_at__gte=edge.due_at)


def counted(found: QuerySet[Execution]) -> int:
    """How many, up to MOST_COUNTED."""
    return found.values("pk")[:MOST_COUNTED].count()


def at_most_until(scenario: Scenario, executions: Sequence[Execution]) -> set[int]:
    """Those who wait for something to happen, and for whom the moment they are due is only the latest one."""
    flows = {one.flow_id if scenario.follows == Follows.ENTERED else scenario.flow_id for one in executions}
    awaiting = {(flow, node) for flow in flows if flow for nodes in graph_of(flow).awaited.values() for node in nodes}
    return {
        one.pk
        for one in executions
        if (one.flow_id if scenario.follows == Follows.ENTERED else scenario.flow_id, one.node) in awaiting
    }


def with_context(executions: Sequence[Execution]) -> set[int]:
    """Those whose event, which templates read as event.*, is still kept. One query."""
    events = {one.event_id: one.pk for one in executions if one.event_id}
    kept = set(Event.objects.filter(pk__in=list(events)).values_list("pk", flat=True)) if events else set()
    return {one.pk for one in executions if one.event_id in kept}


def errors_at(scenario: Scenario, node: str, most: int = 20) -> list[tuple[str, int]]:
    """The sentences with which passes failed at a node and how often each, of MOST_COUNTED passes at most."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT error, count(*) FROM (
                SELECT error FROM flows_execution WHERE scenario_id = %s AND node = %s AND state = 'failed' LIMIT %s
            ) x GROUP BY error ORDER BY 2 DESC, 1 LIMIT %s""",
            [scenario.pk, node, MOST_COUNTED, most],
        )
        return cursor.fetchall()
