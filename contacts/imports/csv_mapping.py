"""Knows what the columns of a file mean: guesses it from their headers, and turns rows into contacts by it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from contacts import csv_writing
from contacts.attributes.defining import NONE, Definitions
from contacts.cleaning import IDENTIFIERS, Errors
from contacts.imports import attribute_cells, topic_cells
from contacts.imports.attribute_cells import slug as slug
from contacts.models import ConsentState, Topic

# What a column may be, beside an attribute (see `contacts.imports.attribute_cells`) and a topic (see `topic_cells`).
TARGETS = {
    "email": "Email",
    "phone": "Phone",
    "external_id": "External id",
    "first_name": "First name",
    "last_name": "Last name",
    "full_name": "Full name",
    "timezone": "Time zone",
    "language": "Language",
    "tags": "Tags",
    "consent.email": "Consent to email",
    "consent.sms": "Consent to SMS",
}

_HEADERS = {
    "email": "email e_mail mail email_address e_mail_address mail_address adresse_email adresse_e_mail courriel correo",
    "phone": "phone mobile phone_number mobile_phone mobile_number tel telephone cell portable gsm telefon sms",
    "external_id": "external_id externalid id customer_id user_id client_id contact_id reference",
    "first_name": "first_name firstname given_name forename prenom vorname nombre",
    "last_name": "last_name lastname surname family_name nom nom_de_famille nachname apellido apellidos",
    "full_name": "name full_name fullname nom_complet contact_name",
    "timezone": "timezone time_zone tz fuseau_horaire",
    "language": "language lang locale langue sprache idioma",
    "tags": "tags tag labels label etiquettes",
    "consent.email": "consent email_consent consent_email optin opt_in newsletter subscribed email_optin consentement",
    "consent.sms": "sms_consent consent_sms sms_optin sms_opt_in",
}
_GUESSES = {word: target for target, words in _HEADERS.items() for word in words.split()}
# Numbers that are names rather than amounts: leading zeros matter.
_CODES = re.compile(r"(^|_)(zip|postal|postcode|plz|cp|code|id|siret|siren|iban|number|no|ref)(_|$)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")

_YES = {"yes", "y", "true", "t", "1", "x", "on", "oui", "ja", "si", "sí", "subscribed", "opt-in", "optin", "opt in"}
_NO = {"no", "n", "false", "f", "0", "off", "non", "nein", "unsubscribed", "opt-out", "optout", "opt out"}

_ANSWERS = {
    **dict.fromkeys(_YES, ConsentState.SUBSCRIBED.value),
    **dict.fromkeys(_NO, ConsentState.UNSUBSCRIBED.value),
    **dict.fromkeys(("unknown", "?"), ConsentState.UNKNOWN.value),
}


def is_target(text: str) -> bool:
    """Whether a column may be called so."""
    return text in TARGETS or attribute_cells.is_target(text) or topic_cells.is_target(text)


def misnamed(target: str) -> str:
    """Why a column cannot be called so, as a sentence."""
    name = target.partition(":")[2]
    if not name:
        return f"“{target[:60]}” is nothing that a column can be."
    return f"“{name[:60]}” cannot name an attribute: start with a letter, then letters, digits, - and _ only."


def subscribes(mapping: Sequence[str | None]) -> bool:
    """Whether a column says what people want to be sent, which may subscribe them."""
    return any(target and target.startswith(("consent.", "topic.")) for target in mapping)


def claims(mapping: Sequence[str | None]) -> dict[str, Any]:
    """What such a file may say of a contact, as the API would: that they subscribe to all it has columns for."""
    said: dict[str, Any] = {"consent": {}, "topics": {}}
    for target in mapping:
        kind, _, rest = (target or "").partition(".")
        if kind == "consent":
            said["consent"][rest] = ConsentState.SUBSCRIBED.value
        elif kind == "topic":
            key, channel = topic_cells.of_target(target or "")
            said["topics"].setdefault(key, {})[channel] = ConsentState.SUBSCRIBED.value
    return said


def label(target: str, topics: Mapping[str, Topic]) -> str:
    """What people call a target."""
    if topic_cells.is_target(target):
        return topic_cells.label(target, topics)
    kind, _, key = target.partition(":")
    return f"the attribute “{key}”" if key else TARGETS.get(kind, kind)


def _plain(target: str | None) -> str:
    """An attribute is the same one whatever its cells are read as."""
    kind, colon, key = (target or "").partition(":")
    return colon + key if colon else kind


def changed(headers: Sequence[str], mapping: Sequence[str | None], given: Mapping[str, str | None]) -> list[str | None]:
    """The mapping with these targets by header; what was only guessed gives way. Of headers that are there twice, the
    first one is meant."""
    said = {_plain(target) for target in given.values() if target}
    found = [None if _plain(target) in said else target for target in mapping]
    for header, target in given.items():
        found[headers.index(header)] = target or None
    return found


def problem(mapping: Sequence[str | None], topics: Mapping[str, Topic]) -> str:
    """Why rows cannot be taken in by this, as a sentence; "" where they can."""
    named = [target for target in mapping if target]
    if sentence := topic_cells.problem(named):
        return sentence
    plain = list(map(_plain, named))
    twice = {one: target for one, target in zip(plain, named, strict=True) if plain.count(one) > 1}
    if twice:
        return f"Two columns are both {', '.join(sorted(label(target, topics) for target in twice.values()))}."
    if "full_name" in named and ("first_name" in named or "last_name" in named):
        return "One column is the full name and another the first or the last name. Leave one of them out."
    if not any(name in named for name in IDENTIFIERS):
        return "Say which column is the email, the phone or the external id: without one, nobody is recognised."
    return ""


def guess(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    defined: Definitions = NONE,
    topics: Mapping[str, Topic] | None = None,
) -> list[str | None]:
    """What each column most likely is, from its header and the first rows. Nothing is guessed twice."""
    mapping: list[str | None] = []
    for index, header in enumerate(headers):
        key = slug(header)
        values = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        target = attribute_cells.guess(key, values, defined)
        if target is None and topics and values and all(value.lower() in _ANSWERS for value in values):
            target = topic_cells.guess(key, topics)
        target = target or _GUESSES.get(key)
        if target is None and key:
            target = f"{_kind(key, values)}:{key}"
        mapping.append(target if target not in mapping else None)
    if "full_name" in mapping and ("first_name" in mapping or "last_name" in mapping):
        mapping[mapping.index("full_name")] = "text:name"
    return mapping


def _kind(key: str, values: list[str]) -> str:
    if values and not _CODES.search(key) and all(_NUMBER.fullmatch(value) for value in values):
        return "number"
    if kind := attribute_cells.guess_date(values):
        return kind
    if values and all(value.lower() in {"true", "false", "yes", "no"} for value in values):
        return "boolean"
    return "text"


def columns(
    mapping: Sequence[str | None], defined: Definitions = NONE
) -> list[tuple[int, Callable[[dict[str, Any], str], None]]]:
    """For each column that counts, its place and what puts its value into a contact; what that raises is a sentence."""
    return [(index, _setter(target, defined)) for index, target in enumerate(mapping) if target]


def contact_of(
    cells: Sequence[str], setters: list[tuple[int, Callable[[dict[str, Any], str], None]]]
) -> tuple[dict[str, Any], Errors]:
    """A row as a contact in the API's shape. Empty cells say nothing about the contact."""
    contact: dict[str, Any] = {}
    errors: Errors = {}
    for index, put in setters:
        # Our own files guard what a spreadsheet would take for formulas.
        value = csv_writing.unguarded(cells[index].strip()) if index < len(cells) else ""
        if value:
            try:
                put(contact, value)
            except ValidationError as error:
                errors[f"Column {index + 1}"] = error.messages
            except ValueError as error:
                errors[f"Column {index + 1}"] = [str(error)]
    return contact, errors


def _setter(target: str, defined: Definitions) -> Callable[[dict[str, Any], str], None]:
    key = target.partition(":")[2]
    if key:
        read = attribute_cells.reader(target, defined)

        def put(contact: dict[str, Any], value: str) -> None:
            if (found := read(value)) is not None:
                contact.setdefault("attributes", {})[key] = found
    elif target.startswith("topic."):

        def put(contact: dict[str, Any], value: str) -> None:
            contact.setdefault("topics", {})[target] = state_of(value)
    elif target.startswith("consent."):
        channel = target.partition(".")[2]

        def put(contact: dict[str, Any], value: str) -> None:
            contact.setdefault("consent", {})[channel] = state_of(value)
    elif target == "tags":

        def put(contact: dict[str, Any], value: str) -> None:
            contact["tags"] = tag_names(value)
    elif target == "full_name":

        def put(contact: dict[str, Any], value: str) -> None:
            contact["first_name"], _, contact["last_name"] = value.partition(" ")
    else:

        def put(contact: dict[str, Any], value: str) -> None:
            contact[target] = value

    return put


def tag_names(value: str) -> list[str]:
    return [name for name in map(str.strip, re.split(r"[,;|]", value)) if name]


def state_of(value: str) -> str:
    """The state of consent that a cell tells; ValueError where it tells none."""
    state = _ANSWERS.get(value.lower())
    if state is None:
        raise ValueError(f"“{value[:40]}” is no answer about consent, such as yes, no, subscribed or unsubscribed.")
    return state
