"""Forgets people for good: nothing says any more who they were, and every count stays what it is.

The contact's row stays, empty and marked; so do messages, passes and events, without what they said of anybody. What
others hold is theirs to forget: mails that were sent lie in mailboxes, and with the services that carried them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contacts import ties
from contacts.models import Contact, Erasure
from contacts.people import barring
from contacts.saving import retried
from contacts.ties import People, Person

_EMPTY = {
    "email": None,
    "phone": None,
    "external_id": None,
    "first_name": "",
    "last_name": "",
    "timezone": "",
    "language": "",
    "attributes": {},
}


def erase(contact_ids: Sequence[int], now: datetime, source: str, by: Any = None, bar: bool = True) -> int:
    """Returns how many were there to be forgotten. With `bar`, their addresses cannot be added again: of those only a
    keyed hash is kept."""

    def attempt() -> int:
        ties.hold(contact_ids)
        there = Contact.objects.filter(pk__in=list(contact_ids)).order_by("pk")
        rows = list(there.select_for_update())
        if not rows:
            return 0
        who = People([_person(row) for row in rows])
        if bar:
            barring.bar([*who.emails, *who.phones], now)
        ties.erase(who, now)
        Contact.objects.filter(pk__in=who.ids).update(**_EMPTY, erased_at=now, updated_at=now)
        Erasure.objects.bulk_create([Erasure(contact_id=pk, at=now, by=by, source=source[:200]) for pk in who.ids])
        return len(rows)

    return retried(attempt)


def again(contact_id: int, now: datetime) -> None:
    """Forget what somebody wrote who had begun before; the caller has a transaction."""
    ties.hold([contact_id])
    if Contact.with_erased.select_for_update().filter(pk=contact_id, erased_at__isnull=False).exists():
        ties.erase(People([Person(contact_id)]), now)
        Contact.with_erased.filter(pk=contact_id).update(**_EMPTY)


def _person(row: Contact) -> Person:
    return Person(row.pk, row.email or "", row.phone or "", row.external_id or "", row.first_name, row.last_name)
