"""Members of 100 segments after 1,000 contacts changed, against the same rules and the same difference by hand.

The cost must follow what changed: a tenth of the contacts is measured too, and what a look costs when nobody changed or
ten times as many did, beside counting all segments afresh. PostgreSQL with durable settings; contacts have a history of
so many events.
`python -m tests.bench.membership [contacts] [rounds] [events]`
"""

import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime

from tests.bench._database import database, peak_memory_mb, run

CONTACTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
EVENTS = int(sys.argv[3]) if len(sys.argv) > 3 else CONTACTS
CHANGED = 1_000
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CITIES = 50

# Each rule tree beside what one would write by hand over `c`, a contact.
ASKED: list[tuple[dict, str]] = [
    *(
        (
            {"rule": "attribute", "field": "city", "op": "equals", "value": f"city{n}"},
            f"""c.attributes @> '{{"city": "city{n}"}}'""",
        )
        for n in range(30)
    ),
    *(
        (
            {"rule": "attribute", "field": "age", "op": "between", "value": [n * 3 + 18, n * 3 + 20]},
            f"(c.attributes ->> 'age')::numeric BETWEEN {n * 3 + 18} AND {n * 3 + 20}",
        )
        for n in range(20)
    ),
    *(
        (
            {"rule": "tag", "name": f"tag{n}"},
            "EXISTS (SELECT FROM contacts_contacttag t JOIN contacts_tag g ON g.id = t.tag_id"
            f" WHERE t.contact_id = c.id AND g.name = 'tag{n}')",
        )
        for n in range(20)
    ),
    *(
        (
            {
                "all": [
                    {"rule": "event", "name": "order.placed", "where": [{"field": "sku", "op": "equals", "value": n}]},
                    {"rule": "attribute", "field": "plan", "op": "equals", "value": "team"},
                ]
            },
            "EXISTS (SELECT FROM contacts_event e WHERE e.contact_id = c.id AND e.name = 'order.placed'"
            f""" AND e.properties @> '{{"sku": {n}}}') AND c.attributes @> '{{"plan": "team"}}'""",
        )
        for n in range(20)
    ),
    *(
        (
            {
                "all": [
                    {"rule": "consent", "channel": "email", "is": "unknown"},
                    {"rule": "tag", "name": f"tag{n}"},
                ]
            },
            "NOT EXISTS (SELECT FROM contacts_consent k WHERE k.contact_id = c.id AND k.channel = 'email')"
            " AND EXISTS (SELECT FROM contacts_contacttag t JOIN contacts_tag g ON g.id = t.tag_id"
            f" WHERE t.contact_id = c.id AND g.name = 'tag{n}')",
        )
        for n in range(10)
    ),
]


def build(contacts: int) -> list[int]:
    run(
        """INSERT INTO contacts_contact (email, first_name, last_name, timezone, language, attributes, created_at,
            updated_at) SELECT 'c' || n || '@example.com', 'First', 'Last', 'Europe/Paris', 'en', jsonb_build_object(
                'city', 'city' || n %% %s, 'age', 18 + n %% 60, 'plan', CASE WHEN n %% 3 = 0 THEN 'team' ELSE 'free' END
            ), now(), now() FROM generate_series(1, %s) n""",
        CITIES,
        contacts,
    )
    run("INSERT INTO contacts_tag (name) SELECT 'tag' || n FROM generate_series(0, 19) n")
    run(
        """INSERT INTO contacts_contacttag (contact_id, tag_id, at) SELECT c.id, t.id, now() FROM contacts_contact c
        JOIN contacts_tag t ON t.id = (SELECT min(id) FROM contacts_tag) + c.id %% 20 WHERE c.id %% 4 < 3"""
    )
    run(
        """INSERT INTO contacts_event (contact_id, name, properties, at)
        SELECT id, 'order.placed', jsonb_build_object('sku', id %% 20), now() FROM contacts_contact"""
    )
    # What else happened to them, in the last year.
    run(
        """INSERT INTO contacts_event (contact_id, name, properties, at)
        SELECT first.id + n * 7919 %% %s, 'page.viewed', jsonb_build_object('path', '/p/' || n %% 1000),
            now() - n %% 31536000 * interval '1 second'
        FROM generate_series(1::bigint, %s) n, (SELECT min(id) AS id FROM contacts_contact) first""",
        contacts,
        max(0, EVENTS * contacts // CONTACTS - contacts),
    )
    for table in ("contacts_contact", "contacts_contacttag", "contacts_event", "contacts_consent"):
        run(f"VACUUM ANALYZE {table}")
    return list(range(1, len(ASKED) + 1))


def fill(segments: list[int]) -> float:
    """The first pass over one segment as the lane makes it, timed; the others by hand, which is quicker to wait for."""
    from contacts import timeline
    from contacts.models import Segment, SegmentRefresh
    from contacts.segments import following, refreshing, watching

    timeline.skip_to_now(following.CONSUMER)
    first = Segment.objects.create(pk=segments[0], name="Segment 0", rule=ASKED[0][0])
    started = time.perf_counter()
    while refreshing.refresh(NOW):
        pass
    spent = time.perf_counter() - started
    for number, (pk, (rule, sql)) in enumerate(zip(segments, ASKED, strict=True)):
        if pk != first.pk:
            Segment.objects.create(pk=pk, name=f"Segment {number}", rule=rule)
            run(
                "INSERT INTO contacts_membership (segment_id, contact_id)"
                f" SELECT %s, c.id FROM contacts_contact c WHERE {sql}",
                pk,
            )
    later = NOW + refreshing.SETTLED
    for watched in watching.segments().values():
        if watched.id != first.pk:
            SegmentRefresh.objects.create(
                segment_id=watched.id, follows=watched.follows, slice=1, due_at=later, refreshed_at=NOW
            )
    run("VACUUM ANALYZE contacts_membership")
    return spent


def change(contacts: int, turn: int) -> list[int]:
    """Other contacts each time move to another city and grow older; not part of what is timed."""
    from django.db import connection

    from contacts import timeline

    first = turn * CHANGED * 7 % (contacts - CHANGED * 7)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE contacts_contact SET attributes = attributes || jsonb_build_object(
                'city', 'city' || (substr(attributes ->> 'city', 5)::int + 1) %% %s,
                'age', 18 + ((attributes ->> 'age')::int - 13) %% 60
            ) WHERE id IN (SELECT id FROM contacts_contact WHERE id > %s AND id %% 7 = 0 ORDER BY id LIMIT %s)
            RETURNING id""",
            [CITIES, first, CHANGED],
        )
        ids = [id for (id,) in cursor.fetchall()]
    timeline.record_for(ids, "contact.updated", {"changed": ["attributes.city", "attributes.age"]}, NOW)
    timeline.record_for(ids, "tag.added", {}, NOW)
    timeline.record_for(ids, "order.placed", {}, NOW)
    return ids


def floor(ids: list[int], segments: list[int]) -> float:
    """The rules in one statement over those who changed, the difference to the members, and nothing else."""
    answers = ", ".join(f"({pk}, {sql})" for pk, (_, sql) in zip(segments, ASKED, strict=True))
    started = time.perf_counter()
    run(
        f"""WITH inside AS MATERIALIZED (
            SELECT s.id AS segment_id, c.id AS contact_id FROM contacts_contact c
            CROSS JOIN LATERAL (VALUES {answers}) AS s (id, holds) WHERE c.id = ANY(%s) AND s.holds
        ), had AS MATERIALIZED (
            SELECT segment_id, contact_id FROM contacts_membership WHERE contact_id = ANY(%s)
        ), came AS (
            INSERT INTO contacts_membership (segment_id, contact_id) SELECT * FROM inside EXCEPT SELECT * FROM had
            RETURNING *
        ), went AS (
            DELETE FROM contacts_membership m USING (SELECT * FROM had EXCEPT SELECT * FROM inside) g
            WHERE m.segment_id = g.segment_id AND m.contact_id = g.contact_id RETURNING m.*
        )
        INSERT INTO contacts_event (contact_id, name, properties, at)
        SELECT contact_id, 'segment.entered', jsonb_build_object('segment', segment_id), now() FROM came
        UNION ALL SELECT contact_id, 'segment.left', jsonb_build_object('segment', segment_id), now() FROM went""",
        ids,
        ids,
    )
    return time.perf_counter() - started


def follow() -> float:
    from contacts.segments import following

    started = time.perf_counter()
    assert following.follow(NOW)
    return time.perf_counter() - started


def looked_at(turn: int, contacts: int, changed: int) -> float:
    """What it takes to read the log to its end after so many changed."""
    from contacts import timeline
    from contacts.segments import following

    timeline.skip_to_now(following.CONSUMER)
    for part in range(changed // CHANGED):
        change(contacts, turn + part)
    started = time.perf_counter()
    while following.follow(NOW):
        pass
    return time.perf_counter() - started


def recounted() -> float:
    from contacts import segments

    started = time.perf_counter()
    for rule, _ in ASKED:
        segments.count(rule, NOW)
    return time.perf_counter() - started


def crossings() -> int:
    from contacts.models import Event

    return Event.objects.filter(name__startswith="segment.").count()


def measure(contacts: int) -> dict[str, float]:
    from contacts import timeline
    from contacts.segments import following

    segments = build(contacts)
    filled = fill(segments)
    floors, follows, written = [], [], []
    for turn in range(ROUNDS + 1):
        had = crossings()
        floors.append(floor(change(contacts, 2 * turn), segments))
        by_hand = crossings() - had
        timeline.skip_to_now(following.CONSUMER)
        change(contacts, 2 * turn + 1)
        follows.append(follow())
        written.append((by_hand, crossings() - had - by_hand))
        while following.follow(NOW):
            pass
    assert all(abs(one - other) < one / 10 for one, other in written), written
    floors, follows = floors[1:], follows[1:]  # the first ones find cold caches
    turn = 2 * ROUNDS + 2
    return {
        "of_none_changed_ms": round(looked_at(turn, contacts, 0) * 1000, 1),
        f"of_{10 * CHANGED}_changed_ms": round(looked_at(turn, contacts, 10 * CHANGED) * 1000),
        "recount_of_all_ms": round(recounted() * 1000),
        "first_pass_of_one_seconds": round(filled, 2),
        "crossings": written[-1][1],
        "floor_ms": round(statistics.median(floors) * 1000),
        "refresh_ms": round(statistics.median(follows) * 1000),
        "ratio": round(statistics.median(f / e for f, e in zip(floors, follows, strict=True)), 3),
    }


def main() -> None:
    small = CONTACTS // 10
    with database("membership"):
        of_small = measure(small)
    with database("membership"):
        of_all = measure(CONTACTS)
    print(
        json.dumps(
            {
                "bench": "membership",
                "segments": len(ASKED),
                "contacts": CONTACTS,
                "events": EVENTS,
                "changed": CHANGED,
                "load": round(os.getloadavg()[0], 1),
                **of_all,
                f"refresh_ms_of_{small}_contacts": of_small["refresh_ms"],
                "growth": round(of_all["refresh_ms"] / of_small["refresh_ms"], 2),
                "most_growth": 2.0,
                "peak_memory_mb": peak_memory_mb(),
            }
        )
    )


if __name__ == "__main__":
    main()
