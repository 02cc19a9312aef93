"""Takes an import back: deletes the contacts that it created, but for those whom something touched since."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from contacts import recounting, saving
from contacts.lanes import nudge
from contacts.models import Contact, CsvImport
from contacts.segments.crossing import ENTERED, LEFT

State = CsvImport.State
UNDOABLE = (State.DONE, State.CANCELLED, State.FAILED)
# Deleting looks at every table that knows contacts, so a slice is short.
SLICE = 500

# Whom it created is said by their timelines; how many of them are left depends on how long events are kept.
_CREATED = """
c.id > %(after)s AND c.id <= %(until)s AND EXISTS (
    SELECT FROM contacts_event e
    WHERE e.contact_id = c.id AND e.name = 'contact.created' AND e.properties @> %(import)s::jsonb
)
"""
# What segments find out by themselves touches nobody.
_TOUCHED = """
c.updated_at > %(end)s
OR EXISTS (SELECT FROM contacts_consent k WHERE k.contact_id = c.id AND k.at > %(end)s)
OR EXISTS (SELECT FROM contacts_topicconsent k WHERE k.contact_id = c.id AND k.at > %(end)s)
OR EXISTS (SELECT FROM contacts_contacttag m WHERE m.contact_id = c.id AND m.at > %(end)s)
OR EXISTS (
    SELECT FROM contacts_event e
    WHERE e.contact_id = c.id AND e.name <> ALL(%(passing)s) AND NOT e.properties @> %(import)s::jsonb
)
"""


class Undoable(NamedTuple):
    """How many of those whom an import created can be deleted again, and how many were touched since."""

    free: int
    touched: int

    @property
    def created(self) -> int:
        return self.free + self.touched


def count(file: CsvImport) -> Undoable:
    """How an undoing would end if it were done now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE NOT touched), count(*) FILTER (WHERE touched) FROM (
                SELECT {_touched()} AS touched FROM contacts_contact c WHERE {_CREATED}
            ) AS found
            """,  # noqa: S608 - names of tables are Django's own
            _asked(file, file.contacts_after or 0),
        )
        return Undoable(*cursor.fetchone())


def begin(file: CsvImport) -> bool:
    """Let a finished import be undone; False where that was begun before, or there is nothing to undo."""
    begun = CsvImport.objects.filter(pk=file.pk, state__in=UNDOABLE, created__gt=0, contacts_until__isnull=False)
    changed = begun.update(state=State.UNDOING, undone_until=models.F("contacts_after"))
    if changed:
        nudge("upkeep")
    return bool(changed)


def work(now: datetime) -> bool:
    """Undo one slice of the oldest import that is to be undone and that nobody else is at; whether there was one."""
    with transaction.atomic():
        waiting = CsvImport.objects.filter(state=State.UNDOING).order_by("id")
        file = waiting.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
        if file is None:
            return False
        asked = _asked(file, file.undone_until)
        with connection.cursor() as cursor:
            # Locked before they are looked at: whoever writes about them has committed, or comes too late.
            cursor.execute(
                f"SELECT c.id FROM contacts_contact c WHERE {_CREATED} ORDER BY c.id LIMIT %(slice)s FOR UPDATE",  # noqa: S608
                {**asked, "slice": SLICE},
            )
            there = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(
                f"SELECT c.id FROM contacts_contact c WHERE c.id = ANY(%(there)s) AND NOT ({_touched()})",  # noqa: S608
                {**asked, "there": there},
            )
            free = [pk for (pk,) in cursor.fetchall()]
        file.undone += saving.delete(free)
        file.kept += len(there) - len(free)
        if len(there) < SLICE:
            file.state = State.UNDONE
            recounting.after_change(now)
        else:
            file.undone_until = there[-1]
        file.save(update_fields=["undone", "kept", "state", "undone_until"])
    return True


def _asked(file: CsvImport, after: int) -> dict[str, Any]:
    return {
        "after": after,
        "until": file.contacts_until or 0,
        "end": file.finished_at,
        "import": json.dumps({"import": file.pk}),
        "passing": [ENTERED, LEFT],
    }


def _touched() -> str:
    """The condition that somebody is known elsewhere: apps above keep rows about contacts that go with them."""
    quote = connection.ops.quote_name
    above = (
        relation
        for relation in Contact._meta.related_objects
        if relation.on_delete is models.CASCADE and relation.related_model._meta.app_label != Contact._meta.app_label
    )
    return (
        "("
        + " OR ".join(
            [
                _TOUCHED,
                *(
                    f"EXISTS (SELECT FROM {quote(relation.related_model._meta.db_table)} r "
                    f"WHERE r.{quote(relation.field.column)} = c.id)"
                    for relation in above
                ),
            ]
        )
        + ")"
    )
