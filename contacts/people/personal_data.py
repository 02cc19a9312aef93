"""Tells everything that is known of one person as one JSON document, piece by piece, however long it is."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from contacts import ties, timeline
from contacts.models import Contact
from contacts.profiles import TEXTS
from contacts.timeline import NewEvent

EXPORTED = "contact.exported"


def pieces(contact: Contact, now: datetime) -> Iterator[str]:
    """`{"told_at", "contact": {…}, and a list for everything that hangs on them}`, seen in one transaction."""
    with transaction.atomic():
        yield f'{{\n"told_at": {_json(now)},\n"contact": {_json(_contact(contact))}'
        for name, rows in ties.tell(contact):
            yield f",\n{json.dumps(name)}: ["
            begun = False
            for row in rows:
                yield f"{',' if begun else ''}\n  {_json(row)}"
                begun = True
            yield "\n]" if begun else "]"
        yield "\n}\n"


def record(contact: Contact, now: datetime, source: str) -> None:
    """That it was given out, and to whom, stands on their timeline."""
    timeline.record([NewEvent(contact.pk, EXPORTED, {"source": source})], now)


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.pk,
        **{name: getattr(contact, name) for name in TEXTS},
        "attributes": contact.attributes,
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no place in JSON.")
