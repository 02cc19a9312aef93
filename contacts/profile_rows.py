"""Reads the profiles that a batch is about, and writes what became of them: a few statements for any number of rows."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from contacts import timeline
from contacts.cleaning import IDENTIFIERS, Fields
from contacts.consent import NO_PROOF, Proof
from contacts.profiles import ALL, TEXTS, May, Profile
from contacts.tagging import tag_ids
from contacts.timeline import NewEvent

_COLUMNS = (*TEXTS, "attributes")


def known_by(rows: Sequence[Fields]) -> list[Profile]:
    """The contacts that have one of the rows' identifiers, locked until the end of the transaction."""
    keys = {name: [row[name] for row in rows if row.get(name)] for name in IDENTIFIERS}
    return _load(
        rows,
        "lower(c.email) = ANY(%s) OR c.phone = ANY(%s) OR c.external_id = ANY(%s)",
        [[email.lower() for email in keys["email"]], keys["phone"], keys["external_id"]],
    )


def known(contact_id: int) -> Profile | None:
    """One contact with everything about them, locked until the end of the transaction."""
    found = _load([{"tags": [], "consent": {}}], "c.id = %s", [contact_id])
    return found[0] if found else None


def _load(rows: Sequence[Fields], where: str, params: list[Any]) -> list[Profile]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {', '.join(_COLUMNS)} FROM contacts_contact c WHERE {where} ORDER BY id FOR NO KEY UPDATE",  # noqa: S608
            params,
        )
        profiles = {
            row[0]: Profile(*row[:-1], attributes={} if row[-1] == "{}" else json.loads(row[-1]))
            for row in cursor.fetchall()
        }
        if profiles and any("tags" in row for row in rows):
            cursor.execute(
                """SELECT contact_id, lower(name) FROM contacts_contacttag m JOIN contacts_tag t ON t.id = m.tag_id
                   WHERE contact_id = ANY(%s)""",
                [list(profiles)],
            )
            for contact_id, name in cursor.fetchall():
                profiles[contact_id].tags.add(name)
        if profiles and any("consent" in row for row in rows):
            cursor.execute(
                "SELECT contact_id, channel, state FROM contacts_consent WHERE contact_id = ANY(%s)", [list(profiles)]
            )
            for contact_id, channel, state in cursor.fetchall():
                profiles[contact_id].consent[channel] = state
    return list(profiles.values())


def write(profiles: Iterable[Profile], now: datetime, source: str, may: May = ALL, proof: Proof = NO_PROOF) -> None:
    """Write what changed in the profiles, and record `contact.created`, `contact.updated` and `tag.added`.

    Raises IntegrityError where an identifier was taken meanwhile; the caller's savepoint then undoes everything.
    """
    touched = [profile for profile in profiles if profile.id is None or profile.changed or profile.new_tags]
    new = [profile for profile in touched if profile.id is None]
    changed = [profile for profile in touched if profile.id is not None and profile.changed]
    origin = {"source": source} if source else {}
    # The order of ids and the order of emails agree, so that two batches at once do not wait for each other in a ring.
    new.sort(key=lambda profile: ((profile.email or "").lower(), profile.phone or "", profile.external_id or ""))
    _insert(new, now)
    _update(changed, now)
    events = [NewEvent(profile.id, "contact.created", origin) for profile in new]
    events += [
        NewEvent(profile.id, "contact.updated", {"changed": sorted(profile.changed), **origin}) for profile in changed
    ]
    _set_consent(touched, source, now, may, proof)
    events += _tag(touched, origin, now)
    timeline.record(events, now)
    for profile in touched:
        profile.changed, profile.new_tags, profile.new_consent = set(), [], {}


def _insert(new: list[Profile], now: datetime) -> None:
    if not new:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('contacts_contact_id_seq') FROM generate_series(1, %s)", [len(new)])
        for profile, (pk,) in zip(new, cursor.fetchall(), strict=True):
            profile.id = pk
        columns = ("id", *_COLUMNS, "created_at", "updated_at")
        statement = f"COPY contacts_contact ({', '.join(columns)}) FROM STDIN"
        # Django wraps the errors of `execute` only.
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for profile in new:
                copy.write_row([profile.id, *_values(profile), now, now])


def _update(changed: list[Profile], now: datetime) -> None:
    if not changed:
        return
    columns = ", ".join(f"{name} {'jsonb' if name == 'attributes' else 'text'}" for name in _COLUMNS)
    rows = [{"id": profile.id, **{name: getattr(profile, name) for name in _COLUMNS}} for profile in changed]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE contacts_contact c SET {", ".join(f"{name} = n.{name}" for name in _COLUMNS)}, updated_at = %s
            FROM json_to_recordset(%s::json) AS n (id bigint, {columns}) WHERE c.id = n.id
            """,  # noqa: S608
            [now, json.dumps(rows, ensure_ascii=False)],
        )


def _values(profile: Profile) -> list[Any]:
    """A profile's columns, in the order of _COLUMNS."""
    texts = [getattr(profile, name) for name in TEXTS]
    return [*texts, json.dumps(profile.attributes) if profile.attributes else "{}"]


def _set_consent(profiles: list[Profile], source: str, now: datetime, may: May, proof: Proof) -> None:
    said = [
        (profile.id, channel, state) for profile in profiles for channel, state in sorted(profile.new_consent.items())
    ]
    if not said:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_consent AS had (contact_id, channel, state, at, source, by, proof)
            SELECT id, channel, state, %s, %s, %s, %s::jsonb
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (id, channel, state)
            ON CONFLICT (contact_id, channel) DO UPDATE
            SET state = EXCLUDED.state, at = EXCLUDED.at, source = EXCLUDED.source, by = EXCLUDED.by,
                proof = EXCLUDED.proof
            WHERE had.state <> EXCLUDED.state AND (%s OR had.state NOT IN ('unsubscribed', 'pending'))
                AND (%s OR EXCLUDED.state <> 'subscribed')
            """,
            [
                now,
                source[:200],
                *proof.columns,
                *(list(column) for column in zip(*said, strict=True)),
                may.resubscribe,
                may.subscribe,
            ],
        )


def _tag(profiles: list[Profile], origin: dict[str, str], now: datetime) -> list[NewEvent]:
    """Write the new marks; the events for those that nobody else has set meanwhile."""
    wanted = [(profile.id, name) for profile in profiles for name in profile.new_tags]
    if not wanted:
        return []
    ids = tag_ids({name for _, name in wanted})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH added AS (
                INSERT INTO contacts_contacttag (contact_id, tag_id, at)
                SELECT n.id, tag_id, %s FROM unnest(%s::bigint[], %s::bigint[]) AS n (id, tag_id) JOIN (
                    SELECT id FROM contacts_tag WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
                ) AS t ON t.id = tag_id ORDER BY 1, 2
                ON CONFLICT (tag_id, contact_id) DO NOTHING RETURNING contact_id, tag_id
            )
            SELECT contact_id, name FROM added JOIN contacts_tag t ON t.id = tag_id ORDER BY 1, 2
            """,
            [now, [pk for pk, _ in wanted], [ids[name] for _, name in wanted], list(ids.values())],
        )
        return [NewEvent(pk, "tag.added", {"tag": name, **origin}) for pk, name in cursor.fetchall()]
