"""Credits conversions to the ways that their passes took: to the ports of nodes whose ports are compared.

Reads the conversions in the order of their ids, which is that of their commits, for one worker at a time writes them.
"""

from datetime import datetime

from django.db import connection, transaction

from contacts.models import Installation
from flows.models.sweep import Sweep
from flows.nodes import registry

NAME = "conversions credited"
SLICE = 2_000
# What comes of a step where nobody left by a port.
NO_PORTS = ["end", "exited", "failed", "redirected"]
# Amounts are counted as whole numbers of this part.
PARTS = 10_000

# A conversion counts for the last way out of each compared node that its pass had taken before, as the steps have it,
# whatever the shares were or are. A passage is converted once, however many events or messages of the pass there are;
# all of them add to what it brought in. Whose steps were pruned before, nobody knows the way of.
_CREDIT = """
WITH slice AS MATERIALIZED (
    SELECT id, message_id, at, value, currency FROM campaigns_conversion
    WHERE id > %(after)s ORDER BY id LIMIT %(slice)s
), there AS MATERIALIZED (
    SELECT id, flow_id, CASE WHEN campaign_id IS NULL THEN 'scenario:' || id ELSE 'campaign:' || campaign_id END || ':'
        AS prefix FROM flows_scenario WHERE id IN (
            SELECT x.scenario_id FROM slice JOIN campaigns_message m ON m.id = slice.message_id
            JOIN flows_execution x ON x.id = m.origin_pass
        ) ORDER BY id FOR KEY SHARE
), passed AS MATERIALIZED (
    SELECT slice.*, x.id AS pass, there.id AS scenario_id, there.prefix, there.flow_id AS live, x.flow_id AS entered
    FROM slice JOIN campaigns_message m ON m.id = slice.message_id JOIN campaigns_origin g ON g.id = m.origin_id
    JOIN flows_execution x ON x.id = m.origin_pass JOIN there ON there.id = x.scenario_id
    WHERE starts_with(g.key, there.prefix)
), compared AS MATERIALIZED (
    SELECT DISTINCT used.scenario_id, node ->> 'id' AS node FROM (
        SELECT scenario_id, live AS flow_id FROM passed UNION SELECT scenario_id, entered FROM passed
    ) used JOIN flows_flow f ON f.id = used.flow_id, jsonb_array_elements(f.graph -> 'nodes') AS node
    WHERE node ->> 'type' = ANY(%(types)s)
), taken AS MATERIALIZED (
    SELECT pass.scenario_id, pass.pass, s.node, s.number, s.outcome AS port, s.at AS since,
        lead(s.at) OVER (PARTITION BY pass.pass, s.node ORDER BY s.number) AS until
    FROM (SELECT DISTINCT scenario_id, pass FROM passed) pass JOIN compared c ON c.scenario_id = pass.scenario_id
    JOIN flows_step s ON s.execution_id = pass.pass AND s.node = c.node AND s.outcome <> ALL(%(no_ports)s)
), credited AS MATERIALIZED (
    SELECT p.id, p.scenario_id, p.pass, p.prefix, p.at, p.value, p.currency, t.node, t.number, t.port, t.since, t.until
    FROM passed p JOIN taken t ON t.pass = p.pass AND t.since < p.at AND (t.until IS NULL OR p.at <= t.until)
), first AS MATERIALIZED (
    SELECT DISTINCT ON (pass, node, number) * FROM credited c ORDER BY pass, node, number, id
), news AS (
    SELECT scenario_id, node, 'converted:' || port AS metric, at, 1::bigint AS n FROM first WHERE NOT EXISTS (
        SELECT FROM campaigns_message m JOIN campaigns_origin g ON g.id = m.origin_id
        JOIN campaigns_conversion c ON c.message_id = m.id
        WHERE m.origin_pass = first.pass AND starts_with(g.key, first.prefix) AND c.id <= %(after)s
        AND c.at > first.since AND (first.until IS NULL OR c.at <= first.until)
    )
    UNION ALL
    SELECT scenario_id, node, 'revenue:' || port || ':' || currency, at, (value * %(parts)s)::bigint
    FROM credited WHERE value IS NOT NULL
), counted AS (
    INSERT INTO flows_nodecount (scenario_id, node, metric, day, n)
    SELECT scenario_id, node, metric, (at AT TIME ZONE %(zone)s)::date, sum(n) FROM news GROUP BY 1, 2, 3, 4
    HAVING sum(n) <> 0
)
SELECT max(id), count(*) FROM slice
"""


@transaction.atomic
def credit(now: datetime) -> bool:
    """Credit one slice of conversions. Returns whether there may be more."""
    Sweep.objects.get_or_create(name=NAME)
    sweep = Sweep.objects.select_for_update(skip_locked=True).filter(name=NAME).first()
    if sweep is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            _CREDIT,
            {
                "after": sweep.position,
                "slice": SLICE,
                "types": [key for key, kind in registry().items() if kind.compares],
                "no_ports": NO_PORTS,
                "parts": PARTS,
                "zone": Installation.current().zone_name,
            },
        )
        last, seen = cursor.fetchone()
    if seen:
        sweep.position = last
        sweep.save(update_fields=["position"])
    return seen == SLICE
