"""Writes down who crossed the border of a segment: the members, the day's numbers and, where it is told, events."""

from datetime import datetime

from django.db import connection

from contacts.days import day_of
from contacts.lanes import nudge
from contacts.segments.where import Where

ENTERED, LEFT = "segment.entered", "segment.left"

# Contacts are locked against deletion before anything of theirs is written, in the order of their ids. A member who is
# no contact any more is forgotten, and there is nobody left to tell it of. A day begins with the size that the segment
# had at the end of the last one that is known.
_CROSS = """
, there AS MATERIALIZED (
    SELECT id FROM contacts_contact WHERE id IN (SELECT contact_id FROM crossed) ORDER BY id FOR KEY SHARE
), came AS (
    INSERT INTO contacts_membership (segment_id, contact_id)
    SELECT segment_id, contact_id FROM crossed JOIN there ON there.id = contact_id WHERE inside ORDER BY 1, 2
    ON CONFLICT DO NOTHING RETURNING segment_id, contact_id
), went AS (
    DELETE FROM contacts_membership m USING crossed c LEFT JOIN there ON there.id = c.contact_id
    WHERE NOT c.inside AND m.segment_id = c.segment_id AND m.contact_id = c.contact_id
    RETURNING m.segment_id, m.contact_id
), told AS (
    INSERT INTO contacts_event (contact_id, name, properties, at)
    SELECT contact_id, t.name, jsonb_build_object('segment', s.id, 'name', s.name)
        || CASE WHEN %s = '' THEN '{}'::jsonb ELSE jsonb_build_object('source', %s::text) END, %s
    FROM (
        SELECT segment_id, contact_id, 'segment.left' AS name FROM went JOIN there ON there.id = contact_id
        UNION ALL SELECT segment_id, contact_id, 'segment.entered' FROM came
    ) t JOIN contacts_segment s ON s.id = t.segment_id
    WHERE %s ORDER BY contact_id, t.name DESC, s.id RETURNING 1
), counted AS (
    SELECT segment_id, sum(came) AS came, sum(went) AS went FROM (
        SELECT segment_id, count(*) AS came, 0 AS went FROM came GROUP BY 1
        UNION ALL SELECT segment_id, 0, count(*) FROM went GROUP BY 1
    ) n GROUP BY 1
), days AS (
    INSERT INTO contacts_segmentday AS had (segment_id, day, size, entered, "left")
    SELECT segment_id, %s, came - went + COALESCE((
        SELECT size FROM contacts_segmentday d WHERE d.segment_id = counted.segment_id ORDER BY day DESC LIMIT 1
    ), 0), CASE WHEN %s THEN came ELSE 0 END, CASE WHEN %s THEN went ELSE 0 END
    FROM counted JOIN contacts_segment s ON s.id = segment_id ORDER BY segment_id
    ON CONFLICT (segment_id, day) DO UPDATE SET entered = had.entered + EXCLUDED.entered,
        "left" = had."left" + EXCLUDED."left",
        size = had.size + (SELECT came - went FROM counted WHERE counted.segment_id = had.segment_id)
)
SELECT (SELECT count(*) FROM came), (SELECT count(*) FROM went), (SELECT count(*) FROM told)
"""


def cross(crossed: Where, now: datetime, told: bool, source: str = "") -> int:
    """Make the members what they should be; returns how many came or went.

    `crossed` is the beginning of a WITH whose last part, of that name, has segment_id, contact_id and whether the
    contact is `inside` now, for those only with whom that is news. The caller has locked the segments.
    """
    day = day_of(now)
    with connection.cursor() as cursor:
        # Compiling a hundred rules takes longer than asking them.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(crossed.sql + _CROSS, [*crossed.params, source, source[:200], now, told, day, told, told])
        came, went, events = cursor.fetchone()
    if events:
        nudge("advance")
    return came + went


def lock_segments(ids: list[int]) -> list[int]:
    """Keep segments from being deleted until the end of the transaction; returns those that exist."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM contacts_segment WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [ids])
        return [id for (id,) in cursor.fetchall()]
