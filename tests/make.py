"""Builders for tests: each makes one believable thing, and everything about it can be said otherwise."""

from datetime import UTC, datetime
from typing import Any

from contacts.models import Contact

# A Tuesday morning; tests move on from here.
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def contact(email: str | None = None, **fields: Any) -> Contact:
    fields = {"created_at": NOW, "updated_at": NOW, **fields}
    return Contact.objects.create(email=email, **fields)


def contacts(count: int, domain: str = "example.com", **fields: Any) -> list[int]:
    """Many contacts c0@…, c1@…; their ids."""
    fields = {"created_at": NOW, "updated_at": NOW, **fields}
    rows = Contact.objects.bulk_create([Contact(email=f"c{n}@{domain}", **fields) for n in range(count)])
    return [row.pk for row in rows]
