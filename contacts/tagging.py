"""Marks contacts with tags, and takes the marks off."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection

from contacts.columns import literal
from contacts.lanes import READERS, nudge

LONGEST = 100
# Only PostgreSQL says which names are the same: Python writes some letters small in another way, such as İ.
_KNOWN = "SELECT given, id FROM unnest(%s::text[]) AS given JOIN contacts_tag ON lower(name) = lower(given)"


def clean_name(name: object) -> str:
    """A tag's name without stray blanks; ValidationError where it cannot be one."""
    if not isinstance(name, str) or not name.strip():
        raise ValidationError("A tag needs a name.")
    cleaned = " ".join(name.split())
    if len(cleaned) > LONGEST:
        raise ValidationError(f"A tag's name has at most {LONGEST} characters.")
    if not cleaned.isprintable():
        raise ValidationError("A tag's name cannot hold control characters.")
    return cleaned


def tag_ids(names: Iterable[str]) -> dict[str, int]:
    """The id of each tag, by the name as given. Unknown tags are made; upper and lower case are the same tag."""
    cleaned = {name: clean_name(name) for name in names}
    if not cleaned:
        return {}
    wanted = list(dict.fromkeys(cleaned.values()))
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [wanted])
        known = dict(cursor.fetchall())
        missing = {name.lower(): name for name in reversed(wanted) if name not in known}
        if missing:
            cursor.execute(
                "INSERT INTO contacts_tag (name) SELECT unnest(%s::text[]) ON CONFLICT (lower(name)) DO NOTHING",
                [[missing[lowered] for lowered in sorted(missing)]],
            )
            cursor.execute(_KNOWN, [wanted])
            known = dict(cursor.fetchall())
    return {given: known[name] for given, name in cleaned.items()}


def known_ids(names: Iterable[str]) -> dict[str, int]:
    """The ids of those tags, by clean names as given, that are there already."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [list(names)])
        return dict(cursor.fetchall())


def add(contact_ids: Sequence[int], names: Iterable[str], now: datetime, source: str = "") -> int:
    """Tag contacts, and record `tag.added` for each mark that is new. Returns how many contacts got one."""
    ids = list(tag_ids(names).values())
    if not ids or not contact_ids:
        return 0
    return _write(
        """
        WITH changed AS (
            INSERT INTO contacts_contacttag (contact_id, tag_id, at)
            SELECT there.id, t.id, %s FROM (
                SELECT id FROM contacts_contact WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE
            ) AS there CROSS JOIN (
                SELECT id FROM contacts_tag WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
            ) AS t ORDER BY there.id, t.id
            ON CONFLICT (tag_id, contact_id) DO NOTHING RETURNING contact_id, tag_id
        )
        """,
        [now, literal(contact_ids), ids],
        "tag.added",
        source,
        now,
    )


def remove(contact_ids: Sequence[int], names: Iterable[str], now: datetime, source: str = "") -> int:
    """Take tags off contacts, and record `tag.removed` for each mark that was there. Returns how many had one."""
    lowered = [clean_name(name).lower() for name in names]
    if not lowered or not contact_ids:
        return 0
    return _write(
        """
        WITH changed AS (
            DELETE FROM contacts_contacttag USING contacts_tag t, (
                SELECT id FROM contacts_contact WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE
            ) AS there
            WHERE t.id = tag_id AND lower(t.name) IN (SELECT lower(unnest(%s::text[]))) AND there.id = contact_id
            RETURNING contact_id, tag_id
        )
        """,
        [literal(contact_ids), lowered],
        "tag.removed",
        source,
        now,
    )


def _write(change: str, params: list, event: str, source: str, now: datetime) -> int:
    """Run a change of marks, and record the event for what it returns, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{change}, told AS (
            INSERT INTO contacts_event (contact_id, name, properties, at)
            SELECT contact_id, %s, jsonb_build_object('tag', t.name)
                || CASE WHEN %s = '' THEN '{{}}'::jsonb ELSE jsonb_build_object('source', %s::text) END, %s
            FROM changed JOIN contacts_tag t ON t.id = tag_id ORDER BY contact_id, t.name
            RETURNING contact_id
            ) SELECT count(DISTINCT contact_id) FROM told
            """,  # noqa: S608
            [*params, event, source, source, now],
        )
        written: int = cursor.fetchone()[0]
    if written:
        nudge(*READERS)
    return written
