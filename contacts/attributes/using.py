"""Finds out where attributes are used: in every app that has an `attribute_uses` module.

Such a module has one function `uses(names) -> dict[name, list[Use]]`, which asks once for any number of names.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils.module_loading import module_has_submodule

from contacts.segments.using import Use

# Asks a JSON column whether a rule in it, at whatever depth, is about the attribute `n.name`.
IN_RULE = """
    jsonb_path_exists(
        {column}, '$.** ? (@.rule == "attribute" && @.field == $name)', jsonb_build_object('name', n.name)
    )
"""
# Asks a text, or JSON as text, whether a piece of Liquid in it reads the attribute `n.name`. Most texts do not hold the
# name at all, which is found out a hundred times faster.
IN_WORDS = """
    (CASE WHEN strpos({column}, n.name) > 0 THEN
        {column} ~ ('attributes(\\.' || n.name || '|\\[\\s*\\\\?["'']' || n.name || '\\\\?["'']\\s*\\])(?![\\w-])')
    ELSE FALSE END)
"""

Uses = dict[str, list[Use]]


def uses(names: Sequence[str]) -> Uses:
    """What would not do the same without these attributes, by their names; all names are there."""
    found: Uses = {name: [] for name in names}
    if not names:
        return found
    for app in apps.get_app_configs():
        if app.module is not None and module_has_submodule(app.module, "attribute_uses"):
            for name, of_app in import_module(f"{app.name}.attribute_uses").uses(names).items():
                found[name].extend(of_app)
    return found


def asked(query: str, names: Sequence[str], use: Callable[[int, str], Use]) -> Uses:
    """The uses that a query finds: rows of (name of an attribute, id, name of what uses it), over
    `unnest(%(names)s::text[]) AS n (name)`."""
    found: Uses = {}
    with connection.cursor() as cursor:
        cursor.execute(query, {"names": list(names)})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    for name, id, called in rows:
        found.setdefault(name, []).append(use(id, called))
    return found
