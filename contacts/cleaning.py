"""Turns what somebody wrote about a contact into clean fields, or into sentences on what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from contacts import phones, tagging, topic_consent, zones
from contacts.attributes.defining import NONE, Definitions
from contacts.consent import ADDRESSES
from contacts.json_limits import object_problem, text_problem
from contacts.models.consent import SAYABLE

# From the strongest to the weakest: a row may change a weaker one of the contact that it found by a stronger one.
IDENTIFIERS = ("external_id", "email", "phone")
MOST_TAGS = 200

_valid_email = EmailValidator(message="“%(value)s” is not an email address.")
# Nearly all addresses look like this; the others take Django's slower and more patient way.
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE | re.ASCII
)
_LOWER_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
# What comes along when an address is copied from a page: marks of width zero, of direction and of byte order.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e"
# Installations have a few dozen attributes and millions of rows that name them.
_known_keys: set[str] = set()
_ATTRIBUTE = re.compile(r"[^\W\d][\w-]{0,99}")

Fields = dict[str, Any]
Errors = dict[str, list[str]]


def clean(given: Any, country: str = "", defined: Definitions = NONE) -> tuple[Fields, Errors]:
    """The clean fields of a contact in the API's shape, and what is wrong, by field. Fields left out stay left out.

    Identifiers that are null or empty come back as None, other texts as "". An attribute that is null is to be removed.
    What is wrong with a `defined` attribute is said under `attributes.NAME`.
    """
    if not isinstance(given, Mapping):
        return {}, {"detail": ["A contact is an object, such as {“email”: “ada@example.com”}."]}
    fields: Fields = {}
    errors: Errors = {}
    for name, value in given.items():
        cleaner = _CLEANERS.get(name)
        if cleaner is None:
            if name not in READ_ONLY:
                errors[str(name)[:100]] = ["Contacts have no such field. Put your own under “attributes”."]
            continue
        try:
            fields[name] = cleaner(value, country)
        except ValidationError as error:
            errors[name] = error.messages
    if defined and fields.get("attributes"):
        fields["attributes"], unfit = defined.check(fields["attributes"])
        errors.update(unfit)
    return fields, errors


# What the API shows and does not take; it may come back in a contact that was read and changed.
READ_ONLY = frozenset({"id", "created_at", "updated_at"})


def _text(value: Any, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValidationError("This is not a text.")
    if problem := text_problem(value, longest):
        raise ValidationError(problem)
    # Some systems write é as two characters.
    return (value if value.isascii() else unicodedata.normalize("NFC", value)).strip()


def _email(value: Any, country: str) -> str | None:
    if type(value) is str and len(value) <= 254 and _LOWER_EMAIL.fullmatch(value):
        return value
    email = _text(value, 254).strip(_UNSEEN)
    if not email:
        return None
    # The database and Python fold letters outside ASCII differently, so those are kept folded, and in the one way in
    # which domains write them: what only looks different is the same address.
    if not email.isascii():
        email = unicodedata.normalize("NFKC", email).lower()
        if any(unicodedata.category(letter) == "Cf" for letter in email):
            raise ValidationError(f"“{email[:100]}” is not an email address: it holds letters that nobody sees.")
    if not _PLAIN_EMAIL.fullmatch(email):
        _valid_email(email)
    if not email.isascii():
        return email
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain.lower()}"


def _phone(value: Any, country: str) -> str | None:
    phone = _text(value, 40)
    return phones.clean(phone, country) if phone else None


def _external_id(value: Any, country: str) -> str | None:
    # Programs often number their customers.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        value = str(value)
    return _text(value, 200) or None


def _name(value: Any, country: str) -> str:
    return _text(value, 200)


def _timezone(value: Any, country: str) -> str:
    zone = _text(value, 64)
    if zone:
        zones.validate_zone(zone)
    return zone


def _language(value: Any, country: str) -> str:
    language = _text(value, 16)
    if language and not _LANGUAGE.fullmatch(language):
        raise ValidationError(f"“{language}” is not a language code, such as en or pt-BR.")
    return language.replace("_", "-")


def _attributes(value: Any, country: str) -> dict[str, Any]:
    if value is None:
        return {}
    problem = object_problem(value)
    if problem:
        raise ValidationError(problem)
    for key in value:
        if key not in _known_keys:
            validate_attribute_key(key)
            if len(_known_keys) < 10_000:
                _known_keys.add(key)
    return dict(value)


def validate_attribute_key(key: str) -> None:
    if not _ATTRIBUTE.fullmatch(key):
        raise ValidationError(
            f"“{key[:100]}” cannot name an attribute: start with a letter, then letters, digits, - and _ only."
        )


def _tags(value: Any, country: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValidationError("Tags are a list of names.")
    if len(value) > MOST_TAGS:
        raise ValidationError(f"A contact takes at most {MOST_TAGS} tags at once.")
    problem = next((text_problem(name) for name in value if isinstance(name, str) and text_problem(name)), "")
    if problem:
        raise ValidationError(problem)
    return list({name.lower(): name for name in map(tagging.clean_name, value)}.values())


def _consent(value: Any, country: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValidationError("Consent is an object of channels, such as {“email”: “subscribed”}.")
    for channel, state in value.items():
        if channel not in ADDRESSES:
            raise ValidationError(f"“{str(channel)[:40]}” is not a channel: {' or '.join(ADDRESSES)}.")
        if not isinstance(state, str) or state not in SAYABLE:
            raise ValidationError(f"Consent to {channel} is one of {', '.join(SAYABLE)}.")
    return dict(value)


_CLEANERS: dict[str, Callable[[Any, str], Any]] = {
    "email": _email,
    "phone": _phone,
    "external_id": _external_id,
    "first_name": _name,
    "last_name": _name,
    "timezone": _timezone,
    "language": _language,
    "attributes": _attributes,
    "tags": _tags,
    "consent": _consent,
    "topics": lambda value, country: topic_consent.clean(value),
}


def clean_field(name: str, value: Any, country: str = "") -> Any:
    """One field, as `clean` does it; raises ValidationError."""
    return _CLEANERS[name](value, country)
