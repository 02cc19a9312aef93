"""Takes out of the ledger and what came with it who somebody was; the rows themselves stay, for they are counted."""

from typing import Any

from django.db import connection

from contacts.columns import literal
from contacts.people.forgetting import FORGOTTEN, pieces
from contacts.ties import People

# What providers say of a message may name its address; why we skipped one is a word of ours, and counted.
_BY_ID = (
    """UPDATE campaigns_message SET reason = %(forgotten)s
       WHERE contact_id = ANY(%(ids)s::bigint[]) AND state <> 'skipped' AND reason <> ''""",
    """UPDATE campaigns_hit SET agent = '' WHERE agent <> ''
       AND message_id IN (SELECT id FROM campaigns_message WHERE contact_id = ANY(%(ids)s::bigint[]))""",
    """UPDATE campaigns_notice SET recipient = '', reason = '', url = '', agent = '', due_at = NULL
       WHERE message_id IN (SELECT id FROM campaigns_message WHERE contact_id = ANY(%(ids)s::bigint[]))""",
    """UPDATE campaigns_notice n SET recipient = '', reason = '', url = '', agent = '', due_at = NULL
       FROM campaigns_message m WHERE m.contact_id = ANY(%(ids)s::bigint[]) AND n.message_id IS NULL
       AND m.provider_message_id = n.provider_message_id AND m.provider_id = n.provider_id""",
    """DELETE FROM campaigns_inboxmessage
       WHERE message_id IN (SELECT id FROM campaigns_message WHERE contact_id = ANY(%(ids)s::bigint[]))""",
    "DELETE FROM campaigns_recentmessage WHERE contact_id = ANY(%(ids)s::bigint[])",
    "DELETE FROM campaigns_listed WHERE contact_id = ANY(%(ids)s::bigint[])",
)
# Test messages, and rows of files that named nobody when they were read.
_BY_WORDS = (
    "DELETE FROM campaigns_inboxmessage WHERE lower(recipient) = ANY(%(words)s::text[])",
    "UPDATE campaigns_notice SET recipient = '', reason = '' WHERE lower(recipient) = ANY(%(words)s::text[])",
    """UPDATE campaigns_audiencefile f SET unknown_rows = (
           SELECT coalesce(jsonb_agg(CASE WHEN lower(row ->> 'text') = ANY(%(words)s::text[])
               OR lower(row ->> 'text') LIKE ANY(%(pieces)s::text[])
               THEN row || jsonb_build_object('text', %(forgotten)s::text, 'sentence', '') ELSE row END ORDER BY nth),
               '[]'::jsonb)
           FROM jsonb_array_elements(f.unknown_rows) WITH ORDINALITY AS r (row, nth)
       ) WHERE EXISTS (
           SELECT FROM jsonb_array_elements(f.unknown_rows) AS row
           WHERE lower(row ->> 'text') = ANY(%(words)s::text[]) OR lower(row ->> 'text') LIKE ANY(%(pieces)s::text[])
       )""",
)


def forget(who: People) -> None:
    values: dict[str, Any] = {
        "ids": literal(who.ids),
        "words": who.words,
        "pieces": pieces(who),
        "forgotten": FORGOTTEN,
    }
    with connection.cursor() as cursor:
        for statement in (*_BY_ID, *(_BY_WORDS if who.words else ())):
            cursor.execute(statement, values)
