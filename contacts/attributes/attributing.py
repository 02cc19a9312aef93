"""Sets and removes attributes of many contacts at once, and records for each who changed what did."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from contacts.columns import Columns
from contacts.lanes import nudge

# Only those who really change are written and told of; locked in the order of their ids, as everywhere.
_CHANGE = """
WITH had AS MATERIALIZED (
    SELECT c.id, c.attributes AS old, (c.attributes || g.attributes) - %s::text[] AS new
    FROM contacts_contact c JOIN ({given}) AS g (id, attributes) ON g.id = c.id
    WHERE (c.attributes || g.attributes) - %s::text[] <> c.attributes
    ORDER BY c.id FOR NO KEY UPDATE OF c
), changed AS (
    UPDATE contacts_contact c SET attributes = h.new, updated_at = %s FROM had h WHERE h.id = c.id
    RETURNING c.id, h.old, h.new
)
INSERT INTO contacts_event (contact_id, name, properties, at)
SELECT id, 'contact.updated', jsonb_build_object('changed', (
        SELECT jsonb_agg('attributes.' || key ORDER BY key) FROM jsonb_object_keys(old || new) AS key
        WHERE old -> key IS DISTINCT FROM new -> key
    )) || CASE WHEN %s = '' THEN '{{}}'::jsonb ELSE jsonb_build_object('source', %s::text) END, %s
FROM changed ORDER BY id
"""


def change(
    contact_ids: Sequence[int],
    attributes: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    removed: Collection[str],
    now: datetime,
    source: str = "",
) -> int:
    """Give contacts the attributes (the same for all, or one mapping for each) and take those away whose names are in
    `removed`; one statement. Returns how many contacts changed. Names and values must be clean."""
    if not contact_ids:
        return 0
    if isinstance(attributes, Mapping):
        columns = Columns()
        given = f"SELECT DISTINCT {columns.many('bigint', contact_ids)}, %s::jsonb"
        values = [*columns.values, json.dumps(attributes)]
    else:
        given = "SELECT * FROM json_to_recordset(%s::json) AS t (id bigint, attributes jsonb)"
        each = dict(zip(contact_ids, attributes, strict=True))
        values = [json.dumps([{"id": id, "attributes": theirs} for id, theirs in each.items()])]
    names = list(removed)
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE.format(given=given), [names, *values, names, now, source, source, now])
        written = cursor.rowcount
    if written:
        nudge("advance")
    return written
