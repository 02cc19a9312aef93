"""Defines attributes, changes and moves definitions, and gives them up; what that means for values follows later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max

from contacts.attributes.sweeping import Kind, begin
from contacts.attributes.types import TYPES
from contacts.cleaning import validate_attribute_key
from contacts.json_limits import MOST_KEYS, text_problem
from contacts.models import Attribute, AttributeSweep
from contacts.segments.rules.attribute import FIELDS

MOST = MOST_KEYS  # so many a contact can have
MOST_CHOICES = 500
LONGEST_CHOICE = 200
# Contacts have these by themselves, or rules and templates would take them for something else.
RESERVED = {*FIELDS, "id", "name", "attributes", "tags", "consent"}
_TAKEN = "There is an attribute “{}” already."


def save(row: Attribute, given: Mapping[str, Any], now: datetime) -> Attribute:
    """Define an attribute, or change a definition, by the fields given: name (only of a new one), label, description,
    type, choices. Raises ValidationError by field.

    Values that do not fit any more stay as they are; how many there are is counted in the background.
    """
    was = (row.type, list(row.choices)) if row.pk else None
    _clean_into(row, given)
    if was is None:
        row.position = (Attribute.objects.aggregate(last=Max("position"))["last"] or 0) + 1
        row.created_at = now
    try:
        with transaction.atomic():
            fields = list(_CLEANERS)
            if was != (row.type, row.choices):
                row.unfit = row.convertible = row.counted_at = None
                fields += ["unfit", "convertible", "counted_at"]
                begin(row.name, Kind.COUNT, now)  # first, for a worker locks its pass before the definition too
            row.save(update_fields=fields if was else None)
    except IntegrityError:
        raise ValidationError({"name": [_TAKEN.format(row.name)]}) from None
    return row


def _clean_into(row: Attribute, given: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    for name, clean in _CLEANERS.items():
        try:
            if name in given or row.pk is None:
                setattr(row, name, clean(row, given.get(name)))
        except ValidationError as error:
            errors[name] = error.messages
    if not errors and not TYPES[row.type].has_choices:
        row.choices = []
    if not errors and row.type == Attribute.Type.CHOICE and not row.choices:
        errors["choices"] = ["Give at least one choice."]
    if errors:
        raise ValidationError(errors)


def narrows(row: Attribute, given: Mapping[str, Any]) -> bool:
    """Whether a change leaves values behind that do not fit: another type, or choices that are gone."""
    if row.pk is None:
        return False
    if given.get("type", row.type) != row.type:
        return True
    choices = given.get("choices", row.choices) or []
    if row.type == Attribute.Type.LIST and not row.choices:
        return bool(choices)
    return bool(choices or row.type == Attribute.Type.CHOICE) and not set(row.choices) <= set(choices)


def delete(row: Attribute, now: datetime, remove_values: bool = False, source: str = "") -> None:
    """Give up a definition. The values stay, as those of a free attribute, or are removed in the background."""
    with transaction.atomic():
        AttributeSweep.objects.filter(name=row.name).delete()
        row.delete()
        if remove_values:
            begin(row.name, Kind.REMOVE, now, source)


def convert(row: Attribute, now: datetime, source: str = "") -> None:
    """Make the values fit that can be made to, in the background."""
    with transaction.atomic():
        begin(row.name, Kind.CONVERT, now, source)


def move(row: Attribute, up: bool) -> bool:
    """Put an attribute one place up or down; False where it stands at that end already."""
    with transaction.atomic():
        rows = list(Attribute.objects.select_for_update().order_by("position", "id"))
        place = next((place for place, other in enumerate(rows) if other.pk == row.pk), -1)
        other = place - 1 if up else place + 1
        if place < 0 or not 0 <= other < len(rows):
            return False
        rows[place], rows[other] = rows[other], rows[place]
        for position, moved in enumerate(rows, start=1):
            moved.position = position
        Attribute.objects.bulk_update(rows, ["position"])
    return True


def _name(row: Attribute, given: Any) -> str:
    if row.pk is not None:
        if given != row.name:
            raise ValidationError("The name cannot change: rules, templates and programs know the attribute by it.")
        return row.name
    name = given.strip() if isinstance(given, str) else ""
    if not name:
        raise ValidationError("An attribute needs a name.")
    validate_attribute_key(name)
    if name.lower() in RESERVED:
        raise ValidationError(f"“{name}” is what every contact has already. Take another name.")
    if Attribute.objects.filter(name__iexact=name).exists():
        raise ValidationError(_TAKEN.format(name))
    if AttributeSweep.objects.filter(name=name, kind=Kind.REMOVE).exists():
        raise ValidationError(f"The values of the former “{name}” are still being removed. Try again in a moment.")
    if Attribute.objects.count() >= MOST:
        raise ValidationError(f"There are {MOST} attributes already, and a contact can have no more.")
    return name


def _label(row: Attribute, given: Any) -> str:
    label = _line(given, 100)
    # What nobody gave a label is called by its name, without what only programs need.
    return label or row.name.replace("_", " ").strip().capitalize() or row.name


def _description(row: Attribute, given: Any) -> str:
    return _line(given, 500)


def _type(row: Attribute, given: Any) -> str:
    if not isinstance(given, str) or given not in TYPES:
        raise ValidationError(f"An attribute’s type is one of {', '.join(TYPES)}.")
    return given


def _choices(row: Attribute, given: Any) -> list[str]:
    if not given:
        return []
    if not isinstance(given, list) or not all(isinstance(choice, str) for choice in given):
        raise ValidationError("Choices are a list of texts.")
    choices = [choice for choice in (_line(choice, LONGEST_CHOICE) for choice in given) if choice]
    if len(choices) > MOST_CHOICES:
        raise ValidationError(f"Give at most {MOST_CHOICES} choices; these are {len(choices):,}.")
    seen: set[str] = set()
    for choice in choices:
        if choice.casefold() in seen:
            raise ValidationError(f"“{choice}” is there twice.")
        seen.add(choice.casefold())
    return choices


def _line(given: Any, longest: int) -> str:
    """A text of one line, without stray blanks."""
    if given is None:
        return ""
    if not isinstance(given, str):
        raise ValidationError("This is not a text.")
    text = " ".join(given.split())
    if problem := text_problem(text, longest):
        raise ValidationError(problem)
    if not text.isprintable():
        raise ValidationError("This holds a control character.")
    return text


_CLEANERS = {"name": _name, "label": _label, "description": _description, "type": _type, "choices": _choices}
