"""Creates, changes and deletes contacts, one or thousands at a time, and records that on their timelines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

import psycopg.errors
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from contacts import merging, profile_rows, tagging, topic_consent
from contacts.attributes.defining import needed_by
from contacts.cleaning import IDENTIFIERS, Errors, Fields, clean
from contacts.consent import NO_PROOF, Proof
from contacts.models import Contact
from contacts.people import barring
from contacts.profiles import ALL, TEXTS, Book, May, Profile, Refused
from contacts.remembering import remembering

ATTEMPTS = 10
UNIDENTIFIED = "A contact needs an email, a phone or an external_id."

_UNIQUE = {
    "contact_email_unique": ("email", "A contact with this email address exists already."),
    "contact_phone_unique": ("phone", "A contact with this phone number exists already."),
    "contact_external_id_unique": ("external_id", "A contact with this external id exists already."),
}

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was not saved: its place in the batch, and why, by field."""

    index: int
    errors: Errors


@dataclass(slots=True)
class UpsertResult:
    """What became of each row. `ids` has one place per row: its contact, or None where the row failed; `same` are the
    places of the rows that changed nothing."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: list[Failure] = field(default_factory=list)
    ids: list[int | None] = field(default_factory=list)
    same: list[int] = field(default_factory=list)


def create(given: Any, now: datetime, source: str = "", proof: Proof = NO_PROOF) -> Contact:
    """A new contact from the API's fields. Raises ValidationError by field, also where somebody has its identifiers."""
    fields = _cleaned(given)
    profile = Profile()
    profile.apply(fields)
    _identified(profile)
    with transaction.atomic():
        _written(profile, now, source, proof)
        topic_consent.keep([(profile.id or 0, fields.get("topics") or {})], source, now, proof)
    return Contact.objects.get(pk=profile.id)


def update(
    contact: Contact, given: Any, now: datetime, source: str = "", replace: bool = False, proof: Proof = NO_PROOF
) -> Contact:
    """Change the fields given. Raises ValidationError by field, and Contact.DoesNotExist for a contact who is gone.

    Attributes are merged (null removes one), tags become exactly the list given, consent changes for the
    channels given, also that to topics.
    With `replace` the attributes become exactly those given, and texts left out are emptied.
    """
    fields = _cleaned(given)
    if replace:
        blank: Fields = {name: None if name in IDENTIFIERS else "" for name in TEXTS}
        fields = {**blank, "attributes": {}, **fields}
    with transaction.atomic():
        profile = profile_rows.known(contact.pk)
        if profile is None:
            raise Contact.DoesNotExist
        surplus = profile.tags - {name.lower() for name in fields["tags"]} if "tags" in fields else set()
        profile.apply(fields, replace_attributes=replace)
        _identified(profile)
        _written(profile, now, source, proof)
        tagging.remove([contact.pk], surplus, now, source)
        topic_consent.keep([(contact.pk, fields.get("topics") or {})], source, now, proof)
    return Contact.objects.get(pk=contact.pk)


def upsert(
    rows: Sequence[Any],
    now: datetime,
    source: str = "",
    country: str = "",
    proof: Proof = NO_PROOF,
    refuse: Callable[[Any], Errors] | None = None,
) -> UpsertResult:
    """Update or create a contact from each row, as if one after the other; bad rows do not stop the others.

    Whom a row is about is said by `contacts.profiles.Book`. Empty identifiers are ignored, other fields given are set,
    attributes merged, tags added. `country` reads phone numbers written without one.
    Rows that change nothing write nothing and record nothing. What else is wrong with a row `refuse` says.
    """
    good: list[Fields] = []
    places: list[int] = []
    failed: list[Failure] = []
    defined = needed_by(rows)
    with remembering():  # which topics there are
        cleaned = [clean(row, country, defined) for row in rows]
        also = [refuse(row) for row in rows] if refuse else [{}] * len(rows)
    for index, ((fields, errors), more) in enumerate(zip(cleaned, also, strict=True)):
        errors |= more
        fields = {name: value for name, value in fields.items() if value is not None}
        if not errors and not any(name in fields for name in IDENTIFIERS):
            errors = {"detail": [UNIDENTIFIED]}
        if errors:
            failed.append(Failure(index, errors))
        else:
            good.append(fields)
            places.append(index)
    result = save(merging.batch_of(good), now, origin_of(source), proof=proof)
    said = zip(result.ids, good, strict=True)
    topic_consent.keep([(pk, row["topics"]) for pk, row in said if pk and "topics" in row], source, now, proof)
    ids: list[int | None] = [None] * len(rows)
    for index, contact_id in zip(places, result.ids, strict=True):
        ids[index] = contact_id
    failed += [Failure(places[failure.index], failure.errors) for failure in result.failed]
    result.ids, result.failed = ids, sorted(failed, key=lambda failure: failure.index)
    return result


def origin_of(source: str) -> dict[str, Any]:
    """What events say about where they come from."""
    return {"source": source} if source else {}


def save(
    batch: merging.Batch,
    now: datetime,
    origin: Mapping[str, Any] = MappingProxyType({}),
    may: May = ALL,
    proof: Proof = NO_PROOF,
    only_new: bool = False,
) -> UpsertResult:
    """Update or create a contact from each row of a batch of clean rows, as `upsert` does; `may` says how far consent
    may be widened.

    With `only_new` all rows must be about contacts who are not there yet, else merging.Known is raised.
    """
    barred = barring.of_columns(batch.columns)
    if barred:
        batch = replace(batch, apart=batch.apart | barred.keys())

    def attempt() -> UpsertResult:
        merged = merging.merge(batch, now, origin, may, proof, only_new)
        rows = {place: batch.fields(place) for place in merged.doubtful if place not in barred}
        result = UpsertResult(merged.created, merged.updated, len(merged.ids) - merged.created - merged.updated)
        result.failed = [Failure(place, {name: [barring.SENTENCE]}) for place, name in barred.items()]
        book = Book(profile_rows.known_by(list(rows.values()))) if rows else Book([])
        placed: dict[int, Profile] = {}
        changing: list[tuple[int, Profile]] = []
        result.same = merged.same
        for place, fields in rows.items():
            try:
                profile = book.place(fields)
            except Refused as refused:
                result.failed.append(Failure(place, refused.errors))
                continue
            fresh = profile.id is None and not profile.identified
            changed = book.apply(profile, fields, may)
            placed[place] = profile
            result.created += fresh
            result.unchanged += not changed
            if not changed:
                result.same.append(place)
            if changed and not fresh:
                changing.append((place, profile))
        lasting = {profile: profile.id is None or profile.settle() for _, profile in changing}
        idle = [place for place, profile in changing if not lasting[profile]]
        result.updated += len(changing) - len(idle)
        result.unchanged += len(idle)
        result.same += idle
        profile_rows.write(dict.fromkeys(placed.values()), now, origin, may, proof)
        ids = merged.ids | {place: profile.id for place, profile in placed.items()}
        result.ids = [ids.get(place) for place in range(batch.size)]
        return result

    return retried(attempt)


def delete(contact_ids: Sequence[int]) -> int:
    """Delete contacts with everything about them; returns how many there were."""

    def attempt() -> int:
        there = Contact.objects.filter(pk__in=list(contact_ids))
        # In the order in which everybody locks them, and before anything that hangs on them.
        list(there.order_by("pk").select_for_update().values_list("pk"))
        return there.delete()[1].get("contacts.Contact", 0)

    return retried(attempt)


def _cleaned(given: Any) -> Fields:
    fields, errors = clean(given, defined=needed_by([given]))
    errors = errors or {name: [barring.SENTENCE] for name in barring.barred_in(fields)}
    if errors:
        raise ValidationError(errors)
    return fields


def _identified(profile: Profile) -> None:
    if not profile.identified:
        raise ValidationError({"detail": [UNIDENTIFIED]})


def _written(profile: Profile, now: datetime, source: str, proof: Proof) -> None:
    try:
        with transaction.atomic():
            profile_rows.write([profile], now, origin_of(source), proof=proof)
    except DatabaseError as error:
        constraint = error.__cause__.diag.constraint_name if isinstance(error.__cause__, psycopg.Error) else None
        if constraint not in _UNIQUE:
            raise
        name, sentence = _UNIQUE[constraint]
        raise ValidationError({name: [sentence]}) from error


def retried(attempt: Callable[[], Made]) -> Made:
    """Write in one transaction, and once more from the start where somebody else was quicker or stood in the way."""
    passing: tuple[type[Exception], ...] = (psycopg.errors.UniqueViolation,)
    if not connection.in_atomic_block:  # whose locks would stay, and so would the deadlock
        passing = (*passing, psycopg.errors.DeadlockDetected)
    attempts = 1
    while True:
        try:
            with transaction.atomic():
                return attempt()
        except DatabaseError as error:
            if not isinstance(error.__cause__, passing) or attempts == ATTEMPTS:
                raise
            attempts += 1
