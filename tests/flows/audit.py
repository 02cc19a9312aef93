"""Questions to the database after everything is over; the answer to each of them must be nothing."""

from django.db import connection

# Executions whose steps are not numbered 0, 1, 2… up to the number of moves they say they made; those of errands, which
# are below zero, are no moves.
_GAPS = """
SELECT e.id FROM flows_execution e LEFT JOIN flows_step s ON s.execution_id = e.id AND s.number >= 0
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
    SELECT node, metric, sum(n) AS n FROM flows_nodecount WHERE metric NOT LIKE 'converted:%%' AND metric NOT LIKE
        'revenue:%%' GROUP BY 1, 2 HAVING sum(n) <> 0
), recounted AS (
    SELECT node, metric, count(*) AS n FROM (
        SELECT node, 'entered' AS metric FROM flows_step
        UNION ALL SELECT node, CASE outcome WHEN 'end' THEN 'ended' WHEN 'exited' THEN outcome
            ELSE 'left:' || outcome END FROM flows_step WHERE outcome <> 'failed'
        UNION ALL SELECT node, 'failed' FROM flows_execution WHERE state = 'failed' -- who was queued again has not
        UNION ALL SELECT node, unnest(ARRAY['entered', 'waiting']) FROM flows_execution WHERE state = 'waiting'
        UNION ALL SELECT node, 'late' FROM flows_errand
        UNION ALL SELECT '', state FROM flows_execution WHERE state NOT IN ('pending', 'processing', 'waiting')
        UNION ALL SELECT '', 'cohort:' || date_trunc('week', entered_at AT TIME ZONE (
            SELECT coalesce(nullif(max(timezone), ''), 'UTC') FROM contacts_installation
        ))::date FROM flows_execution WHERE state = 'completed'
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
# What was counted per day, against the ledger (but for clicks, which tests that use this write by hand). An
# outcome that nobody knows has no moment: its sum alone is compared.
_DAY_COUNTS = """
WITH zone AS (SELECT coalesce(nullif(max(timezone), ''), 'UTC') AS name FROM contacts_installation),
keyed AS (
    SELECT m.*, zone.name AS zone FROM campaigns_message m, zone
), recounted AS (
    SELECT (at AT TIME ZONE zone)::date AS day, origin_id, content_id, provider_id, country, language, device, metric,
        count(*) AS n
    FROM keyed, LATERAL (VALUES
        ('sent', CASE WHEN state <> 'unknown' THEN sent_at END, ''), ('delivered', delivered_at, ''),
        ('bounced', bounced_at, ''),
        ('complained', complained_at, ''), ('unsubscribed', unsubscribed_at, ''), ('failed', failed_at, ''),
        ('skipped', skipped_at, ''), ('unknown', CASE WHEN state = 'unknown' THEN '-infinity'::timestamptz END, '')
    ) v (metric, at, device) WHERE at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), counted AS (
    SELECT CASE metric WHEN 'unknown' THEN '-infinity' ELSE day END AS day, origin_id, content_id, provider_id,
        country, language, device, metric, sum(n) AS n
    FROM campaigns_daycount, LATERAL (VALUES
        ('sent', sent), ('delivered', delivered), ('bounced', bounced),
        ('complained', complained), ('unsubscribed', unsubscribed), ('failed', failed), ('skipped', skipped),
        ('unknown', unknown)
    ) v (metric, n) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(n) <> 0
)
SELECT r.*, c.* FROM recounted r FULL JOIN counted c
ON (r.day, r.origin_id, r.content_id, r.country, r.language, r.device, r.metric)
    = (c.day, c.origin_id, c.content_id, c.country, c.language, c.device, c.metric)
    AND r.provider_id IS NOT DISTINCT FROM c.provider_id
WHERE r.n IS DISTINCT FROM c.n
"""
# Converted messages and what they brought, per origin and per day, against the conversions.
_CONVERSIONS = """
WITH zone AS (SELECT coalesce(nullif(max(timezone), ''), 'UTC') AS name FROM contacts_installation),
kept AS (
    SELECT c.*, m.origin_id, (c.at AT TIME ZONE zone.name)::date AS day
    FROM campaigns_conversion c JOIN campaigns_message m ON m.id = c.message_id, zone
), recounted AS (
    SELECT origin_id, NULL::date AS day, 'converted' AS metric, count(*)::numeric AS n FROM kept WHERE first GROUP BY 1
    UNION ALL SELECT origin_id, day, 'converted', count(*) FROM kept WHERE first GROUP BY 1, 2
    UNION ALL SELECT origin_id, day, currency, sum(value) FROM kept WHERE value IS NOT NULL GROUP BY 1, 2, 3
), counted AS (
    SELECT origin_id, NULL::date AS day, metric, sum(n) AS n FROM campaigns_origincount
    WHERE metric = 'converted' GROUP BY 1, 3
    UNION ALL SELECT origin_id, day, 'converted', sum(converted) FROM campaigns_daycount GROUP BY 1, 2
    UNION ALL SELECT origin_id, day, currency, sum(amount) FROM campaigns_revenue GROUP BY 1, 2, 3
)
SELECT r.*, c.* FROM recounted r FULL JOIN counted c
ON (r.origin_id, r.metric) = (c.origin_id, c.metric) AND r.day IS NOT DISTINCT FROM c.day
WHERE coalesce(r.n, 0) <> coalesce(c.n, 0)
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
        "counts per day that differ from a recount": (_DAY_COUNTS, []),
        "conversions that differ from a recount": (_CONVERSIONS, []),
        "messages and the timeline disagree": (_EVENTS, []),
    }
    found = {}
    with connection.cursor() as cursor:
        for question, (sql, values) in questions.items():
            cursor.execute(sql, values)
            if rows := cursor.fetchmany(10):
                found[question] = rows
    return found
