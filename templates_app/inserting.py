"""Knows what can be put into a text with one click: what every contact has, and the attributes that are defined."""

from dataclasses import dataclass

from contacts.defining import Definition, definitions


@dataclass(frozen=True)
class Field:
    """A name for people, and the Liquid that prints it."""

    label: str
    liquid: str


_CONTACT = [
    Field("First name", '{{ contact.first_name | default: "there" }}'),
    Field("Last name", "{{ contact.last_name }}"),
    Field("Email address", "{{ contact.email }}"),
    Field("Phone number", "{{ contact.phone }}"),
    Field("Language", "{{ contact.language }}"),
]
_ANY_ATTRIBUTE = Field("An attribute", "{{ contact.attributes.city }}")
_EVENT = Field("A property of the event", "{{ event.amount }}")
_OTHERS = [
    Field("Unsubscribe link", "{{ unsubscribe_url }}"),
    Field("Link to the preferences", "{{ preferences_url }}"),
    Field("Confirmation link", "{{ confirm_url }}"),
    Field("Only if there is a first name", "{% if contact.first_name %}{% endif %}"),
]
# Made of what is kept, such as 2026-03-10; nothing where a contact has none.
_FILTERS = {
    "date": ' | date: "%-d %B %Y"',
    "datetime": ' | in_zone: contact.timezone | date: "%-d %B %Y, %H:%M"',
    "list": ' | join: ", "',
}


def fields(event: bool = True) -> list[Field]:
    """`event`: whether the text may be sent because of one."""
    attributes = [_field(each) for each in definitions()] or [_ANY_ATTRIBUTE]
    return [*_CONTACT, *attributes, *([_EVENT] if event else []), *_OTHERS]


def _field(definition: Definition) -> Field:
    name = definition.name
    # Liquid takes only plain letters after a dot.
    path = f"contact.attributes.{name}" if name.isascii() else f'contact.attributes["{name}"]'
    if definition.type.key == "boolean":
        return Field(f"Only if {definition.label}", f"{{% if {path} %}}{{% endif %}}")
    return Field(definition.label, f"{{{{ {path}{_FILTERS.get(definition.type.key, '')} }}}}")
