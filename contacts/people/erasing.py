"""Forgets people for good: nothing says any more who they were, and every count stays what it is.

The contact's row stays, empty and marked; so do messages, passes and events, without what they said of anybody. What
others hold is theirs to forget: mails that were sent lie in mailboxes, and with the services that carried them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from contacts import ties
from contacts.models import Contact, Erasure, Merge
from contacts.people import barring, mentioning
from contacts.people.naming import Names
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
    keyed hash is kept. What operators wrote that names them says so no more, and is told of with the erasure."""

    def attempt() -> int:
        # First, for it locks what contacts stand in, and everybody locks that before contacts.
        named = mentioning.blot(Names(people(contact_ids)))
        ties.hold(contact_ids)
        there = Contact.objects.filter(pk__in=list(contact_ids)).order_by("pk")
        rows = list(there.select_for_update())
        if not rows:
            return 0
        who = _people(rows)
        if bar:
            barring.bar([*who.emails, *who.phones], now)
        ties.erase(who, now)
        Contact.objects.filter(pk__in=who.ids).update(**_EMPTY, erased_at=now, updated_at=now)
        erasures = [Erasure(contact_id=pk, at=now, by=by, source=source[:200]) for pk in who.ids]
        erasures[0].replaced = [asdict(use) for use in named]
        Erasure.objects.bulk_create(erasures)
        return len(rows)

    return retried(attempt)


def replaced(contact_id: int) -> list[dict[str, Any]]:
    """What operators wrote that named somebody who is erased."""
    return Erasure.objects.filter(contact=contact_id).values_list("replaced", flat=True).first() or []


def again(contact_id: int, now: datetime) -> None:
    """Forget what somebody wrote who had begun before; the caller has a transaction."""
    ties.hold([contact_id])
    if Contact.with_erased.select_for_update().filter(pk=contact_id, erased_at__isnull=False).exists():
        ties.erase(People([Person(contact_id)]), now)
        Contact.with_erased.filter(pk=contact_id).update(**_EMPTY)


def people(contact_ids: Sequence[int]) -> People:
    """Contacts as those who are looked for."""
    return _people(list(Contact.objects.filter(pk__in=list(contact_ids)).order_by("pk")))


def _people(rows: Sequence[Contact]) -> People:
    merges = Merge.objects.filter(kept__in=[row.pk for row in rows]).values_list("kept_id", "before")
    before = [Person(pk, *_fields(shape)) for pk, both in merges for shape in both.values()]
    return People([Person(row.pk, *_fields(vars(row))) for row in rows], before)


def _fields(known: Mapping[str, Any]) -> list[str]:
    """What somebody can be found by, as `Person` has it."""
    return [known.get(name) or "" for name in ("email", "phone", "external_id", "first_name", "last_name")]
