"""What the builder suggests while something is typed: tags, attributes, event names and values in use."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from contacts.attributes.defining import definitions
from contacts.models import Tag
from contacts.segments.picking import MOST, Code, Option
from contacts.segments.registry import registry
from contacts.segments.rules.attribute import FIELDS

# Suggestions read a sample of the newest rows: they have to be instant, not complete.
_SAMPLE = 5000

_KEYS = """
    SELECT key
    FROM (SELECT attributes FROM contacts_contact ORDER BY id DESC LIMIT %s) newest, jsonb_object_keys(attributes) key
    GROUP BY key ORDER BY count(*) DESC, key
"""
_PROPERTIES = """
    SELECT key
    FROM (SELECT properties FROM contacts_event ORDER BY id DESC LIMIT %s) newest, jsonb_object_keys(properties) key
    GROUP BY key ORDER BY count(*) DESC, key
"""
_VALUES = """
    SELECT attributes ->> %s FROM (SELECT attributes FROM contacts_contact ORDER BY id DESC LIMIT %s) newest
    WHERE jsonb_typeof(attributes -> %s) IN ('string', 'number', 'boolean') GROUP BY 1 ORDER BY count(*) DESC, 1
"""
_PROPERTY_VALUES = """
    SELECT properties ->> %s FROM (SELECT properties FROM contacts_event ORDER BY id DESC LIMIT %s) newest
    WHERE jsonb_typeof(properties -> %s) IN ('string', 'number', 'boolean') GROUP BY 1 ORDER BY count(*) DESC, 1
"""
_COLUMNS = {
    name: f"SELECT {name} FROM (SELECT {name} FROM contacts_contact ORDER BY id DESC LIMIT %s) newest"  # noqa: S608
    f" WHERE {name} <> '' GROUP BY 1 ORDER BY count(*) DESC, 1"
    for name in ("first_name", "last_name", "timezone", "language")
}
# Distinct names by hopping over the index, one probe per name, however many events there are.
_EVENT_NAMES = """
    WITH RECURSIVE names(name) AS (
        (SELECT name FROM contacts_event ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT e.name FROM contacts_event e WHERE e.name > n.name ORDER BY e.name LIMIT 1)
        FROM names n WHERE n.name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL LIMIT 500
"""


def suggestions(of: str, words: str, field: str = "") -> Sequence[Option]:
    """At most MOST texts that contain `words`; `field` is the attribute or property whose values are asked for.

    Attributes that are defined come first, with their labels.
    """
    words, field = words.replace("\x00", ""), field.replace("\x00", "")
    match of:
        case "tags":
            return list(Tag.objects.filter(name__icontains=words).values_list("name", flat=True)[:MOST])
        case "attributes":
            defined = definitions()
            labels = {each.name: each.label for each in defined}
            names = [*labels, *FIELDS, *(key for key in _read(_KEYS, [_SAMPLE]) if key not in labels)]
            fit = [name for name in names if words.lower() in f"{name}\n{labels.get(name, '')}".lower()][:MOST]
            return [Code(name, labels[name]) if name in labels else name for name in fit]
        case "properties":
            found = _read(_PROPERTIES, [_SAMPLE])
        case "events":
            found = _read(_EVENT_NAMES, [])
        case "attributes-values" if (known := definitions().get(field)) and known.choices:
            found = list(known.choices)
        case "attributes-values" if field in _COLUMNS:
            found = _read(_COLUMNS[field], [_SAMPLE])
        case "attributes-values" if field and field not in FIELDS:
            found = _read(_VALUES, [field, _SAMPLE, field])
        case "languages":
            found = _read(_COLUMNS["language"], [_SAMPLE])
        case "properties-values" if field:
            found = _read(_PROPERTY_VALUES, [field, _SAMPLE, field])
        case _:
            asked = (kind.suggestions(of, words, field) for kind in registry().values())
            return list(next((some for some in asked if some is not None), []))[:MOST]
    return [text for text in found if words.lower() in text.lower()][:MOST]


def _read(query: str, params: list[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [text for (text,) in cursor.fetchall()]
