"""Finds contacts by the beginnings of the words in their email, name, phone and external id."""

import re

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from contacts.models import Contact

_WORD = re.compile(r"[^\W_]+")
_PHONE = re.compile(r"[+0-9][0-9 ().\-/]{3,}")


def search(contacts: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """Those contacts in whom every word of `text` begins a word; a phone number may leave out its country.

    Served by the index over `contacts_search_words`, which the migrations make.
    """
    text = text.replace("\0", "").strip()[:200]
    if _PHONE.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        words = [digits if text.startswith("+") else digits.lstrip("0") or digits]
    else:
        words = _WORD.findall(text.lower())[:10]
    if not words:
        return contacts.none() if text else contacts
    query = " & ".join(f"'{word}':*" for word in words)
    found = RawSQL(  # a constant; the words are a parameter
        """contacts_search_words(contacts_contact.email, contacts_contact.first_name, contacts_contact.last_name,
           contacts_contact.phone, contacts_contact.external_id) @@ %s::tsquery""",
        [query],
        output_field=BooleanField(),
    )
    return contacts.filter(Q(found))
