"""Works out, in memory, whom a row of fields is about and what it changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contacts.cleaning import IDENTIFIERS, Errors, Fields
from contacts.contact_zones import zone_from_phone
from contacts.models import ConsentState

UNKNOWN, UNSUBSCRIBED = ConsentState.UNKNOWN.value, ConsentState.UNSUBSCRIBED.value
PENDING, SUBSCRIBED = ConsentState.PENDING.value, ConsentState.SUBSCRIBED.value
# What every contact has, and what people call it.
LABELS = {
    "email": "Email",
    "phone": "Phone",
    "external_id": "External id",
    "first_name": "First name",
    "last_name": "Last name",
    "timezone": "Time zone",
    "language": "Language",
}
TEXTS = tuple(LABELS)
_WORDS = {"email": "email address", "phone": "phone number", "external_id": "external id"}


@dataclass(frozen=True, slots=True)
class May:
    """How far rows may widen consent: `subscribe` turns what is no subscription into one, `resubscribe` changes what
    those said who unsubscribed, or who were asked and have not confirmed. To narrow it is always allowed."""

    subscribe: bool = True
    resubscribe: bool = True

    def turn(self, had: str, state: str) -> bool:
        if had in (UNSUBSCRIBED, PENDING) and not self.resubscribe:
            return False
        return self.subscribe or state != SUBSCRIBED


ALL = May()


class Refused(Exception):
    """A row that cannot be saved; `errors` says why, by field."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(slots=True, eq=False)
class Profile:
    """One contact while changes are applied to it. `id` is None until it is written for the first time."""

    id: int | None = None
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    first_name: str = ""
    last_name: str = ""
    timezone: str = ""
    language: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)  # in lower case
    consent: dict[str, str] = field(default_factory=dict)
    # What is to be written: names as in `contact.updated`, tags as they were spelled, and states.
    changed: set[str] = field(default_factory=set)
    new_tags: list[str] = field(default_factory=list)
    new_consent: dict[str, str] = field(default_factory=dict)
    # What stood there before the first of these changes, by the same names.
    before: dict[str, Any] = field(default_factory=dict)

    def apply(self, fields: Fields, may: May = ALL, replace_attributes: bool = False) -> bool:
        """Take over the given fields and say whether that changed anything.

        Attributes are merged, and one that is None is removed; tags are added; consent is changed for the channels
        named, as far as `may` allows.
        """
        before = len(self.changed), len(self.new_tags)
        rewritten = False
        for name in TEXTS:
            if name in fields and fields[name] != getattr(self, name):
                self.before.setdefault(name, getattr(self, name))
                setattr(self, name, fields[name])
                rewritten = True
                self.changed.add(name)
        if self.phone and not self.timezone and "phone" in self.changed and not fields.get("timezone"):
            self.timezone = zone_from_phone(self.phone)
        if "attributes" in fields:
            rewritten = self._set_attributes(fields["attributes"], replace_attributes) or rewritten
        for tag in fields.get("tags", ()):
            if tag.lower() not in self.tags:
                self.tags.add(tag.lower())
                self.new_tags.append(tag)
        for channel, state in fields.get("consent", {}).items():
            had = self.consent.get(channel, UNKNOWN)
            if had != state and may.turn(had, state):
                self.before.setdefault(f"consent.{channel}", had)
                self.consent[channel] = self.new_consent[channel] = state
                self.changed.add(f"consent.{channel}")
                rewritten = True
        return rewritten or (len(self.changed), len(self.new_tags)) != before

    def _set_attributes(self, given: Mapping[str, Any], replace: bool) -> bool:
        wanted = dict(given) if replace else {**self.attributes, **given}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        names = set()
        for key in {**self.attributes, **wanted}:
            if not _same(self.attributes.get(key), wanted.get(key)):
                names.add(f"attributes.{key}")
                self.before.setdefault(f"attributes.{key}", self.attributes.get(key))
        self.attributes = wanted
        self.changed |= names
        return bool(names)

    def settle(self) -> bool:
        """Forget what later rows changed back, and say whether anything is left.

        A file may say two things of one contact; sent again, it has to end where it ended before, and tell nothing.
        """
        for name in [name for name in self.changed if _same(self._now(name), self.before.get(name))]:
            self.changed.discard(name)
            self.new_consent.pop(name.removeprefix("consent."), None)
        return bool(self.changed or self.new_tags)

    def _now(self, name: str) -> Any:
        kind, _, key = name.partition(".")
        if kind == "attributes":
            return self.attributes.get(key)
        return self.consent.get(key) if kind == "consent" else getattr(self, name)

    @property
    def identified(self) -> bool:
        return any(getattr(self, name) for name in IDENTIFIERS)


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values; Python alone takes true and 1 for the same."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


class Book:
    """The profiles that the rows of a batch may be about, by identifier; profiles made by earlier rows included.

    A row's strongest identifier that is known says whom it is about: the external id, else the email, else the phone.
    It may change that contact's weaker identifiers, never a stronger one: two people may share a switchboard's number,
    and neither must overwrite the other.
    """

    def __init__(self, known: Iterable[Profile]) -> None:
        self._found: dict[str, dict[str, Profile]] = {name: {} for name in IDENTIFIERS}
        for profile in known:
            self._enter(profile)

    def place(self, fields: Fields) -> Profile:
        """The profile that a row is about, a fresh one if nobody is known by its identifiers; raises Refused."""
        target: Profile | None = None
        by = ""
        for name in IDENTIFIERS:
            value = fields.get(name)
            profile = self._found[name].get(value.lower() if name == "email" else value) if value else None
            if profile is None:
                continue
            if _key(profile, name) != (value.lower() if name == "email" else value):
                # Rows are written together, so an identifier is only free for others once that has been done.
                raise Refused({name: [f"This {_WORDS[name]} was given up by another contact just now. Send it again."]})
            if target is None:
                target, by = profile, name
            elif profile is not target:
                sentence = f"This {_WORDS[name]} belongs to another contact than the {_WORDS[by]} does."
                raise Refused({name: [sentence]})
        if target is None:
            return Profile()
        for stronger in IDENTIFIERS[: IDENTIFIERS.index(by)]:
            if fields.get(stronger) and getattr(target, stronger):
                raise Refused({by: [f"This {_WORDS[by]} belongs to a contact with another {_WORDS[stronger]}."]})
        return target

    def apply(self, profile: Profile, fields: Fields, may: May = ALL) -> bool:
        changed = profile.apply(fields, may)
        if changed:
            self._enter(profile)
        return changed

    def _enter(self, profile: Profile) -> None:
        for name in IDENTIFIERS:
            key = _key(profile, name)
            if key:
                self._found[name][key] = profile


def _key(profile: Profile, name: str) -> str:
    value = getattr(profile, name) or ""
    return value.lower() if name == "email" else value
