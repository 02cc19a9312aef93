"""Asks PostgreSQL who matches a rule tree."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Expression, F, QuerySet

from contacts.columns import Columns
from contacts.models import Contact
from contacts.segments import compiler, gathering
from contacts.segments.compiler import where
from contacts.segments.hurrying import hurrying
from contacts.segments.where import PLAIN, PRESENT, InvalidRule, Scope, Where, fill, ids, value


def audience(rule: Any, now: datetime) -> QuerySet[Contact]:
    """The contacts that match, as an unordered queryset that may be filtered further or used as a sub-query."""
    return Contact.objects.filter(Matches(where(rule, now)))


def count(rule: Any, now: datetime) -> int:
    """How many match, exactly: one query (plus one where the tree refers to segments). Raises InvalidRule."""
    return _counted(rule, now, _sound(rule))[0]


def count_and_some(rule: Any, now: datetime, most: int) -> tuple[int, list[int]]:
    """The same, and the ids of `most` of them."""
    scope = _sound(rule)
    number, first = _counted(rule, now, scope)
    if not number or not most:
        return number, []
    found = gathering.gathered(rule, now, scope)
    if found is None:
        return number, sorted(audience(rule, now).values_list("pk", flat=True)[:most])
    # Of what many do, some are soon met.
    some = _found(fill(_WALK, value(first or 0), where(rule, now, replace(scope, few=True)), value(most)))
    if len(some) < min(most, number):
        with hurrying():
            some = _found(fill("{0} LIMIT {1}", gathering.present(found), value(most)))
    return number, sorted(some)


_WALK = """
SELECT "contacts_contact"."id" FROM (
    SELECT * FROM contacts_contact WHERE id >= {0} AND erased_at IS NULL ORDER BY id LIMIT 2000
) AS contacts_contact WHERE {1} LIMIT {2}
"""


def _sound(rule: Any) -> Scope:
    scope = compiler.leading_to([rule], PLAIN)
    problems = compiler.problems_inside(rule, scope)
    if problems:
        raise InvalidRule(problems)
    return scope


def _counted(rule: Any, now: datetime, scope: Scope) -> tuple[int, int | None]:
    """How many match, and the first of them, where that is told on the way."""
    counted = gathering.counted(rule, now, scope) or fill(
        "SELECT count(*), NULL::bigint FROM contacts_contact WHERE {0}", PRESENT & compiler.compiled(rule, now, scope)
    )
    with hurrying(), connection.cursor() as cursor:
        cursor.execute(counted.sql, counted.params)
        return cursor.fetchone()


def matching(
    rule: Any,
    contact_ids: Sequence[int],
    now: datetime,
    scope: Scope = PLAIN,
    entries: Sequence[int | None] | None = None,
) -> set[int]:
    """Those of the contacts that match: one query, driven by the ids (plus one where the tree refers to segments).

    With `entries`, an event's id or None for each contact, no contact twice: what `property` rules then ask about.
    """
    found = where(rule, now, replace(scope, few=True, entry=entries is not None))
    if entries is None:
        source = fill(
            'unnest({0}) AS given (id) JOIN contacts_contact ON "contacts_contact"."id" = given.id', ids(contact_ids)
        )
    else:
        columns = Columns()
        joined = _WITH_ENTRIES.format(columns.many("bigint", contact_ids), columns.any("bigint", list(entries)))
        source = Where(joined, tuple(columns.values))
    chosen = fill(
        'SELECT "contacts_contact"."id" FROM {0} WHERE {1}',
        source,
        found,
    )
    return _found(chosen)


# Properties are never NULL, so that rules about them are true or false without an event, too.
_WITH_ENTRIES = """
contacts_contact JOIN (SELECT {} AS contact, {} AS event) AS pass ON pass.contact = "contacts_contact"."id"
CROSS JOIN LATERAL (
    SELECT COALESCE((SELECT properties FROM contacts_event WHERE id = pass.event), '{{}}'::jsonb) AS properties
) AS contacts_event
"""


def matching_events(rule: Any, event_ids: Sequence[int], now: datetime, scope: Scope = PLAIN) -> set[int]:
    """Those of the events that match together with their contact: one query, driven by the ids."""
    found = where(rule, now, replace(scope, event=True, few=True))
    chosen = fill(
        'SELECT "contacts_event"."id" FROM contacts_event'
        ' JOIN contacts_contact ON "contacts_contact"."id" = "contacts_event"."contact_id"'
        ' WHERE "contacts_event"."id" = ANY({0}) AND ({1})',
        ids(event_ids),
        found,
    )
    return _found(chosen)


def _found(query: Where) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(query.sql, query.params)
        return {id for (id,) in cursor.fetchall()}


class Matches(Expression):
    """A compiled rule as a condition on a Contact queryset.

    The SQL names the table. Where Django gives the table another alias (in sub-queries), the ids are asked instead.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(self, found: Where, contact: Any = None) -> None:
        super().__init__()
        self.found, self.contact = found, contact or F("pk")

    def get_source_expressions(self) -> list[Any]:
        return [self.contact]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        (self.contact,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        if self.contact.alias == Contact._meta.db_table:
            return f"({self.found.sql})", tuple(self.found.params)
        column, params = compiler.compile(self.contact)
        return (
            f"{column} IN (SELECT contacts_contact.id FROM contacts_contact WHERE {self.found.sql})",  # noqa: S608
            (*params, *self.found.params),
        )
