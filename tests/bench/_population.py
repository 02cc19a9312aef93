"""A population for benches: people with names, addresses, attributes, tags and consent, and what they did."""

from datetime import UTC, datetime

from tests.bench._database import run

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Whose timeline is long.
BUSY_EVENTS = 20_000
FIRST = (
    "Anna Ben Chloé Dmitri Elif Farah Gustav Hana Igor Jonas Katarzyna Léa Mateo Nora Omar Paulina Quentin Rosa Søren"
    " Tomasz"
)
LAST = (
    "Abbott Bernard Costa Dubois Eriksson Fischer García Hoffmann Ivanov Johansson Kowalski Lindqvist Müller Nowak"
    " O'Brien"
)
DOMAINS = "gmail.com outlook.com orange.fr web.de acme.example seznam.cz mail.example"


def _dice(number: str, throw: int) -> str:
    """SQL for what looks like chance and is the same in every run: each throw is independent of the others."""
    return f"(hashint8({number}::bigint * 16 + {throw}) & 2147483647)"


_CONTACTS = f"""
INSERT INTO contacts_contact (email, phone, external_id, first_name, last_name, timezone, language, attributes,
    created_at, updated_at)
SELECT lower(translate(first, 'éø', 'eo')) || '.' || lower(translate(last, 'íü''', 'iu')) || n || '@' || domain,
    CASE WHEN n %% 2 = 0 THEN '+336' || lpad((n::bigint * 7919 %% 100000007)::text, 8, '0') END,
    CASE WHEN n %% 3 = 0 THEN 'crm-' || md5(n::text)::uuid END, first, last, 'Europe/Paris',
    (ARRAY['fr','en','de'])[1 + n %% 3],
    jsonb_build_object('city', 'city' || {_dice("n", 1)} %% 50, 'age', 18 + {_dice("n", 2)} %% 60, 'plan',
        CASE WHEN {_dice("n", 3)} %% 10 < 3 THEN 'team' ELSE 'free' END,
        'joined', to_char(date '2024-01-01' + {_dice("n", 4)} %% 700, 'YYYY-MM-DD')),
    %s - n %% 500 * interval '1 day', %s
FROM (
    SELECT n, (string_to_array(%s, ' '))[1 + n * 7 %% 20] AS first,
        (string_to_array(%s, ' '))[1 + n * 11 %% 15] AS last,
        (string_to_array(%s, ' '))[1 + n * 3 %% 7] AS domain
    FROM generate_series(1, %s) n
) p
"""
# One event in twenty is an order; every contact has some of each.
_EVENTS = f"""
INSERT INTO contacts_event (contact_id, name, properties, at)
SELECT first + {_dice("n", 9)} %% contacts,
    CASE WHEN kind = 0 THEN 'order.placed' WHEN kind < 4 THEN 'cart.changed' ELSE 'page.viewed' END,
    CASE WHEN kind = 0 THEN jsonb_build_object('sku', {_dice("n", 12)} %% 200, 'amount', n %% 500)
        ELSE jsonb_build_object('path', '/p/' || n %% 1000) END,
    %s - ({_dice("n", 10)} %% 31536000) * interval '1 second'
FROM (
    SELECT n, {_dice("n", 11)} %% 20 AS kind, (SELECT min(id) FROM contacts_contact) AS first,
        %s::bigint AS contacts
    FROM generate_series(1::bigint, %s) n
) e
"""


def build(contacts: int, events: int) -> int:
    """Fill an empty database; returns the id of the busiest contact."""
    from django.db import connection

    run("SET synchronous_commit = off")
    run("SET maintenance_work_mem = '512MB'")
    with _without_indexes("contacts_contact"):
        run(_CONTACTS, NOW, NOW, FIRST, LAST, DOMAINS, contacts)
    run("INSERT INTO contacts_tag (name) SELECT 'tag' || n FROM generate_series(0, 19) n")
    run(
        f"""INSERT INTO contacts_contacttag (contact_id, tag_id, at) SELECT c.id, t.id, %s FROM contacts_contact c
        JOIN contacts_tag t ON t.id = (SELECT min(id) FROM contacts_tag) + {_dice("c.id", 5)} %% 20
        WHERE {_dice("c.id", 6)} %% 4 < 3""",
        NOW,
    )
    run(
        f"""INSERT INTO contacts_consent (contact_id, channel, state, at, source)
        SELECT id, 'email', CASE WHEN {_dice("id", 7)} %% 9 = 0 THEN 'unsubscribed' ELSE 'subscribed' END, %s, 'file'
        FROM contacts_contact WHERE {_dice("id", 8)} %% 10 < 7""",
        NOW,
    )
    with _without_indexes("contacts_event"):
        run(_EVENTS, NOW, contacts, events)
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(id) FROM contacts_contact")
            busy = cursor.fetchone()[0]
        run(
            """INSERT INTO contacts_event (contact_id, name, properties, at)
            SELECT %s, 'page.viewed', '{"path": "/home"}', %s - n * interval '1 hour' FROM generate_series(1, %s) n""",
            busy,
            NOW,
            min(BUSY_EVENTS, events),
        )
    for table in ("contacts_contact", "contacts_contacttag", "contacts_event", "contacts_consent"):
        run(f"VACUUM ANALYZE {table}")
    run("RESET synchronous_commit")
    return busy


class _without_indexes:
    """Indexes are made afterwards, which takes a fraction of the time."""

    def __init__(self, table: str) -> None:
        self.table = table

    def __enter__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
                WHERE indrelid = %s::regclass AND NOT indisprimary
                AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)""",
                [self.table],
            )
            self.made = cursor.fetchall()
        for name, _ in self.made:
            run(f"DROP INDEX {name}")

    def __exit__(self, *_: object) -> None:
        for _, definition in self.made:
            run(definition)
