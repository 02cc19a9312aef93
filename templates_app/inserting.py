"""Says what can be put into a text with one click: fields with what stands in for them, conditions and loops."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection

from contacts.attributes.defining import Definition, definitions

MOST = 20
# The newest rows are looked at: the list has to be instant, not complete.
_SAMPLE = 2000
_ANY_EVENT = "ORDER BY id DESC LIMIT %(sample)s"
_NAMED_EVENT = "WHERE name = %(name)s ORDER BY at DESC LIMIT %(sample)s"
_EVENTS = """
SELECT p.key, bool_or(jsonb_typeof(p.value) = 'array'), array_agg(DISTINCT item.key) FILTER (WHERE item.key <> '')
FROM (SELECT id, name, properties FROM contacts_event {newest}) e
CROSS JOIN LATERAL jsonb_each(e.properties) AS p (key, value)
LEFT JOIN LATERAL jsonb_object_keys(
    CASE WHEN jsonb_typeof(p.value) = 'array' AND jsonb_typeof(p.value -> 0) = 'object' THEN p.value -> 0
    ELSE '{{}}'::jsonb END
) AS item (key) ON true
WHERE e.name = %(name)s OR e.name !~ %(our_own)s
GROUP BY 1 ORDER BY count(DISTINCT e.id) DESC, 1 LIMIT %(most)s
"""
# What Waypost itself writes down has properties that are of no use in a text, unless it is what the text is about.
_OUR_OWN = r"^(email|sms|scenario|contact|tag|segment|topic)[.]"
_FOR_PROGRAMS = {"message", "origin", "provider", "link", "source"}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Insert:
    """`before` and `after` go around what is selected."""

    label: str
    before: str
    after: str = ""

    @property
    def liquid(self) -> str:
        return self.before + self.after

    @property
    def shown(self) -> str:
        return f"{self.before}…{self.after}" if self.after else self.before


@dataclass(frozen=True)
class Inserts:
    """One heading with what stands under it."""

    heading: str
    inserts: list[Insert] = field(default_factory=list)


CONTACT = [
    Insert("First name, or “there”", '{{ contact.first_name | default: "there" }}'),
    Insert("Last name", "{{ contact.last_name }}"),
    Insert("Whole name", "{{ contact.name }}"),
    Insert("Email address", "{{ contact.email }}"),
    Insert("Phone number", "{{ contact.phone }}"),
    Insert("Language", "{{ contact.language }}"),
]
ANY_ATTRIBUTE = Insert("An attribute", "{{ contact.attributes.city }}")
LINKS = [
    Insert("Unsubscribe link", "{{ unsubscribe_url }}"),
    Insert("Link to the preferences", "{{ preferences_url }}"),
    Insert("Confirmation link", "{{ confirm_url }}"),
]
# Made of what is kept, such as 2026-03-10; nothing where a contact has none.
_FILTERS = {
    "date": ' | date: "%-d %B %Y"',
    "datetime": ' | in_zone: contact.timezone | date: "%-d %B %Y, %H:%M"',
    "list": ' | join: ", "',
}
CONDITIONS = [
    Insert("Only if there is a first name", "{% if contact.first_name %}", "{% endif %}"),
    Insert("If there is a first name, else…", "{% if contact.first_name %}", "{% else %}{% endif %}"),
    Insert("Only in one language", '{% if contact.language == "fr" %}', "{% endif %}"),
]


def inserts(event: str | None = "") -> list[Inserts]:
    """By heading, as far as there is something: the attributes that are defined, and the properties that events of this
    name have; of any name where it is "", none where there is no event (None). Two queries."""
    known = definitions()
    of_contacts = [each for one in known for each in _attribute(one)] or [ANY_ATTRIBUTE]
    found = [Inserts("Contact", CONTACT), Inserts("Attributes", of_contacts)]
    texts = [one.name for one in known if one.type.key != "boolean"][:3]
    conditions = [*CONDITIONS, *(_condition("contact.attributes", name) for name in texts)]
    if event is not None:
        plain, lists = _of_events(event)
        found.append(Inserts("The event", [_property("event", key) for key in plain]))
        conditions += [_condition("event", key) for key in plain[:3]]
        found.append(Inserts("Loops", list(_loops(lists))))
    found += [
        Inserts("Conditions", conditions),
        Inserts("Links", LINKS),
    ]
    return [each for each in found if each.inserts]


def fields(event: str | None = "") -> list[Insert]:
    """All of them, without their headings."""
    return [one for group in inserts(event) for one in group.inserts]


def _attribute(definition: Definition) -> list[Insert]:
    path = _path("contact.attributes", definition.name)
    if definition.type.key == "boolean":
        return [Insert(f"Only if {definition.label}", f"{{% if {path} %}}", "{% endif %}")]
    printed = Insert(definition.label, f"{{{{ {path}{_FILTERS.get(definition.type.key, '')} }}}}")
    if definition.type.key != "text":
        return [printed]
    return [printed, Insert(f"{definition.label}, or other words", f'{{{{ {path} | default: "…" }}}}')]


def _of_events(name: str) -> tuple[list[str], dict[str, list[str]]]:
    """The properties of events that are in use, and of the lists among them what their members have; an example
    shows how it is done where none of the operator's own happened yet."""
    asked: dict[str, str | int] = {"name": name, "sample": _SAMPLE, "our_own": _OUR_OWN, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS.format(newest=_NAMED_EVENT if name else _ANY_EVENT), asked)
        rows = [row for row in cursor.fetchall() if _is_usable(row[0])]
    plain = [key for key, is_list, _ in rows if not is_list]
    lists = {key: keys or [] for key, is_list, keys in rows if is_list}
    if re.match(_OUR_OWN, name):
        return [key for key in plain if key not in _FOR_PROGRAMS], lists
    return plain or ["amount"], lists or {"items": ["name"]}


def _loops(lists: dict[str, list[str]]) -> Iterator[Insert]:
    for key, members in lists.items():
        inner = " ".join(_print("item", member) for member in members[:4] if _is_usable(member)) or "{{ item }}"
        head = f"{{% for item in {_path('event', key)} %}}"
        yield Insert(f"For each of {key}", f"{head}{inner} ", "{% endfor %}")
        yield Insert(f"The first three of {key}", f"{head[:-3]} limit: 3 %}}{inner} ", "{% endfor %}")


def _property(of: str, key: str) -> Insert:
    return Insert(f"{key}, or other words", f'{{{{ {_path(of, key)} | default: "…" }}}}')


def _condition(of: str, key: str) -> Insert:
    return Insert(f"Only if {key} is known", f"{{% if {_path(of, key)} %}}", "{% endif %}")


def _print(of: str, key: str) -> str:
    return f"{{{{ {_path(of, key)} }}}}"


def _path(of: str, key: str) -> str:
    return f"{of}.{key}" if _PLAIN.fullmatch(key) else f'{of}["{key}"]'


def _is_usable(key: str) -> bool:
    """Whether Liquid can name it."""
    return bool(key) and len(key) <= 60 and not re.search(r'["\\{}%\n]', key)
