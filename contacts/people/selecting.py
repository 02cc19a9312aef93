"""Selections of contacts: everybody whom the list's filters let through, or the ones that were ticked.

One query serves the list, its count, bulk edits and files, so that all of them mean the same people.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from contacts import segments
from contacts.filters import ANSWERS, consenting, tagged
from contacts.json_limits import text_problem
from contacts.matching import LARGEST_ID
from contacts.models import Contact
from contacts.people.selection_form import SelectionForm
from contacts.search import search
from contacts.segments.rules.attribute import FIELDS

MOST_TICKED = 10_000


class BadSelection(ValueError):
    """It names what does not exist; `errors` says what, by filter."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(" ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = errors


@dataclass(frozen=True)
class Selection:
    """`filters` as in the list's address, without those that are empty; or `ids`, which are then meant alone."""

    filters: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[int, ...] | None = None

    def contacts(self, now: datetime) -> QuerySet[Contact]:
        """Unordered. Raises BadSelection, and segments.InvalidRule for a segment that cannot be asked."""
        if self.ids is not None:
            return Contact.objects.filter(pk__in=self.ids)
        form = SelectionForm(dict(self.filters))
        if not form.is_valid():
            raise BadSelection({name: [str(each) for each in errors] for name, errors in form.errors.items()})
        return narrowed(form.cleaned_data, now)

    def count(self, now: datetime) -> int:
        """Exact."""
        return self.contacts(now).count()

    @property
    def everybody(self) -> bool:
        return self.ids is None and not self.filters

    def as_json(self) -> dict[str, Any]:
        return {"filters": dict(self.filters)} if self.ids is None else {"ids": list(self.ids)}


def narrowed(asked: Mapping[str, Any], now: datetime) -> QuerySet[Contact]:
    """The contacts that a valid form's `cleaned_data` asks for."""
    contacts = Contact.objects.all()
    if asked["segment"]:
        contacts = segments.audience(asked["segment"].rule, now)
    if asked["attribute"]:
        having = segments.audience(_rule(asked["attribute"], asked["value"]), now)
        if asked["value"] and asked["attribute"] not in FIELDS:  # a list that has it among others
            having |= Contact.objects.filter(attributes__contains={asked["attribute"]: [asked["value"]]})
        contacts = contacts & having
    if asked["q"]:
        contacts = search(contacts, asked["q"])
    if asked["tag"]:
        contacts = tagged(contacts, asked["tag"].name)
    if asked["consent"]:
        contacts = consenting(contacts, *asked["consent"].split(":"))
    return contacts


def _rule(key: str, value: str) -> dict[str, Any]:
    if not value:
        return {"rule": "attribute", "field": key, "op": "is_set"}
    same = {"rule": "attribute", "field": key, "op": "equals", "value": value}
    words = {"yes": True, "true": True, "no": False, "false": False}
    if key not in FIELDS and value.lower() in words:
        return {"any": [same, {**same, "value": words[value.lower()]}]}
    return same


def of_filters(given: Mapping[str, Any]) -> Selection:
    """The filters among what an address or a program asks; what is no filter of ours is left out."""
    known = SelectionForm.base_fields
    filters = {name: text for name in known if (text := str(given.get(name) or "").strip())}
    # What cannot be kept is found nowhere; left out, it would mean everybody.
    return Selection({name: "\ufffd" if text_problem(text) else text[:300] for name, text in filters.items()})


def of_ids(given: Iterable[Any]) -> Selection:
    """Ticked contacts. Raises BadSelection for what cannot be an id."""
    ids = []
    for each in given:
        text = str(each)
        if isinstance(each, bool) or not text.isascii() or not text.isdecimal() or not 0 < int(text[:20]) <= LARGEST_ID:
            raise BadSelection({"ids": [f"“{text[:20]}” is not the id of a contact."]})
        ids.append(int(text))
    if len(ids) > MOST_TICKED:
        raise BadSelection({"ids": [f"Name at most {MOST_TICKED:,} contacts; for more, use filters."]})
    return Selection(ids=tuple(dict.fromkeys(ids)))


def of_text(text: str) -> Selection:
    """The same as a text, as a dialog brings it back."""
    try:
        return of_json(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        return of_json(None)


def of_json(given: Any) -> Selection:
    """{"ids": […]} or {"filters": {…}}; {"filters": {}} is everybody. Raises BadSelection."""
    if isinstance(given, Mapping) and given.keys() == {"ids"} and isinstance(given["ids"], list):
        return of_ids(given["ids"])
    if isinstance(given, Mapping) and given.keys() == {"filters"} and isinstance(given["filters"], Mapping):
        unknown = [str(name)[:50] for name in given["filters"].keys() - SelectionForm.base_fields.keys()]
        if unknown:
            names = ", ".join(SelectionForm.base_fields)
            raise BadSelection({"filters": [f"There is no filter “{unknown[0]}”. Filters are {names}."]})
        if any(isinstance(value, list | dict) or text_problem(str(value)) for value in given["filters"].values()):
            raise BadSelection({"filters": ["Each filter is one text or number."]})
        return of_filters(given["filters"])
    raise BadSelection({"selection": ["Use {“ids”: […]} or {“filters”: {…}}; empty filters are everybody."]})


def sentence(stored: Mapping[str, Any]) -> str:
    """Who was meant by a selection that a bulk edit kept, in words, for people who look later."""
    if "ids" in stored:
        return "contacts that were ticked"
    filters = stored.get("filters")
    if not filters:
        return "all contacts" if filters is not None else "a search that was forgotten"
    form = SelectionForm(filters)
    form.is_valid()
    asked: dict[str, Any] = form.cleaned_data
    answers = dict(ANSWERS)
    parts: Sequence[str] = [
        f"“{asked['q']}”" if asked.get("q") else "",
        f"the tag “{asked['tag']}”" if asked.get("tag") else "",
        f"the segment “{asked['segment']}”" if asked.get("segment") else "",
        answers.get(asked.get("consent", ""), "").lower(),
        f"{asked['attribute']} {asked['value'] or 'known'}" if asked.get("attribute") else "",
    ]
    return f"contacts with {' and '.join(part for part in parts if part) or 'what is gone by now'}"
