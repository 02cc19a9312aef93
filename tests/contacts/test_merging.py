"""Merging thousands of rows in one statement comes to the same as saving them one after the other."""

import random
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from contacts import cleaning, consent, merging, saving
from contacts.imports import csv_columns
from contacts.imports.csv_mapping import columns, contact_of
from contacts.models import Contact, Event
from contacts.profiles import May
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def person(chance: random.Random) -> dict[str, Any]:
    """Fields out of so few that rows and contacts often meet."""
    fields: dict[str, Any] = {
        "external_id": chance.choice([None, f"x{chance.randrange(12)}"]),
        "email": chance.choice([None, f"{chance.choice('cC')}{chance.randrange(30)}@example.com"]),
        "phone": chance.choice([None, None, f"+336120000{chance.randrange(30):02}", "+79161234567"]),
        "first_name": chance.choice([None, "", "Ada", "Zoë \\ \t N"]),
        "timezone": chance.choice([None, None, "", "Asia/Tokyo"]),
        "language": chance.choice([None, "fr"]),
        "attributes": chance.choice([None, {"n": 1}, {"n": True, "a": [1, "\\é"]}, {"a": [1]}, {"n": None}]),
        "tags": chance.choice([None, ["VIP"], ["vip", "new \\"]]),
        "consent": chance.choice([None, {"email": "subscribed"}, {"email": "unsubscribed", "sms": "unknown"}]),
    }
    if not any(fields[name] for name in cleaning.IDENTIFIERS):
        fields["email"] = f"c{chance.randrange(30)}@example.com"
    return {name: value for name, value in fields.items() if value is not None}


def state() -> tuple[list, list]:
    """Everybody with all about them, and what was told; without ids."""
    people = []
    for contact in Contact.objects.prefetch_related("contact_tags__tag", "consents"):
        people.append(
            (
                *(getattr(contact, name) or "" for name in merging.TEXTS),
                repr(sorted(contact.attributes.items())),
                sorted(mark.tag.name.lower() for mark in contact.contact_tags.all()),
                sorted((row.channel, row.state) for row in contact.consents.all()),
            )
        )
    events = Event.objects.values_list("contact__email", "contact__phone", "contact__external_id", "name", "properties")
    return sorted(people), sorted(map(repr, [(*row[:-1], str(row[-1]).lower()) for row in events]))


def saved(batch: merging.Batch, may: May) -> tuple:
    result = saving.save(batch, NOW, {"source": "import"}, may)
    failed = sorted((failure.index, repr(failure.errors)) for failure in result.failed)
    return (result.created, result.updated, result.unchanged, failed), state()


@pytest.mark.parametrize("seed", range(25))
def test_a_merge_comes_to_the_same_as_one_row_after_the_other(seed):
    chance = random.Random(seed)
    there = [person(chance) for _ in range(15)]
    saving.upsert(there, NOW)
    rows = []
    for given in (person(chance) for _ in range(20)):
        fields, errors = cleaning.clean(given)
        assert not errors
        rows.append({name: value for name, value in fields.items() if value is not None})
    batch = merging.batch_of(rows)
    may = May(subscribe=chance.random() < 0.7, resubscribe=chance.random() < 0.5)
    outcomes = []
    for apart in (batch.apart, frozenset(range(len(rows)))):
        with transaction.atomic():
            outcomes.append(saved(replace(batch, apart=apart), may))
            transaction.set_rollback(True)
    assert outcomes[0] == outcomes[1]


def test_a_merge_places_most_rows_itself():
    saving.upsert([{"email": "c1@example.com"}, {"email": "c2@example.com", "phone": "+33612000002"}], NOW)
    rows = [
        {"email": "c1@example.com", "first_name": "One"},
        {"email": "c3@example.com", "tags": ["vip"]},
        {"email": "c4@example.com", "phone": "+33612000002"},
        {"external_id": "5"},
        {"external_id": "5", "first_name": "Five"},
    ]
    merged = merging.merge(merging.batch_of(rows), NOW, {})
    assert (merged.created, merged.updated, merged.doubtful) == (1, 1, [2, 3, 4])
    assert sorted(merged.ids) == [0, 1]


def test_who_is_not_subscribed_again_by_a_file_is_not_told_to_have_changed():
    saving.upsert([{"email": "c1@example.com", "consent": {"email": "unsubscribed"}}], NOW)
    told = Event.objects.count()
    again = merging.batch_of([{"email": "c1@example.com", "consent": {"email": "subscribed"}}])
    assert saving.save(again, NOW, may=May(resubscribe=False)).unchanged == 1
    assert Event.objects.count() == told
    assert consent.states([Contact.objects.get().pk])[Contact.objects.get().pk]["email"] == "unsubscribed"


CELLS = {
    "email": ["a@example.com", " Ada@Example.COM ", "nobody", "é@example.com", "'=x@example.com", "", "a\0@b.fr"],
    "phone": ["+33612345678", "06 12 34 56 78", "12", "", "'+33612345678"],
    "full_name": ["Ada Lovelace", "Ada", "Ada  King Lovelace", "", "x" * 201],
    "timezone": ["Europe/Paris", "Mars", ""],
    "language": ["pt_BR", "??", ""],
    "tags": ["a;b", "A,a", ";", "x" * 101, ""],
    "consent.email": ["yes", "NON", "?", "perhaps", ""],
    "text:note": ["x", "'=1", 'quote " \\ é 😀', "y" * 10_001, "tab\there", "", " "],
    "number:n": ["1", "1,5", "-0.25", "1e30", "nan", "x", ""],
    "boolean:b": ["yes", "off", "maybe", ""],
    "date:d": ["2026-03-10", "10.3.2026", ""],
}


def test_reading_by_column_comes_to_the_same_as_reading_by_row():
    chance = random.Random(7)
    mapping = [*CELLS, None]
    setters = columns(mapping)
    rows = [[chance.choice(cells) for cells in CELLS.values()][: chance.choice([11, 11, 11, 2])] for _ in range(600)]
    rows += [[cells[0] for cells in CELLS.values()] for _ in range(20)]
    cleaned = csv_columns.clean(rows, mapping, "FR")
    good = []
    for place, cells in enumerate(rows):
        contact, errors = contact_of(cells, setters)
        fields: dict[str, Any] = {}
        if not errors:
            fields, errors = cleaning.clean(contact, "FR")
        fields = {name: value for name, value in fields.items() if value is not None}
        if not errors and not {"email", "phone"} & set(fields):
            errors = {"detail": [saving.UNIDENTIFIED]}
        assert cleaned.errors.get(place, {}) == errors
        if not errors:
            good.append((place, fields))
    assert cleaned.places == [place for place, _ in good]
    expected = merging.batch_of([fields for _, fields in good])
    for name in {*expected.columns, *cleaned.batch.columns}:
        empty = [None] * len(good)
        blank = (None, ()) if name == "tags" else (None,)
        for one, other in zip(cleaned.batch.columns.get(name, empty), expected.columns.get(name, empty), strict=True):
            assert one == other or (one in blank and other in blank)
    assert cleaned.batch.fields(0) == good[0][1]
