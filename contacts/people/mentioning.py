"""Finds what operators wrote that names a person by their address, in every app, and takes it out where one is erased.

An app says where something may be written in a module `contact_mentions`, as `PLACES`. What is found is told before
somebody is erased, and afterwards in the list of those who were.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils.module_loading import module_has_submodule

from contacts.people.naming import SEPARATORS, Names
from contacts.segments.using import Use


@dataclass(frozen=True)
class Place:
    """Columns of a table in which people may be named. `what` and `page` say what to call it and where it is seen;
    without them it is no thing of its own, and only taken out. `owner` and `name` are SQL of the id that the page
    wants, and of what it is called; names that are `unique` stay so."""

    table: str
    texts: Sequence[str] = ()
    trees: Sequence[str] = ()
    what: str = ""
    page: Callable[[int], str] | None = None
    owner: str = ""
    name: str = "t.name"
    unique: Sequence[str] = ()
    key: str = "id"

    @property
    def columns(self) -> list[str]:
        return [*self.texts, *self.trees]


# Columns are read as texts; what only looks as if it named them is told apart afterwards.
_FOUND = "SELECT t.{key}, {owner}, {name}, {columns} FROM {table} t WHERE {asked} ORDER BY t.{key} {lock}"
_HELD = "concat_ws(' ', {columns})"
_FEW = "(lower({held}) LIKE ANY(%(pieces)s){numbers})"
_MANY = """EXISTS (SELECT FROM regexp_split_to_table(lower({held}), %(separators)s) AS word
    WHERE regexp_replace(word, '([.](csv|xlsx?|txt|json|pdf|png|jpe?g))?[.!]*$', '') = ANY(%(words)s))"""
_BLOT = (
    "UPDATE {table} t SET {sets} FROM jsonb_to_recordset(%s::jsonb) AS v (id bigint, {columns}) WHERE t.{key} = v.id"
)


def places() -> Iterator[Place]:
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, "contact_mentions"):
            yield from import_module(f"{app.name}.contact_mentions").PLACES


def mentions(names: Names) -> list[Use]:
    """What names them, and has a page of its own."""
    found = [(place, rows) for place in places() if place.what and (rows := _found(place, names))]
    return _told([(place, [(id, owner, name, {}) for id, owner, name, _new in rows]) for place, rows in found])


def blot(names: Names) -> list[Use]:
    """Take them out, and tell of what; in the caller's transaction."""
    done = []
    for place in places():
        if rows := _found(place, names, lock=True):
            _write(place, rows)
            done.append((place, rows))
    return _told(done)


Row = tuple[int, int, str, dict[str, Any]]


def _found(place: Place, names: Names, lock: bool = False) -> list[Row]:
    """(id, owner, name, columns without them) of the rows that name them."""
    if not names:
        return []
    held = _HELD.format(columns=", ".join(f"t.{column}" for column in place.columns))
    values: dict[str, Any] = {"pieces": names.pieces, "separators": SEPARATORS}
    if names.few:
        numbers = "".join(f" OR {held} ~ %(number{nth})s" for nth, _ in enumerate(names.numbers))
        values |= {f"number{nth}": number for nth, number in enumerate(names.numbers)}
        asked = _FEW.format(held=held, numbers=numbers)
    else:
        values["words"] = [*names.words, *names.ids]
        asked = _MANY.format(held=held)
    query = _FOUND.format(
        key=place.key,
        owner=place.owner or f"t.{place.key}",
        name=place.name if place.what else "''",
        columns=", ".join(f"t.{column}::text" for column in place.columns),
        table=place.table,
        asked=asked,
        lock="FOR NO KEY UPDATE OF t" if lock else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows = cursor.fetchall()
    return [(id, owner, name, new) for id, owner, name, *old in rows if (new := _without(place, id, old, names))]


def _without(place: Place, id: int, old: Sequence[Any], names: Names) -> dict[str, Any]:
    """The columns of a row that change, as they will be."""
    changed: dict[str, Any] = {}
    for column, text in zip(place.columns, old, strict=True):
        if text is None:
            continue
        given = json.loads(text) if column in place.trees else text
        blotted = names.tree(given) if column in place.trees else names.text(given)
        if blotted != given:
            changed[column] = f"{blotted} {id}" if column in place.unique else blotted
    return changed


def _write(place: Place, rows: Sequence[Row]) -> None:
    """One statement for each column that changes somewhere."""
    with connection.cursor() as cursor:
        for column in place.columns:
            given = [{"id": id, "value": new[column]} for id, _owner, _name, new in rows if column in new]
            if given:
                type = "jsonb" if column in place.trees else "text"
                statement = _BLOT.format(
                    table=place.table, key=place.key, sets=f"{column} = v.value", columns=f"value {type}"
                )
                cursor.execute(statement, [json.dumps(given)])


def _told(found: Sequence[tuple[Place, Sequence[Row]]]) -> list[Use]:
    told: dict[tuple[str, int], Use] = {}
    for place, rows in found:
        for _id, owner, name, new in rows:
            if place.page is not None:
                # What is called by their address is called something else from now on.
                called = new.get("name", name) if place.name == "t.name" else name
                told.setdefault((place.what, owner), Use(place.what, str(called), place.page(owner)))
    return list(told.values())
