"""Looks for people who are being erased where they stand in words: refused rows, views, selections, lists, the admin.

Cells and texts are compared as a whole and, where few people are erased at once, also by what they contain. What cannot
be found so is a file that still waits to be imported: it is told of, for somebody has to throw it away.
"""

import re
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from contacts.consent import ADDRESSES
from contacts.models import Contact, CsvImport
from contacts.ties import People

# So many people are also looked for in the midst of longer texts, at the cost of reading every text for each of them.
FEW = 5
FORGOTTEN = "Erased."
_WILD = re.compile(r"([%_\\])")

# A phone number may be written without its country and with anything between its digits.
_CELLS = """
UPDATE contacts_csvrefusal r SET cells = '[]'::jsonb, reason = %(forgotten)s WHERE EXISTS (
    SELECT FROM jsonb_array_elements_text(CASE jsonb_typeof(r.cells) WHEN 'array' THEN r.cells ELSE '[]'::jsonb END) c
    WHERE lower(btrim(c)) IN (SELECT unnest(%(words)s::text[]))
    OR (length(c) < 40 AND right(regexp_replace(c, '[^0-9]', '', 'g'), 9) IN (SELECT unnest(%(digits)s::text[])))
) OR lower(r.cells::text) LIKE ANY(%(pieces)s::text[])
"""
_SAVED = (
    "UPDATE contacts_savedview SET filters = filters - 'q' WHERE lower(filters ->> 'q') {found}",
    "UPDATE contacts_bulkedit SET selection = selection - 'filters' WHERE lower(selection #>> '{{filters,q}}') {found}",
)
_FOUND = "= ANY(%(words)s::text[])"
# People are told of as what they are: "ada@example.com", or by their name.
_SUPPRESSED = (
    "DELETE FROM contacts_suppression WHERE channel = %s AND lower(address) = ANY(%s)",
    "DELETE FROM contacts_lifting WHERE channel = %s AND lower(address) = ANY(%s)",
)


def forget_words(who: People) -> None:
    """Nothing is asked where nobody has words left to be found by."""
    if not who.words:
        return
    values: dict[str, Any] = {
        "words": who.words,
        "digits": [phone[-9:] for phone in who.phones],
        "pieces": pieces(who),
        "forgotten": FORGOTTEN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CELLS, values)
        for statement in _SAVED:
            cursor.execute(statement.format(found=_FOUND), values)
        for channel, name in ADDRESSES.items():
            for statement in _SUPPRESSED:
                cursor.execute(statement, [channel, who.emails if name == "email" else who.phones])
    logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Contact))
    logged.filter(object_id__in=[str(pk) for pk in who.ids]).update(object_repr=FORGOTTEN, change_message="")


def pieces(who: People) -> list[str]:
    """Patterns that find somebody in the midst of a text; none where there are too many people to look for."""
    if len(who.people) > FEW:
        return []
    return ["%" + _WILD.sub(r"\\\1", word) + "%" for word in who.words]


def waiting_files(contact: Contact) -> list[CsvImport]:
    """Uploaded files, not yet imported to their end, in whose bytes the contact's email or phone stands."""
    words = [word.encode() for word in (contact.email, contact.phone) if word]
    if not words:
        return []
    unread = CsvImport.objects.filter(
        state__in=(CsvImport.State.DRAFT, CsvImport.State.QUEUED, CsvImport.State.RUNNING)
    )
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT csv_import_id FROM contacts_csvchunk, unnest(%s::bytea[]) AS word
               WHERE csv_import_id = ANY(%s) AND position(word IN content) > 0""",
            [words, list(unread.values_list("pk", flat=True)[:50])],
        )
        found = {pk for (pk,) in cursor.fetchall()}
    return list(unread.filter(pk__in=found))
