"""What can be done to many contacts at once: checked when it is asked for, and done slice by slice.

Each action takes a fixed number of statements per slice, and records events as a single edit does.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from contacts import consent, saving, tagging, timeline
from contacts.attributes import attributing, showing
from contacts.attributes.defining import definitions
from contacts.cleaning import clean_field, validate_attribute_key
from contacts.json_limits import text_problem
from contacts.models import BulkEdit, ConsentState
from contacts.models.consent import SAYABLE, Channel
from contacts.people import erasing

Action = BulkEdit.Action
Values = Mapping[str, Any]
# Deleting takes a trigger's statements for each contact, and erasing looks through what everybody wrote.
SLICE, HEAVY_SLICE = 2_000, 250
HEAVY = (Action.DELETE, Action.ERASE)
# What cannot be undone is confirmed by typing how many it is, from so many on.
TYPED_FROM = 10
PERMISSIONS = {Action.DELETE: "contacts.delete_contact", Action.ERASE: "contacts.erase_contact"}
NO_VALUE = "Give the value, or clear the attribute instead."
BASIS = "Say on what basis they may be written to: this widens what they said."


def slice_of(action: str) -> int:
    return HEAVY_SLICE if action in HEAVY else SLICE


def attributes(edit: BulkEdit) -> list[str] | None:
    """Those that it changes; None for all of them."""
    return None if edit.action in HEAVY else [edit.values["key"]] if "key" in edit.values else []


def permission(action: str) -> str:
    return PERMISSIONS.get(Action(action), "contacts.change_contact")


def cleaned(action: str, given: Values) -> dict[str, Any]:
    """The values of an action as they are kept. Raises ValidationError by name."""
    if action in (Action.ADD_TAG, Action.REMOVE_TAG):
        return {"tags": _tags(given.get("tags"))}
    if action == Action.SET_CONSENT:
        return _consent(given)
    if action == Action.SET_ATTRIBUTE:
        key = _key(given.get("key"))
        value = given.get("value")
        if value is None or value == "":
            raise ValidationError({"value": [NO_VALUE]})
        try:
            kept, errors = definitions().check(clean_field("attributes", {key: value}))
        except ValidationError as error:
            raise ValidationError({"value": error.messages}) from None
        if errors or kept[key] is None:
            raise ValidationError({"value": next(iter(errors.values()), [NO_VALUE])})
        return {"key": key, "value": kept[key]}
    if action == Action.CLEAR_ATTRIBUTE:
        return {"key": _key(given.get("key"))}
    if action == Action.ERASE:
        bar = given.get("bar", True)
        if not isinstance(bar, bool):
            raise ValidationError({"bar": ["This is true or false."]})
        return {"bar": bar}
    if action == Action.DELETE:
        return {}
    raise ValidationError({"action": [f"An action is one of {', '.join(Action.values)}."]})


def _tags(given: Any) -> list[str]:
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not any(names):
        raise ValidationError({"tags": ["Name at least one tag."]})
    try:
        tags = list(dict.fromkeys(tagging.clean_name(name) for name in names if name != ""))
    except ValidationError as error:
        raise ValidationError({"tags": error.messages}) from None
    if len(tags) > 20:
        raise ValidationError({"tags": ["Name at most 20 tags at once."]})
    return tags


def _consent(given: Values) -> dict[str, Any]:
    channel, state, basis = given.get("channel"), given.get("state"), given.get("basis") or ""
    if channel not in Channel.values:
        raise ValidationError({"channel": [f"A channel is one of {', '.join(Channel.values)}."]})
    if state not in SAYABLE:
        raise ValidationError({"state": [f"Consent is one of {', '.join(SAYABLE)}."]})
    if not isinstance(basis, str) or (problem := text_problem(basis, 120)):
        raise ValidationError({"basis": [problem if isinstance(basis, str) else "This is not a text."]})
    basis = " ".join(basis.split())
    # “Unknown” widens what somebody who unsubscribed has said as well: they may be written to again.
    if state != ConsentState.UNSUBSCRIBED and not basis:
        raise ValidationError({"basis": [BASIS]})
    return {"channel": channel, "state": state, "basis": basis}


def _key(given: Any) -> str:
    try:
        if not isinstance(given, str):
            raise ValidationError("Name the attribute.")
        validate_attribute_key(given.strip())
    except ValidationError as error:
        raise ValidationError({"key": error.messages}) from None
    return given.strip()


def sentence(action: str, values: Values) -> str:
    """What is done, as the beginning of a sentence that goes on with to whom."""
    if action in (Action.ADD_TAG, Action.REMOVE_TAG):
        tags = ", ".join(f"“{name}”" for name in values["tags"])
        word = "tag" if len(values["tags"]) == 1 else "tags"
        return f"Add the {word} {tags} to" if action == Action.ADD_TAG else f"Take the {word} {tags} off"
    if action == Action.SET_CONSENT:
        channel = Channel(values["channel"]).label
        return f"Set {channel} consent to “{ConsentState(values['state']).label.lower()}” for"
    if action == Action.SET_ATTRIBUTE:
        return f"Set “{values['key']}” to “{shown(values['value'])}” for"
    if action == Action.CLEAR_ATTRIBUTE:
        return f"Clear “{values['key']}” of"
    return "Delete" if action == Action.DELETE else "Erase"


def shown(value: Any) -> str:
    return showing.text(value)[:100]


def do(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    """Do it to these contacts, in the order of their ids; returns how many were not so already."""
    return _DO[Action(edit.action)](edit, ids, now)


def _add_tags(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    return tagging.add(ids, edit.values["tags"], now, edit.source)


def _remove_tags(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    return tagging.remove(ids, edit.values["tags"], now, edit.source)


def _set_consent(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    channel, state, basis = (edit.values[name] for name in ("channel", "state", "basis"))
    source = f"{edit.source}: {basis}" if basis else edit.source
    proof = consent.Proof(edit.source, {"basis": basis} if basis else None)
    changed = consent.set_state(ids, channel, state, source, now, proof)
    told = {"changed": [f"consent.{channel}"], "source": source}
    timeline.record_for(sorted(changed), "contact.updated", told, now)
    return len(changed)


def _set_attribute(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    return attributing.change(ids, {edit.values["key"]: edit.values["value"]}, [], now, edit.source)


def _clear_attribute(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    return attributing.change(ids, {}, [edit.values["key"]], now, edit.source)


def _delete(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    return saving.delete(ids)


def _erase(edit: BulkEdit, ids: Sequence[int], now: datetime) -> int:
    return erasing.erase(ids, now, edit.source, edit.created_by, edit.values.get("bar", True))


_DO: dict[str, Callable[[BulkEdit, Sequence[int], datetime], int]] = {
    Action.ADD_TAG: _add_tags,
    Action.REMOVE_TAG: _remove_tags,
    Action.SET_CONSENT: _set_consent,
    Action.SET_ATTRIBUTE: _set_attribute,
    Action.CLEAR_ATTRIBUTE: _clear_attribute,
    Action.DELETE: _delete,
    Action.ERASE: _erase,
}
