"""Changes selections of contacts in the background: slices of one transaction each, that a crash loses nothing of.

Whom an edit means is fixed when it is confirmed, and kept as lists of ids, one for each slice: what was counted is what
is changed, no more and no less. (Asking the filters anew in each slice would change whoever came into the selection
since, and would lose its place where the change itself takes contacts out of it.)
"""

import logging
from datetime import datetime
from typing import Any

import psycopg.errors
from django.core.exceptions import EmptyResultSet
from django.db import InterfaceError, OperationalError, connection, transaction

from contacts import recounting
from contacts.lanes import nudge
from contacts.models import BulkEdit, BulkEditPart, Contact
from contacts.people import bulk_actions
from contacts.people.selecting import Selection

logger = logging.getLogger(__name__)
State = BulkEdit.State
WORKING = (State.QUEUED, State.RUNNING)
STUMBLED = "Waypost stumbled over this change. Its log says where. What was changed by then stays changed."

# One statement fixes and counts them, so that the two cannot differ.
_FIX = """
INSERT INTO contacts_bulkeditpart (edit_id, place, contacts)
SELECT %s, (nth - 1) / %s, array_agg(id ORDER BY id) FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS nth FROM ({query}) AS chosen (id)
) AS numbered GROUP BY 2
"""


class Changed(Exception):
    """As many contacts are selected now, and another number was confirmed."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count:,} contact{' is' if count == 1 else 's are'} selected now.")
        self.count = count


def begin(
    selection: Selection,
    action: str,
    values: dict[str, Any],
    now: datetime,
    source: str,
    by: Any = None,
    confirmed: int | None = None,
) -> BulkEdit:
    """Have it done. `values` as `bulk_actions.cleaned` gives them. Where `confirmed` says how many contacts somebody
    has agreed to and the selection has another number by now, raises Changed, and nothing happens."""
    with transaction.atomic():
        edit = BulkEdit.objects.create(
            action=action,
            values=values,
            # Of ticked ones, how many they were: whom an edit means stands in its parts, while it needs them.
            selection={"filters": dict(selection.filters)} if selection.ids is None else {"ids": len(selection.ids)},
            source=source[:200],
            created_by=by,
            created_at=now,
        )
        edit.total = _fix(edit, selection, now)
        if confirmed is not None and edit.total != confirmed:
            raise Changed(edit.total)
        if not edit.total:
            edit.state, edit.finished_at = State.DONE, now
        edit.save()
        nudge("upkeep")
    return edit


def _fix(edit: BulkEdit, selection: Selection, now: datetime) -> int:
    try:
        query, params = selection.contacts(now).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    size = bulk_actions.slice_of(edit.action)
    with connection.cursor() as cursor:
        cursor.execute(_FIX.format(query=query), [edit.pk, size, *params])
        cursor.execute("SELECT sum(cardinality(contacts)) FROM contacts_bulkeditpart WHERE edit_id = %s", [edit.pk])
        return cursor.fetchone()[0] or 0


def cancel(edit: BulkEdit, now: datetime) -> bool:
    """Stop before the next slice; what was changed stays changed. False where it was over already."""
    with transaction.atomic():
        # Waits for the slice that is being done, which counts what it did.
        locked = BulkEdit.objects.select_for_update().get(pk=edit.pk)
        if locked.state not in WORKING:
            return False
        locked.state, locked.finished_at = State.CANCELLED, now
        locked.save(update_fields=["state", "finished_at"])
        locked.parts.all().delete()
        recounting.after_change(now, bulk_actions.attributes(locked))
    return True


def work(now: datetime) -> bool:
    """Do one slice of the oldest edit that nobody else is at; whether there was one."""
    pk = None
    try:
        with transaction.atomic():
            waiting = BulkEdit.objects.filter(state__in=WORKING).order_by("id")
            edit = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if edit is None:
                return False
            pk = edit.pk
            _slice(edit, now)
    except (OperationalError, InterfaceError) as error:
        # The slice was rolled back and comes again: at once if it only got in another's way.
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
            raise
    except Exception:
        logger.exception("Bulk edit %s failed", pk)
        BulkEdit.objects.filter(pk=pk, state__in=WORKING).update(state=State.FAILED, finished_at=now, error=STUMBLED)
        BulkEditPart.objects.filter(edit_id=pk).delete()
    return True


def _slice(edit: BulkEdit, now: datetime) -> None:
    part = edit.parts.order_by("place").first()
    if part is not None:
        there = set(Contact.objects.filter(pk__in=part.contacts).values_list("pk", flat=True))
        ids = [pk for pk in part.contacts if pk in there]
        edit.changed += bulk_actions.do(edit, ids, now)
        edit.done += len(part.contacts)
        part.delete()
    edit.state = State.RUNNING
    if edit.done >= edit.total or part is None:
        edit.state, edit.finished_at = State.DONE, now
        recounting.after_change(now, bulk_actions.attributes(edit))
    edit.save(update_fields=["state", "done", "changed", "finished_at"])


def recent(most: int = 50) -> list[BulkEdit]:
    return list(BulkEdit.objects.select_related("created_by").order_by("-pk")[:most])
