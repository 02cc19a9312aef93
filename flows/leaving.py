"""Takes contacts out of scenarios: because they enter anew, have reached the objective, or an operator says so."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from campaigns.delivery import withdrawing
from campaigns.skip_reasons import TAKEN_OUT
from contacts.columns import literal
from flows import exits, objectives
from flows.claiming import COLUMNS, Crowd, gathered, locked
from flows.kept_graphs import kept
from flows.models import Execution, ExecutionState, Follows, Scenario, ScenarioState
from flows.stretch import Stretch, write
from flows.transitions import WrongState

ANEW = "The contact entered anew."
BY_HAND = "Somebody took the contact out."


def inside_of(scenario: Scenario, contacts: Sequence[int]) -> Crowd:
    """The passes of these contacts that are not over, locked in the order of their ids."""
    return _inside(scenario, "contact_id", contacts)


def _inside(scenario: Scenario, column: str, ids: Sequence[int]) -> Crowd:
    return gathered(
        f"""SELECT {COLUMNS}, false AS late, (id <= %s) IS TRUE AS cleared FROM flows_execution
        WHERE {column} = ANY(%s::bigint[]) AND scenario_id = %s
        AND state IN ('pending', 'waiting') ORDER BY id FOR UPDATE""",  # noqa: S608 - our own columns
        [scenario.cleared_upto, literal(ids), scenario.pk],
    )


def take_out(scenario: Scenario, crowd: Crowd, reason: str, now: datetime) -> None:
    """End locked passes where they stand."""
    stretches = []
    for one in crowd.standings:
        flow = one.flow if scenario.follows == Follows.ENTERED else scenario.flow_id
        stretch = Stretch(scenario, kept(flow), now)
        stretch.leave(stretch.batch(one), reason, resting=one.state == ExecutionState.WAITING)
        stretches.append(stretch)
    write(stretches)


def restart(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """End the passes that these contacts are in, because they enter anew."""
    take_out(scenario, inside_of(scenario, contacts), ANEW, now)


def reached(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """End the passes of those who have reached the objective by what has just happened to them."""
    inside = inside_of(scenario, contacts)
    done = objectives.reached(scenario, inside.ids, now)
    leaving = [one.part(i for i, pk in enumerate(one.ids) if pk in done) for one in inside.standings]
    take_out(scenario, Crowd(one for one in leaving if len(one)), exits.REACHED, now)


def make_way(scenario: Scenario, contacts: Sequence[int], now: datetime) -> None:
    """End the passes of these contacts that are to end anyhow, because the scenario was stopped or cleared since: they
    keep nobody from entering."""
    if scenario.cleared_upto is None:
        return
    leaving = Crowd(one for one in inside_of(scenario, contacts).standings if one.cleared)
    take_out(scenario, leaving, scenario.get_cleared_because_display(), now)


@transaction.atomic
def remove(scenario: Scenario, execution: Execution, now: datetime) -> None:
    """Take one contact out, in any state of the scenario, and take back what is queued for this pass. Waits for who
    is moving it at this moment. Raises WrongState where the pass is over."""
    for one in locked([scenario.pk], ScenarioState.values):
        inside = _inside(one, "id", [execution.pk])
        if not inside:
            execution.refresh_from_db()
            raise WrongState(f"This pass is over: {execution.get_state_display().lower()}.")
        take_out(one, inside, BY_HAND, now)
        withdrawing.skip(one.origin, TAKEN_OUT, now, of_pass=execution.pk)
    execution.refresh_from_db()
