"""Takes contacts out of scenarios: because they enter anew, have reached the objective, or an operator says so."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import starmap

from django.db import connection, transaction

from campaigns import withdrawing
from contacts.columns import literal
from flows import exits, objectives
from flows.claiming import COLUMNS, Standing, locked
from flows.engine import standing_batch
from flows.kept_graphs import kept
from flows.models import Execution, ExecutionState, Follows, Scenario, ScenarioState
from flows.stretch import Stretch
from flows.transitions import WrongState

ANEW = "The contact entered anew."
BY_HAND = "Somebody took the contact out."


def inside_of(scenario: Scenario, contacts: Sequence[int]) -> list[Standing]:
    """The passes of these contacts that are not over, locked in the order of their ids."""
    return _inside(scenario, "contact_id", contacts)


def _inside(scenario: Scenario, column: str, ids: Sequence[int]) -> list[Standing]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {COLUMNS}, false, (id <= %s) IS TRUE FROM flows_execution
            WHERE {column} = ANY(%s::bigint[]) AND scenario_id = %s
            AND state IN ('pending', 'waiting') ORDER BY id FOR UPDATE""",  # noqa: S608 - our own columns
            [scenario.cleared_upto, literal(ids), scenario.pk],
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


def make_way(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """End the passes of these contacts that are to end anyhow, because the scenario was stopped or cleared since: they
    keep nobody from entering."""
    if scenario.cleared_upto is None:
        return
    leaving = [one for one in inside_of(scenario, contacts) if one.cleared]
    take_out(scenario, leaving, scenario.get_cleared_because_display(), now)


@transaction.atomic
def remove(scenario: Scenario, execution: Execution, now: datetime) -> None:
    """Take one contact out, in any state of the scenario, and take back what is queued for this pass. Waits for who
    is moving it at this moment. Raises WrongState where the pass is over."""
    for one in locked([scenario.pk], ScenarioState.values):
        standings = _inside(one, "id", [execution.pk])
        if not standings:
            execution.refresh_from_db()
            raise WrongState(f"This pass is over: {execution.get_state_display().lower()}.")
        take_out(one, standings, BY_HAND, now)
        withdrawing.skip(one.origin, "taken out of the scenario", now, of_pass=execution.pk)
    execution.refresh_from_db()
