"""Claims executions that are due, across all running scenarios, and locks the scenarios they belong to."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, overload

from django.db import connection

from flows.models import Scenario, ScenarioState


@dataclass(frozen=True)
class Standing:
    """Claimed executions that stand at the same node in the same way: parallel lists, one place per execution."""

    scenario: int
    flow: int
    node: str
    state: str
    late: bool  # overdue for longer than the operator wants messages to be
    cleared: bool  # entered before everybody was taken out
    ids: list[int]
    contacts: list[int]
    moves: list[int]
    events: list[int | None]

    def __len__(self) -> int:
        return len(self.ids)

    def part(self, places: Iterable[int]) -> "Standing":
        """The executions at these places of the lists."""
        chosen = list(places)
        return replace(
            self,
            ids=[self.ids[i] for i in chosen],
            contacts=[self.contacts[i] for i in chosen],
            moves=[self.moves[i] for i in chosen],
            events=[self.events[i] for i in chosen],
        )


class Crowd(Sequence[Standing]):
    """Claimed executions wherever they stand. Its places are single executions, so that it can be divided anywhere."""

    def __init__(self, standings: Iterable[Standing] = ()) -> None:
        self.standings = list(standings)

    def __len__(self) -> int:
        return sum(map(len, self.standings))

    @overload
    def __getitem__(self, place: int) -> Standing: ...
    @overload
    def __getitem__(self, place: slice) -> "Crowd": ...
    def __getitem__(self, place: int | slice) -> "Standing | Crowd":
        chosen = range(len(self))[place]
        if isinstance(chosen, int):
            return self[chosen : chosen + 1].standings[0]
        found, first = [], 0
        for one in self.standings:
            inside = range(max(chosen.start - first, 0), min(chosen.stop - first, len(one)))
            if inside:
                found.append(one if len(inside) == len(one) else one.part(inside))
            first += len(one)
        return Crowd(found)

    @property
    def ids(self) -> list[int]:
        return [id for one in self.standings for id in one.ids]


# What a query for `gathered` selects, besides `late` and `cleared`.
COLUMNS = "id, scenario_id, flow_id, node, contact_id, moves, event_id, state"


def gathered(query: str, values: Sequence[Any] | dict[str, Any]) -> Crowd:
    """The executions that a query finds and locks. The database puts together who stands in the same way, so that no
    object is made for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT scenario_id, flow_id, node, state, late, cleared,
                array_agg(id), array_agg(contact_id), array_agg(moves), array_agg(event_id)
            FROM ({query}) AS found GROUP BY scenario_id, flow_id, node, state, late, cleared""",  # noqa: S608 - our own
            values,
        )
        return Crowd(Standing(*row) for row in cursor.fetchall())


def claim(now: datetime, limit: int) -> Crowd:
    """Due executions of running scenarios. Paused ones are never looked at, however much of theirs is overdue; the
    random order lets everybody have a turn where one scenario alone would fill every batch."""
    return gathered(
        f"""SELECT e.* FROM (
            SELECT id, cleared_upto, (overdue ->> 'resumed')::timestamptz
                - make_interval(secs => (overdue ->> 'skip_older_than')::float) AS late_before
            FROM flows_scenario WHERE state = 'running' ORDER BY random()
        ) s CROSS JOIN LATERAL (
            SELECT {COLUMNS}, (due_at < s.late_before) IS TRUE AS late, (id <= s.cleared_upto) IS TRUE AS cleared
            FROM flows_execution
            WHERE scenario_id = s.id AND state IN ('pending', 'waiting') AND due_at IS NOT NULL AND due_at <= %s
            ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
        ) e LIMIT %s""",  # noqa: S608 - our own columns
        [now, limit, limit],
    )


def running(ids: Collection[int]) -> list[Scenario]:
    """Those of the scenarios that run, locked so that a pause waits for the transaction that is moving contacts."""
    return locked(ids, [ScenarioState.RUNNING])


def locked(ids: Collection[int], states: Collection[str]) -> list[Scenario]:
    """Those of the scenarios that are in one of the states, locked so that changing it waits for this transaction."""
    if not ids:
        return []
    # The ORM knows FOR UPDATE only, which two workers could not hold at once.
    return list(
        Scenario.objects.raw(
            "SELECT * FROM flows_scenario WHERE id = ANY(%s) AND state = ANY(%s) ORDER BY id FOR SHARE",
            [list(ids), [str(state) for state in states]],
        )
    )
