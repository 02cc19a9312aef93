"""Tells what a contact said about being written to, when, how, to whom, and what proves it: all that was ever said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# What holds now and what it replaced, numbered in the order in which it was said. One contact has a few dozen at most.
_TOLD = """
WITH said AS (
    SELECT id, contact_id, 0 AS newest, channel, topic_id, state, at, source, by, proof
    FROM contacts_pastconsent WHERE contact_id = %(contact)s
    UNION ALL SELECT id, contact_id, 1, channel, NULL, state, at, source, by, proof
    FROM contacts_consent WHERE contact_id = %(contact)s
    UNION ALL SELECT id, contact_id, 1, channel, topic_id, state, at, source, by, proof
    FROM contacts_topicconsent WHERE contact_id = %(contact)s
), numbered AS (
    SELECT *, row_number() OVER (ORDER BY at, newest, topic_id NULLS FIRST, channel, id) AS place,
        COALESCE(lag(state) OVER (PARTITION BY channel, topic_id ORDER BY at, newest, id), 'unknown') AS was
    FROM said
)
SELECT place, n.at, n.channel, COALESCE(t.key, ''), COALESCE(t.name, ''), was, n.state, n.source, n.by, n.proof
FROM numbered n LEFT JOIN contacts_topic t ON t.id = n.topic_id
WHERE place < %(before)s ORDER BY place DESC LIMIT %(limit)s
"""

_FACTS = {
    "basis": "Basis",
    "file": "File",
    "import": "Import",
    "form": "Form",
    "message": "Message",
    "text": "Text",
    "provider": "Provider",
    "told": "Told us",
    "ip": "Address",
    "agent": "Browser",
}
_BY = {"email": "email", "sms": "SMS"}
NEWEST = 2**31


@dataclass(frozen=True)
class Entry:
    """One answer: `topic` is its key, or "" where it is about the whole channel; `place` counts from the first one."""

    place: int
    at: datetime
    channel: str
    topic: str
    topic_name: str
    was: str
    state: str
    source: str
    by: str
    proof: Mapping[str, Any]

    @property
    def about(self) -> str:
        channel = _BY.get(self.channel, self.channel)
        return f"{self.topic_name} by {channel}" if self.topic else f"{channel[:1].upper()}{channel[1:]}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The proof for people."""
        return [(label, str(self.proof[name])[:300]) for name, label in _FACTS.items() if self.proof.get(name)]


def told(contact_id: int, before: int = NEWEST, limit: int = 20) -> list[Entry]:
    """The newest first, only those before a place. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {"contact": contact_id, "before": before, "limit": limit})
        return [Entry(*row[:-1], proof=json.loads(row[-1]) if row[-1] else {}) for row in cursor.fetchall()]
