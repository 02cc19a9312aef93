"""Says who may enter a scenario, as its re-entry mode has it; the database refuses what two entries at once overlook.

A contact's one place in a scenario is the execution whose `single` is true, of which the database allows one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from contacts.columns import literal
from flows.models import Reentry, Scenario

# Modes in which a pass that is over goes on taking up the contact's place.
_LASTING = (Reentry.ONCE, Reentry.SPACED)


def keeps_place(mode: str, finished: bool) -> bool:
    """Whether a pass takes up the contact's one place in the scenario."""
    return mode != Reentry.EVERY_TIME and (not finished or mode in _LASTING)


def _spaced_from(scenario: Scenario, now: datetime) -> datetime:
    """Whose last entry was then or earlier may enter again."""
    return now - timedelta(hours=scenario.reentry_hours or 0)


def refused(scenario: Scenario, contacts: Sequence[int], now: datetime) -> set[int]:
    """Those of the contacts who may not enter, because their place is taken. No query where the mode has none."""
    if scenario.reentry in (Reentry.EVERY_TIME, Reentry.RESTART):
        return set()
    taken, values = "", list[Any]()
    if scenario.reentry == Reentry.SPACED:
        taken = "AND NOT (finished_at IS NOT NULL AND entered_at <= %s)"
        values = [_spaced_from(scenario, now)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT contact_id FROM flows_execution
            WHERE scenario_id = %s AND contact_id = ANY(%s::bigint[]) AND single {taken}""",  # noqa: S608
            [scenario.pk, literal(contacts), *values],
        )
        return {row[0] for row in cursor.fetchall()}


def make_room(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """Let go of the places of passes that are long enough ago; where the mode knows no such thing, do nothing."""
    if scenario.reentry != Reentry.SPACED:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE flows_execution SET single = false WHERE scenario_id = %s
            AND contact_id = ANY(%s::bigint[]) AND single AND finished_at IS NOT NULL AND entered_at <= %s""",
            [scenario.pk, literal(contacts), _spaced_from(scenario, now)],
        )


@transaction.atomic
def change(scenario: Scenario, mode: str, hours: int | None) -> None:
    """Another mode from now on, for contacts who were in before as well.

    Waits for the batches that are entering at this moment. Who is inside several times keeps all those passes; the
    newest takes up the place.
    """
    Scenario.objects.select_for_update(no_key=True).get(pk=scenario.pk)
    Scenario.objects.filter(pk=scenario.pk).update(reentry=mode, reentry_hours=hours)
    wanted = """
        WITH wanted AS (
            SELECT id, single, %s AND (finished_at IS NULL OR %s) AND row_number() OVER (
                PARTITION BY contact_id ORDER BY (finished_at IS NULL) DESC, id DESC) = 1 AS takes
            FROM flows_execution WHERE scenario_id = %s
        ) UPDATE flows_execution e SET single = {value} FROM wanted w WHERE e.id = w.id AND w.single <> w.takes
            AND w.takes = {value}"""
    with connection.cursor() as cursor:
        for value in ("false", "true"):  # first out of the way, then in: the index is asked row by row
            cursor.execute(wanted.format(value=value), [keeps_place(mode, False), keeps_place(mode, True), scenario.pk])
    scenario.refresh_from_db(fields=["reentry", "reentry_hours"])
