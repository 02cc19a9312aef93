"""Action: sets attributes of contacts, and removes them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from contacts.attributes import attributing
from contacts.attributes.defining import Definitions, definitions
from contacts.cleaning import validate_attribute_key
from contacts.json_limits import text_problem, value_problem
from contacts.models import Contact, Event
from flows.nodes._fields import ListField, listed
from flows.nodes._form import NodeForm
from flows.nodes._rows import Column, RowsField, RowsWidget
from flows.nodes.base import Batch, Do, Group, Node, Outcome
from templates_app import rendering

MOST = 50
LONGEST = 1_000  # of a text in the dialog, before it is filled in
KINDS = {"text": "Text", "number": "Number", "truth": "Yes or no"}
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}


class AttributesField(RowsField):
    """{name: text, number or truth}; in the dialog, rows of a name, what kind of value it is, and the value."""

    widget = RowsWidget(
        [
            Column("name", "Attribute", forms.TextInput(attrs={"maxlength": 100, "placeholder": "Attribute"})),
            Column("kind", "Kind of value", forms.Select(choices=list(KINDS.items()))),
            Column("value", "Value", forms.TextInput(attrs={"maxlength": LONGEST, "placeholder": "Value"})),
        ],
        add="Add an attribute",
        least=1,
        most=MOST,
    )

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return [{"name": name, "kind": _kind(item), "value": _text(item)} for name, item in value.items()]

    def clean_rows(self, given: Any) -> dict[str, Any]:
        if isinstance(given, list):
            given = self._typed(given)
        if not isinstance(given, dict):
            raise ValidationError("Give an object of attributes and their values.")
        if len(given) > MOST:
            raise ValidationError(f"Set at most {MOST} attributes at once.")
        for name, value in given.items():
            validate_attribute_key(name)
            _check(name, value)
        return _defined(given) if given else given

    def _typed(self, rows: list[Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for row in rows:
            if not isinstance(row, dict) or not all(isinstance(item, str) for item in row.values()):
                raise ValidationError("Give rows of texts.")
            name, value = row.get("name", "").strip(), row.get("value", "").strip()
            if not name and not value:
                continue
            if name in found:
                raise ValidationError(f"“{name}” is set twice.")
            found[name] = _read(name, row.get("kind", "text"), value)
        return found


def _read(name: str, kind: str, value: str) -> Any:
    if kind == "number":
        try:
            number = float(value.replace(",", "."))
        except ValueError as error:
            raise ValidationError(f"“{name}” takes a number, such as 12.5.") from error
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "truth":
        if value.lower() not in _TRUTHS:
            raise ValidationError(f"“{name}” takes yes or no.")
        return _TRUTHS[value.lower()]
    return value


def _check(name: str, value: Any) -> None:
    if not isinstance(value, str | int | float):
        raise ValidationError(f"“{name}” takes a text, a number, or true or false. To remove it, name it below.")
    if problem := value_problem(value) or (isinstance(value, str) and text_problem(value, LONGEST)):
        raise ValidationError(f"“{name}”: {problem}")
    if isinstance(value, str) and (wrong := rendering.problems(value)):
        raise ValidationError(f"“{name}”: {wrong[0].sentence}")


def _defined(given: dict[str, Any]) -> dict[str, Any]:
    """With the values of defined attributes as these keep them; a text to be filled in is looked at when it is."""
    fixed = {name: value for name, value in given.items() if not _is_worded(value)}
    defined = definitions()
    worded = {name: defined.misspelled(name) for name in given if name not in fixed and not defined.get(name)}
    kept, errors = defined.check(fixed)
    wrong = [f"“{name.partition('.')[2]}”: {' '.join(sentences)}" for name, sentences in errors.items()]
    wrong += [f"“{name}”: {problem}" for name, problem in worded.items() if problem]
    wrong += [f"“{name}” needs a value. To remove it, name it below." for name in kept if kept[name] is None]
    if wrong:
        raise ValidationError(wrong[0])
    # Lists and dates stay as they were written: they are kept as their type has it when they are set.
    return {**given, **{name: value for name, value in kept.items() if isinstance(value, str | int | float)}}


def _is_worded(value: Any) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _kind(value: Any) -> str:
    return "truth" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"


def _text(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _attribute_name(item: Any) -> str:
    name = item.strip() if isinstance(item, str) else ""
    validate_attribute_key(name)
    return name


class UpdateContact(Node):
    label = "Update contact"
    hint = "Sets attributes of the contact and removes them."
    group = Group.ACTIONS
    order = 40
    icon = "user-pen"

    class Form(NodeForm):
        set = AttributesField(
            required=False,
            label="Set attributes",
            help_text="A text may be filled in like a message, as in {{ event.product }} or {{ contact.first_name }}.",
        )
        remove = ListField(
            clean_item=_attribute_name, label="Remove attributes", help_text="Names with commas between them."
        )

        def clean(self) -> dict[str, Any]:
            given, removed = self.cleaned_data.get("set") or {}, self.cleaned_data.get("remove") or []
            if not given and not removed and not self.errors:
                raise ValidationError("Name at least one attribute to set or to remove.")
            if both := given.keys() & set(removed):
                self.add_error("remove", f"“{min(both)}” would be set and removed at once.")
            return self.cleaned_data

    def summary(self, config: dict[str, Any]) -> str:
        form = self._checked(config)
        if not form.is_valid():
            return "No attributes yet"
        given, removed = form.cleaned_data["set"], form.cleaned_data["remove"]
        parts = [f"{name}: {_text(value)}" for name, value in given.items()]
        if removed:
            parts.append(f"Remove {listed([f'“{name}”' for name in removed])}")
        return "; ".join(parts)

    def makes(self, config: dict[str, Any]) -> list[str]:
        return ["contact.updated"]

    def run(self, batch: Batch) -> Iterator[Outcome]:
        # Not `later`: a condition behind this node may ask about the attribute.
        yield Do(batch, _update)


def _update(batches: Sequence[Batch]) -> None:
    for batch in batches:
        _update_in(batch)


def _update_in(batch: Batch) -> None:
    given = batch.config.get("set") or {}
    worded = {name for name, value in given.items() if _is_worded(value)}
    defined = definitions()
    fixed = _kept({name: value for name, value in given.items() if name not in worded}, defined)
    attributes: Any = fixed
    if worded:
        attributes = [{**fixed, **_kept(words, defined)} for words in _worded(batch, sorted(worded))]
    removed = batch.config.get("remove") or []
    attributing.change(batch.contacts, attributes, removed, batch.now, source=batch.origin)


def _kept(given: dict[str, Any], defined: Definitions) -> dict[str, Any]:
    """The attributes as their definitions keep them. What says nothing, such as an event without the property, sets
    nothing of another type than text; what does not fit ends the pass, and its reason says so."""
    kept, errors = defined.check(given)
    if errors:
        name, sentences = next(iter(errors.items()))
        raise rendering.RenderError(f"“{name.partition('.')[2]}”: {' '.join(sentences)}")
    return {name: value for name, value in kept.items() if value is not None}


def _worded(batch: Batch, names: list[str]) -> Iterator[dict[str, str]]:
    """The attributes that are filled in, for each contact in the order of the batch: two queries."""
    contacts = Contact.objects.in_bulk(batch.contacts)
    entries = {event for event in batch.events if event}
    events = dict(Event.objects.filter(pk__in=entries).values_list("pk", "properties")) if entries else {}
    texts = [(name, rendering.compile(batch.config["set"][name], escape=False)) for name in names]
    for contact, event in zip(batch.contacts, batch.events, strict=True):
        if contact not in contacts:
            yield {}
            continue
        context = rendering.context_of(contacts[contact], events.get(event or 0))
        words = {name: text.render(context) for name, text in texts}
        for name, value in words.items():
            if problem := text_problem(value):
                raise rendering.RenderError(f"“{name}”: {problem}")
        yield words


node = UpdateContact()
