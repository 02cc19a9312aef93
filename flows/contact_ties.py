"""What hangs on contacts here: their passes through scenarios, with their steps; see `contacts.ties`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from campaigns import skip_reasons
from campaigns.delivery import withdrawing
from contacts.columns import literal
from contacts.models import Contact
from contacts.ties import People, Told
from flows import leaving, reentry
from flows.claiming import locked
from flows.models import Execution, ScenarioState, Step

TABLES = {"flows_execution"}

MERGED = "Two contacts became one, and the other one has the place in this scenario."
ERASED = "The contact was erased."

# As everybody does who moves contacts: the scenario, then its passes.
_SCENARIOS = "SELECT DISTINCT scenario_id FROM flows_execution WHERE contact_id = ANY(%s::bigint[])"
_PASSES = "SELECT id FROM flows_execution WHERE contact_id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
# Both take up the one place that a contact has in a scenario.
_BOTH = """
SELECT g.id, g.scenario_id FROM flows_execution g JOIN flows_execution k
    ON k.scenario_id = g.scenario_id AND k.contact_id = %s AND k.single
WHERE g.contact_id = %s AND g.single
"""
# Why a step was taken, or could not be, may tell what somebody is like.
_FORGET = (
    "UPDATE flows_execution SET error = '' WHERE contact_id = ANY(%(ids)s::bigint[]) AND error <> ''",
    """UPDATE flows_step SET reason = '' WHERE reason <> '' AND reason <> %(kept)s
       AND execution_id IN (SELECT id FROM flows_execution WHERE contact_id = ANY(%(ids)s::bigint[]))""",
    """DELETE FROM flows_errand
       WHERE execution_id IN (SELECT id FROM flows_execution WHERE contact_id = ANY(%(ids)s::bigint[]))""",
)


def hold(ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SCENARIOS, [literal(ids)])
        locked([pk for (pk,) in cursor.fetchall()], ScenarioState.values)
        cursor.execute(_PASSES, [literal(ids)])


def join(kept: int, gone: int, now: datetime) -> None:
    """Where both have taken up their place, the one who is kept has it, as the re-entry mode would have it had they
    been one: the other one's pass leaves, or, where it is over, gives up its place."""
    with connection.cursor() as cursor:
        cursor.execute(_BOTH, [kept, gone])
        both = dict(cursor.fetchall())
        for scenario in locked(set(both.values()), ScenarioState.values):
            reentry.make_room(scenario, [kept], now)
        cursor.execute(_BOTH, [kept, gone])
        both = dict(cursor.fetchall())
    for scenario in locked(set(both.values()), ScenarioState.values):
        leaving.take_out(scenario, leaving.inside_of(scenario, [gone]), MERGED, now)
        for pk in (pk for pk, of in both.items() if of == scenario.pk):
            withdrawing.skip(scenario.origin, skip_reasons.MERGED, now, of_pass=pk)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE flows_execution SET single = false WHERE id = ANY(%s)", [list(both)])
        cursor.execute("UPDATE flows_execution SET contact_id = %s WHERE contact_id = %s", [kept, gone])


def erase(who: People, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{_SCENARIOS} AND state IN ('pending', 'waiting')", [literal(who.ids)])
        inside = [pk for (pk,) in cursor.fetchall()]
    for scenario in locked(inside, ScenarioState.values):
        leaving.take_out(scenario, leaving.inside_of(scenario, who.ids), ERASED, now)
    with connection.cursor() as cursor:
        for statement in _FORGET:
            cursor.execute(statement, {"ids": literal(who.ids), "kept": ERASED})


def tell(contact: Contact) -> Told:
    yield "scenarios", _passes(contact)


def _passes(contact: Contact) -> Iterator[dict[str, Any]]:
    """A pass with its steps, in the order in which they were entered; both are read as they come."""
    rows = Execution.objects.filter(contact=contact).order_by("pk")
    passes = rows.values("id", "scenario__name", "state", "node", "entered_at", "finished_at", "error")
    steps = Step.objects.filter(execution__contact=contact).order_by("execution_id", "number")
    told = groupby(
        steps.values("execution_id", "number", "node", "outcome", "reason", "at").iterator(chunk_size=2000),
        key=itemgetter("execution_id"),
    )
    current, group = next(told, (None, None))
    for row in passes.iterator(chunk_size=2000):
        its: list[dict[str, Any]] = []
        while current is not None and current < row["id"]:
            current, group = next(told, (None, None))
        if current == row["id"] and group is not None:
            its = [{key: value for key, value in step.items() if key != "execution_id"} for step in group]
            current, group = next(told, (None, None))
        yield {"scenario": row.pop("scenario__name"), **row, "steps": its}
