"""Finds contacts by the beginnings of the words in their email, name, phone and external id."""

import re
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from contacts.models import Contact, CsvImport

_WORD = re.compile(r"[^\W_]+")
_PHONE = re.compile(r"[+(0-9][0-9 ().\-/]{3,}")


def search(contacts: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Those contacts in whom every word of `text` begins a word; a phone number may leave out its country.

    Served by the index over `contacts_search_words`, which the migrations make.
    """
    query = _query(text)
    if query is None:
        return contacts.none() if text.strip() else contacts
    found = RawSQL(  # a constant; the words are a parameter
        """contacts_search_words(contacts_contact.email, contacts_contact.first_name, contacts_contact.last_name,
           contacts_contact.phone, contacts_contact.external_id) @@ %s::tsquery""",
        [query],
        output_field=BooleanField(),
    )
    return contacts.filter(Q(found))


def ids(text: str) -> RawSQL | list[int]:
    """The ids of the same contacts, for `contact__in` of rows that belong to contacts."""
    query = _query(text)
    if query is None:
        return []
    return RawSQL(
        """SELECT c.id FROM contacts_contact c
           WHERE contacts_search_words(c.email, c.first_name, c.last_name, c.phone, c.external_id) @@ %s::tsquery""",
        [query],
    )


def _query(text: str) -> str | None:
    """The words as PostgreSQL looks for them; None where there are none."""
    text = text.replace("\0", "").strip()[:200]
    if _PHONE.fullmatch(text):
        digits = re.sub(r"\(0\)|\D", "", text)
        words = [digits if text.startswith("+") else digits.lstrip("0") or digits] if digits else []
    else:
        words = _WORD.findall(text.lower())[:10]
    return " & ".join(f"'{word}':*" for word in words) or None


def sort_in(now: datetime) -> bool:
    """Move new words from the list where they wait into the index, unless an import is adding more; never more to do.

    PostgreSQL does so by itself when the list is full, at the cost of whoever writes then. Until then, searches go
    through the list as well.
    """
    if not CsvImport.objects.filter(state__in=(CsvImport.State.QUEUED, CsvImport.State.RUNNING)).exists():
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('contact_search')")
    return False
