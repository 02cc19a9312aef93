"""Finds contacts by pieces of their email, name, phone and external id."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from contacts.models import Contact, CsvImport

# What people put around and between words, and not always as it is stored.
_MARKS = "\"'<>()[]{}“”„‘’‚«»‹›`´,;"
_BETWEEN = re.compile(rf"[\s{re.escape(_MARKS)}]+")
_LETTER = re.compile(r"[^\W_]")
_PHONE = re.compile(r"[+(0-9][0-9 ().\-/]{3,}")
MOST_PIECES = 10
# The index holds every second run of so many letters, so a shorter one is looked for as the beginning of a longer one.
GRAM = 4
SHORTEST = 3
MANY = 3_000

_FIELDS = "{0}.email, {0}.first_name, {0}.last_name, {0}.phone, {0}.external_id"
# What the runs of letters say has to be looked at once more. “<>” makes the planner believe that all of it holds: how
# many there are is told by the index, and it must not take a common piece for a rare one.
_CONTAINS = "strpos(contacts_search_text({fields}), %s) <> 0"


def search(contacts: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Those contacts in whom every piece of `text` is found; a phone number may leave out its country.

    A single piece of one or two letters has to begin an email, a name or an external id. Served by the index over
    `contacts_search_grams`, which the migrations make.
    """
    found = _found(text, "contacts_contact")
    if found is None:
        return contacts.none() if text.strip() else contacts
    sql, params = found
    return contacts.filter(Q(RawSQL(sql, params, output_field=BooleanField())))  # noqa: S611


def ids(text: str) -> RawSQL | list[int]:
    """The ids of the same contacts, for `contact__in` of rows that belong to contacts."""
    found = _found(text, "c")
    if found is None:
        return []
    sql, params = found
    return RawSQL(f"SELECT c.id FROM contacts_contact c WHERE {sql}", params)  # noqa: S608, S611


def _found(text: str, table: str) -> tuple[str, list[str]] | None:
    """The condition on a contact, with its parameters; None where there is nothing to look for."""
    fields = _FIELDS.format(table)
    conditions, params = [], []
    ways = _ways(text)
    common = _common(piece for pieces in ways for piece in pieces) if ways else {}
    for pieces in ways:
        query, contained = _asked(pieces, {})
        simpler, _ = _asked(pieces, common)
        if simpler != query and _are_many(query, contained):
            query = simpler
        sure = [_CONTAINS.format(fields=fields)] * len(contained)
        conditions.append(" AND ".join([f"contacts_search_grams({fields}) @@ %s::tsquery", *sure]))
        params += [query, *contained]
    if not conditions:
        return None
    return " OR ".join(f"({condition})" for condition in conditions), params


def _ways(text: str) -> list[list[str]]:
    """The pieces that have to be there, in each of the ways in which the text can be read."""
    text = text.replace("\0", "").strip()[:200]
    read = [[piece.strip(_MARKS) for piece in text.split()], _BETWEEN.split(text)]
    ways = [[_small(piece) for piece in pieces if _LETTER.search(piece)][:MOST_PIECES] for pieces in read]
    if _PHONE.fullmatch(text):
        digits = re.sub(r"\(0\)|\D", "", text)
        plain = f"+{digits}" if text.startswith("+") else digits.lstrip("0")
        ways.insert(0, [plain] if len(plain.lstrip("+")) > 1 else [])
    return [way for n, way in enumerate(ways) if way and way not in ways[:n]]


def _small(piece: str) -> str:
    """In small letters as PostgreSQL writes them: one for one."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in piece)


def _asked(pieces: list[str], common: Mapping[str, float]) -> tuple[str, list[str]]:
    """What the index is asked, and what the text must contain."""
    long = [piece for piece in pieces if len(piece) >= SHORTEST]
    if not long:
        return " & ".join(_quoted(f"^{piece}", "^xx") for piece in pieces), [f"  {piece}" for piece in pieces]
    # Where a piece stands is not known: it begins with a run of the index or one letter before the next one.
    return " & ".join(f"({_aligned(piece, common)} | {_aligned(piece[1:], common)})" for piece in long), pieces


def _aligned(piece: str, common: Mapping[str, float]) -> str:
    runs = _runs(piece)
    if all(run in common for run in runs):
        runs = [min(runs, key=lambda run: common[run])]
    return " & ".join(_quoted(run, "x" * GRAM) for run in runs)


def _runs(piece: str) -> list[str]:
    return [piece[start : start + GRAM] for start in range(0, len(piece) - GRAM + 1, 2)] or [piece]


def _are_many(query: str, contained: list[str]) -> bool:
    """The planner takes runs for independent of each other: of “@outlook.com” it would expect a few contacts where
    every seventh has it, and sort them all for the newest ones. Then the rarest run alone tells it better that walking
    through the newest contacts soon finds enough. Where they are few, to know all runs leaves less to look at."""
    fields = _FIELDS.format("c")
    sure = f" AND {_CONTAINS.format(fields=fields)}" * len(contained)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT count(*) FROM (SELECT FROM contacts_contact c
            WHERE contacts_search_grams({fields}) @@ %s::tsquery{sure} LIMIT {MANY}) AS found""",  # noqa: S608
            [query, *contained],
        )
        return cursor.fetchone()[0] == MANY


def _common(pieces: Iterable[str]) -> dict[str, float]:
    """Which runs of the pieces are common as far as the planner knows, and how common."""
    runs = {run for piece in pieces for part in (piece, piece[1:]) for run in _runs(part)}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT run, often FROM pg_stats,
                unnest(most_common_elems::text::text[], most_common_elem_freqs) AS known (run, often)
            WHERE tablename = 'contact_search' AND schemaname = current_schema() AND run = ANY(%s)""",
            [list(runs)],
        )
        return dict(cursor.fetchall())


def _quoted(run: str, whole: str) -> str:
    quoted = run.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'" if len(run) >= len(whole) else f"'{quoted}':*"


def sort_in(now: datetime) -> bool:
    """Move new words from the list where they wait into the index, unless an import is adding more; never more to do.

    PostgreSQL does so by itself when the list is full, at the cost of whoever writes then. Until then, searches go
    through the list as well.
    """
    if not CsvImport.objects.filter(state__in=(CsvImport.State.QUEUED, CsvImport.State.RUNNING)).exists():
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('contact_search')")
    return False
