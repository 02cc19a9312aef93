"""Questions to the database after everything is over; the answer to each of them must be nothing."""

from django.db import connection

# Executions whose steps are not numbered 0, 1, 2… up to the number of moves they say they made.
_GAPS = """
SELECT e.id FROM flows_execution e LEFT JOIN flows_step s ON s.execution_id = e.id
GROUP BY e.id HAVING count(s.number) <> e.moves OR min(s.number) <> 0 OR max(s.number) <> e.moves - 1
"""
# Steps that belong to nobody.
_STRAYS = (
    "SELECT s.execution_id FROM flows_step s LEFT JOIN flows_execution e ON e.id = s.execution_id WHERE e.id IS NULL"
)
# Contacts who are in two places of a scenario at once, where passes may not run side by side.
_PLACES = """
SELECT scenario_id, contact_id FROM flows_execution e JOIN flows_scenario s ON s.id = e.scenario_id
WHERE e.state IN ('pending', 'processing', 'waiting') AND s.reentry <> 'every_time'
GROUP BY 1, 2 HAVING count(*) > 1
"""
# Passes through a node that sends without its one message, and messages without their pass. Who leaves at such a node
# may have been written to: where its way on leads back, and they have gone back often enough.
_MESSAGES = """
SELECT s.execution_id, s.number, m.id FROM (
    SELECT s.* FROM flows_step s WHERE s.node = ANY(%s)
) s FULL JOIN campaigns_message m ON m.origin_pass = s.execution_id AND m.visit = s.number
WHERE s.execution_id IS NULL OR (m.id IS NULL AND s.outcome <> 'exited')
"""
_NODE_COUNTS = """
WITH counted AS (
    SELECT node, metric, sum(n) AS n FROM flows_nodecount GROUP BY 1, 2 HAVING sum(n) <> 0
), recounted AS (
    SELECT node, metric, count(*) AS n FROM (
        SELECT node, 'entered' AS metric FROM flows_step
        UNION ALL SELECT node, CASE outcome WHEN 'end' THEN 'ended' WHEN 'exited' THEN outcome
            ELSE 'left:' || outcome END FROM flows_step WHERE outcome <> 'failed'
        UNION ALL SELECT node, 'failed' FROM flows_execution WHERE state = 'failed' -- who was queued again has not
        UNION ALL SELECT node, unnest(ARRAY['entered', 'waiting']) FROM flows_execution WHERE state = 'waiting'
    ) x GROUP BY 1, 2
)
SELECT * FROM counted FULL JOIN recounted USING (node, metric) WHERE counted.n IS DISTINCT FROM recounted.n
"""
_MESSAGE_COUNTS = """
WITH counted AS (
    SELECT origin_id, metric, sum(n) AS n FROM campaigns_origincount
    WHERE metric IN ('queued', 'sent', 'skipped', 'failed', 'unknown') GROUP BY 1, 2 HAVING sum(n) <> 0
), recounted AS (
    SELECT origin_id, metric, count(*) AS n FROM (
        SELECT origin_id, 'queued' AS metric FROM campaigns_message UNION ALL
        SELECT origin_id, state FROM campaigns_message WHERE state NOT IN ('queued', 'sending')
    ) x GROUP BY 1, 2
)
SELECT * FROM counted FULL JOIN recounted USING (origin_id, metric) WHERE counted.n IS DISTINCT FROM recounted.n
"""
# Messages whose sending is not on the timeline exactly once, and the other way round.
_EVENTS = """
SELECT m.id, e.message FROM (SELECT id FROM campaigns_message WHERE state = 'sent') m FULL JOIN (
    SELECT (properties ->> 'message')::bigint AS message, count(*) AS n
    FROM contacts_event WHERE name IN ('email.sent', 'sms.sent') GROUP BY 1
) e ON e.message = m.id WHERE m.id IS NULL OR e.n IS DISTINCT FROM 1
"""


def complaints(senders: list[str]) -> dict[str, list[tuple]]:
    """Everything that is not as it must be, by the question; at most ten rows of each. `senders`: nodes that send."""
    questions: dict[str, tuple[str, list]] = {
        "steps with gaps": (_GAPS, []),
        "steps of nobody": (_STRAYS, []),
        "contacts in two places at once": (_PLACES, []),
        "messages that are not once per visit": (_MESSAGES, [senders]),
        "node counts that differ from a recount": (_NODE_COUNTS, []),
        "message counts that differ from a recount": (_MESSAGE_COUNTS, []),
        "messages and the timeline disagree": (_EVENTS, []),
    }
    found = {}
    with connection.cursor() as cursor:
        for question, (sql, values) in questions.items():
            cursor.execute(sql, values)
            if rows := cursor.fetchmany(10):
                found[question] = rows
    return found
