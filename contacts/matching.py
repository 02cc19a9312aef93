"""Finds the contacts that programs mean by an id, an email, a phone or an external id."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection

from contacts.cleaning import IDENTIFIERS, Errors, clean
from contacts.models import Merge

LARGEST_ID = 2**63 - 1


def find(references: Sequence[Any]) -> tuple[list[int], list[dict[str, Any]]]:
    """The ids of the contacts meant, and `{"index", "errors"}` for each reference that leads to nobody."""
    found: list[int] = []
    failed: list[dict[str, Any]] = []
    for index, answer in enumerate(resolve(references)):
        if isinstance(answer, int):
            found.append(answer)
        else:
            failed.append({"index": index, "errors": answer})
    return found, failed


def resolve(references: Sequence[Any]) -> list[int | Errors]:
    """For each reference, such as {"email": …} or a bare id, the contact's id, or what is wrong. One query."""
    read = [_read(reference) for reference in references]
    keys = {
        name: list({fields[name] for fields in read if isinstance(fields, dict) and name in fields})
        for name in ("id", *IDENTIFIERS)
    }
    by: dict[tuple[str, Any], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, external_id, lower(email), phone FROM contacts_contact
            WHERE (id = ANY(%s::bigint[]) OR lower(email) = ANY(%s) OR phone = ANY(%s) OR external_id = ANY(%s))
            AND erased_at IS NULL
            """,
            [keys["id"], keys["email"], keys["phone"], keys["external_id"]],
        )
        found = cursor.fetchall()
        lost = list(set(keys["id"]) - {pk for pk, *_values in found})
        if lost:
            by |= _successors(lost)
        for pk, *values in found:
            by[("id", pk)] = pk
            by.update({(name, value): pk for name, value in zip(IDENTIFIERS, values, strict=True) if value})
    return [_answer(fields, by) for fields in read]


def _successors(ids: list[int]) -> dict[tuple[str, Any], int]:
    """The ids of contacts who were merged lead to whom they were merged into."""
    rows = Merge.objects.filter(gone_id__in=ids, kept__erased_at=None).values_list("gone_id", "kept_id")
    return {("id", gone): kept for gone, kept in rows}


def _read(reference: Any) -> dict[str, Any] | ValidationError:
    """The keys of a reference as they stand in the database."""
    if isinstance(reference, int) and not isinstance(reference, bool):
        reference = {"id": reference}
    if not isinstance(reference, Mapping):
        return ValidationError({"contact": ["Name the contact by id, email, phone or external_id."]})
    given = {name: reference[name] for name in IDENTIFIERS if reference.get(name) is not None}
    fields, errors = clean(given)
    fields = {name: value.lower() if name == "email" else value for name, value in fields.items() if value}
    pk = reference.get("id")
    if pk is not None:
        if isinstance(pk, bool) or not isinstance(pk, int) or not 0 < pk <= LARGEST_ID:
            errors["id"] = ["This is not the id of a contact."]
        else:
            fields["id"] = pk
    if errors:
        return ValidationError(errors)
    if not fields:
        return ValidationError({"contact": ["Name the contact by id, email, phone or external_id."]})
    return fields


def _answer(fields: dict[str, Any] | ValidationError, by: dict[tuple[str, Any], int]) -> int | Errors:
    if isinstance(fields, ValidationError):
        return fields.message_dict
    found = {by[key] for key in fields.items() if key in by}
    if len(found) == 1:
        return found.pop()
    sentence = "These belong to different contacts." if found else "There is no such contact."
    return {"contact": [sentence]}
