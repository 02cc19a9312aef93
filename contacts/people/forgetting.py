"""Looks for people who are being erased where they stand in words: refused rows, lists, failed tasks, the admin.

Cells and texts are compared as a whole and, where few people are erased at once, also by what they contain. What cannot
be found so is a file that still waits to be imported: it is told of, for somebody has to throw it away.
"""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django_q.models import Task

from contacts.consent import ADDRESSES
from contacts.models import Contact, CsvImport
from contacts.people.naming import SIGNS, Names, bare, full_names, written
from contacts.ties import People

FORGOTTEN = "Erased."
TASKS_LOOKED_AT = 2_000

# Every cell is looked at once, and by nothing that costs more than a comparison of texts. A phone number may be written
# without its country and with anything between its digits, an address with anything between its letters: it may be what
# the row was refused for.
_CELLS = """
UPDATE contacts_csvrefusal t SET cells = '[]'::jsonb, reason = %(forgotten)s
WHERE lower(t.cells::text) LIKE ANY(%(pieces)s::text[]) OR t.id IN (
    SELECT r.id FROM contacts_csvrefusal r, {cells} WHERE lower(btrim(c)) = ANY(%(words)s::text[])
    OR (octet_length(c) BETWEEN 7 AND 24 AND c ~ '[0-9]{{2}}$'
        AND right(translate(c, ' .()/+-', ''), 9) = ANY(%(digits)s::text[]))
    OR (octet_length(c) BETWEEN %(shortest)s AND %(longest)s
        AND translate(lower(c), %(signs)s, '') = ANY(%(bare)s::text[]))
    OR (c LIKE '%%_@_%%' AND substring(lower(c) FROM %(address)s) = ANY(%(words)s::text[]))
)
"""
# Of a row that has nothing but a name, nobody can say whose it is: it is forgotten too. Where an address of somebody
# else stands beside it, it is theirs.
_NAMED = r"""
UPDATE contacts_csvrefusal r SET cells = '[]'::jsonb, reason = %(forgotten)s WHERE id IN (
    SELECT r.id FROM contacts_csvrefusal r, {cells} WHERE lower(btrim(c)) = ANY(%(full)s::text[])
    OR (lower(btrim(c)) = ANY(%(last)s::text[]) AND EXISTS (
        SELECT FROM {others} WHERE lower(btrim(o)) || chr(10) || lower(btrim(c)) = ANY(%(pairs)s::text[])))
) AND NOT EXISTS (SELECT FROM {cells} WHERE c ~ '^\s*[^@\s,;]+@[^@\s,;]+[.][^@\s,;.]+\s*$'
    OR c ~ '^\s*(\+|00)[0-9][0-9 ().-]{{6,20}}$')
"""
_EACH = """jsonb_array_elements_text(
    CASE jsonb_typeof(r.cells) WHEN 'array' THEN r.cells ELSE '[]'::jsonb END) {}"""
_CELLS, _NAMED = (each.format(cells=_EACH.format("c"), others=_EACH.format("o")) for each in (_CELLS, _NAMED))
_ADDRESS = r"""[^\s<>"',;:()]+@[^\s<>"',;:()]*[^\s<>"',;:().]"""
# People are told of as what they are: "ada@example.com", or by their name.
_SUPPRESSED = (
    "DELETE FROM contacts_suppression WHERE channel = %s AND lower(address) = ANY(%s)",
    "DELETE FROM contacts_lifting WHERE channel = %s AND lower(address) = ANY(%s)",
)


def forget_words(who: People) -> None:
    """Nothing is asked where nobody has words left to be found by."""
    pairs = full_names(who.everybody)
    names = Names(who)
    with connection.cursor() as cursor:
        if who.words:
            plain = [word for word in map(bare, who.emails) if len(word) > 9]
            lengths = [len(word.encode()) for word in plain] or [0]
            values: dict[str, Any] = {
                "words": who.words,
                "digits": [phone[-9:] for phone in who.phones],
                "bare": plain,
                "shortest": min(lengths),
                "longest": max(lengths) + 8,
                "pieces": pieces(who),
                "signs": SIGNS,
                "address": _ADDRESS,
                "forgotten": FORGOTTEN,
            }
            cursor.execute(_CELLS, values)
            for channel, name in ADDRESSES.items():
                for statement in _SUPPRESSED:
                    cursor.execute(statement, [channel, who.emails if name == "email" else who.phones])
        if pairs:
            full = [text for first, last in pairs for text in written(first, last)]
            both = [f"{first}\n{last}" for first, last in pairs]
            last = [last for _, last in pairs]
            cursor.execute(_NAMED, {"full": full, "last": last, "pairs": both, "forgotten": FORGOTTEN})
    if names:
        _forget_failures(names)
    logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Contact))
    logged.filter(object_id__in=[str(pk) for pk in who.ids]).update(object_repr=FORGOTTEN, change_message="")


def _forget_failures(names: Names) -> None:
    """What a task stumbled over may be somebody's address, as where one is there already."""
    failed = Task.objects.filter(success=False).order_by("-stopped").only("id", "result")[:TASKS_LOOKED_AT]
    told = [task for task in failed if isinstance(task.result, str) and names.text(task.result) != task.result]
    for task in told:
        task.result = names.text(task.result)
    Task.objects.bulk_update(told, ["result"])


def pieces(who: People) -> list[str]:
    """Patterns that find somebody in the midst of a text; none where there are too many people to look for."""
    names = Names(who)
    return [piece for piece in names.pieces if "external_id" not in piece] if names.few else []


# Bytes as text, so that capitals do not matter; a word may lie across the end of a piece.
_BYTES = """
WITH pieces AS (
    SELECT csv_import_id, content || coalesce(
        substr(lead(content) OVER (PARTITION BY csv_import_id ORDER BY place), 1, 600), '') AS content
    FROM contacts_csvchunk WHERE csv_import_id = ANY(%s) AND place >= 0
), texts AS MATERIALIZED (SELECT csv_import_id, lower(encode(content, 'escape')) AS text FROM pieces)
SELECT DISTINCT csv_import_id FROM texts, unnest(%s::text[]) AS word WHERE strpos(text, word) > 0
"""


def waiting_files(contact: Contact) -> list[CsvImport]:
    """Uploaded files, not yet imported to their end, in whose bytes the contact's email or phone stands."""
    words = [word for word in (contact.email, (contact.phone or "").lstrip("+")) if word]
    waiting = list(CsvImport.objects.filter(chunks__isnull=False).distinct().order_by("-pk")[:50])
    if not words or not waiting:
        return []
    escaped = [_escaped(word.encode(encoding)) for word in words for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    with connection.cursor() as cursor:
        cursor.execute(_BYTES, [[file.pk for file in waiting], escaped])
        found = {pk for (pk,) in cursor.fetchall()}
    return [file for file in waiting if file.pk in found]


def _escaped(word: bytes) -> str:
    """As PostgreSQL writes bytes in its format “escape”, in lower case."""
    plain = "".join("\\\\" if byte == 92 else chr(byte) if 0 < byte < 128 else f"\\{byte:03o}" for byte in word)
    return plain.lower()
