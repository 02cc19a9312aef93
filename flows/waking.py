"""Wakes contacts for whom the event that they wait for has happened."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from contacts.columns import literal
from flows.kept_graphs import graph_of
from flows.models import Flow, Follows, Scenario


def wake(scenario: Scenario, name: str, contacts: Sequence[int], now: datetime) -> None:
    """Make those of the contacts due who rest where an event of this name is awaited.

    Whether it is the right event, the node finds out from the timeline when it is asked: waking somebody for nothing
    does no harm, and whoever came to rest while the event was being written looks once for itself. Those who are due
    anyway are taken too: somebody may be moving them who looked at the timeline before the event was written, and is
    about to lay them to rest for long; the lock waits for that.
    """
    nodes = _nodes(scenario, name)
    if not nodes:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE flows_execution SET due_at = LEAST(due_at, %s) WHERE id IN (
                SELECT id FROM flows_execution WHERE contact_id = ANY(%s::bigint[]) AND scenario_id = %s
                AND state = 'waiting' AND node = ANY(%s) ORDER BY id FOR UPDATE
            )""",
            [now, literal(contacts), scenario.pk, nodes],
        )


def _nodes(scenario: Scenario, name: str) -> list[str]:
    if scenario.follows == Follows.LIVE:
        return graph_of(scenario.flow_id).awaited.get(name, [])
    flows = Flow.objects.filter(scenario=scenario).values_list("pk", flat=True)
    return sorted({node for flow in flows for node in graph_of(flow).awaited.get(name, [])})
