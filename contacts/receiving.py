"""Takes in events that programs report about contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from contacts import timeline
from contacts.cleaning import Errors
from contacts.json_limits import object_problem, text_problem
from contacts.matching import resolve
from contacts.saving import Failure
from contacts.timeline import NewEvent

FIELDS = {"contact", "name", "properties", "at", "key"}


@dataclass(slots=True)
class Received:
    accepted: int = 0
    duplicates: int = 0
    failed: list[Failure] = field(default_factory=list)


def receive(given: Sequence[Any], now: datetime) -> Received:
    """Record events in the API's shape: good ones are kept though bad ones fail. Two statements for any number."""
    contacts = resolve([event.get("contact") if isinstance(event, Mapping) else None for event in given])
    received = Received()
    good: list[NewEvent] = []
    for index, (event, contact) in enumerate(zip(given, contacts, strict=True)):
        errors = _problems(event)
        if isinstance(contact, int) and not errors:
            at = _moment(event["at"]) if event.get("at") is not None else now
            new = NewEvent(contact, event["name"].strip(), event.get("properties") or {}, at, _key(event) or None)
            good.append(new)
        else:
            received.failed.append(Failure(index, errors if isinstance(contact, int) else {**errors, **contact}))
    recorded = timeline.record(good, now)
    # Contacts deleted in the very moment between the look-up and here count as accepted: they were there when asked.
    received.accepted, received.duplicates = recorded.recorded + recorded.gone, recorded.duplicates
    return received


def _problems(event: Any) -> Errors:
    if not isinstance(event, Mapping):
        return {"detail": ["An event is an object with a contact and a name."]}
    errors: Errors = {
        str(name)[:100]: ["Events have no such field. Put your own under “properties”."]
        for name in event.keys() - FIELDS
    }
    name, key, properties = event.get("name"), _key(event), event.get("properties")
    if not isinstance(name, str) or not name.strip():
        errors["name"] = ["An event needs a name, such as order.placed."]
    elif text_problem(name, 100) or not name.strip().isprintable():
        errors["name"] = [text_problem(name, 100) or "A name cannot hold control characters."]
    if key is not None and (not isinstance(key, str) or text_problem(key, 200)):
        errors["key"] = [text_problem(key, 200) if isinstance(key, str) else "This is not a text."]
    if properties is not None and (problem := object_problem(properties)):
        errors["properties"] = [problem]
    if event.get("at") is not None and _moment(event["at"]) is None:
        errors["at"] = ["This is not a date and time, as in 2026-03-10T09:00:00Z, between 1970 and 2200."]
    return errors


def _key(event: Mapping[str, Any]) -> Any:
    """An event's key; orders and payments often have numbers."""
    key = event.get("key")
    return str(key) if isinstance(key, int) and not isinstance(key, bool) else key


def _moment(value: Any) -> datetime | None:
    """A moment in ISO 8601, in UTC where it names no offset; None when it is none, or beyond any calendar."""
    try:
        at = parse_datetime(value) if isinstance(value, str) and len(value) < 50 else None
    except ValueError:
        return None
    if at is None or not 1970 <= at.year <= 2200:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
