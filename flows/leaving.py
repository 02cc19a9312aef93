"""Takes contacts out of scenarios: because they enter anew, or have reached the objective."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import starmap

from django.db import connection

from contacts.columns import literal
from flows import exits, objectives
from flows.claiming import COLUMNS, Standing
from flows.engine import standing_batch
from flows.kept_graphs import kept
from flows.models import ExecutionState, Follows, Scenario
from flows.stretch import Stretch

ANEW = "The contact entered anew."


def inside_of(scenario: Scenario, contacts: Sequence[int]) -> list[Standing]:
    """The passes of these contacts that are not over, locked in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {COLUMNS} FROM flows_execution WHERE contact_id = ANY(%s::bigint[]) AND scenario_id = %s
            AND state IN ('pending', 'waiting') ORDER BY id FOR UPDATE""",  # noqa: S608 - our own columns
            [literal(contacts), scenario.pk],
        )
        return list(starmap(Standing, cursor.fetchall()))


def take_out(scenario: Scenario, standings: Sequence[Standing], reason: str, now: datetime) -> None:
    """End locked passes where they stand."""
    groups: dict[tuple[int, str, str], list[Standing]] = defaultdict(list)
    for one in standings:
        flow = one.flow if scenario.follows == Follows.ENTERED else scenario.flow_id
        groups[flow, one.node, one.state].append(one)
    for (flow, node, state), group in groups.items():
        stretch = Stretch(scenario, kept(flow), now)
        stretch.leave(standing_batch(stretch, node, group), reason, resting=state == ExecutionState.WAITING)
        stretch.write()


def restart(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """End the passes that these contacts are in, because they enter anew."""
    take_out(scenario, inside_of(scenario, contacts), ANEW, now)


def reached(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """End the passes of those who have reached the objective by what has just happened to them."""
    standings = inside_of(scenario, contacts)
    done = objectives.reached(scenario, [one.id for one in standings], now)
    take_out(scenario, [one for one in standings if one.id in done], exits.REACHED, now)
