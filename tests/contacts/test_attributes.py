"""Definitions hold wherever values come in, and what no longer fits is counted, converted or removed."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from contacts import saving
from contacts.attributes import saving as attribute_saving
from contacts.attributes import sweeping, using
from contacts.attributes.defining import Definition, definitions
from contacts.attributes.guessing import undefined
from contacts.attributes.sweeping import Kind
from contacts.attributes.types import TYPES
from contacts.models import Attribute, AttributeSweep, Contact, Event, Installation, Segment
from tests import make

NOW = make.NOW
pytestmark = pytest.mark.django_db


def swept() -> None:
    while sweeping.work(NOW):
        pass


def errors_of(call, *args, **kwargs):
    with pytest.raises(ValidationError) as refused:
        call(*args, **kwargs)
    return refused.value.message_dict


def test_values_are_kept_as_their_type_has_it():
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})
    for name, type in [("seats", "number"), ("born", "date"), ("seen", "datetime"), ("vip", "boolean")]:
        make.attribute(name, type)
    make.attribute("plan", "choice", choices=["Basic", "Pro"])
    given = {"seats": "3", "born": "1990/5/17", "seen": "2026-07-10 09:00", "vip": "oui", "plan": "pro", "free": [1]}
    ada = saving.create({"email": "ada@example.com", "attributes": given}, NOW)
    kept = {"seats": 3, "born": "1990-05-17", "seen": "2026-07-10T07:00:00Z", "vip": True, "plan": "Pro", "free": [1]}
    assert ada.attributes == kept
    ada = saving.update(ada, {"attributes": {"seats": "", "born": None}}, NOW)
    assert ada.attributes.keys() == {"seen", "vip", "plan", "free"}


def test_what_does_not_fit_is_refused_next_to_its_name():
    make.attribute("seats", "number")
    make.attribute("Plan", "choice", choices=["Basic"])
    given = {"seats": "many", "Plan": "Gold", "plan": "x", "other": "y"}
    assert errors_of(saving.create, {"email": "a@example.com", "attributes": given}, NOW) == {
        "attributes.seats": ["“many” is not a number."],
        "attributes.Plan": ["“Gold” is not one of Basic."],
        "attributes.plan": ["This attribute is written “Plan”."],
    }
    rows = [{"email": f"c{n}@example.com", "attributes": {"seats": "x" if n == 1 else n}} for n in range(3)]
    result = saving.upsert(rows, NOW)
    assert (result.created, [failure.errors for failure in result.failed]) == (
        2,
        [{"attributes.seats": ["“x” is not a number."]}],
    )


def test_definitions_are_read_once_for_a_batch(django_assert_num_queries):
    make.attribute("seats", "number")
    rows = [{"email": f"c{n}@example.com", "attributes": {"seats": str(n)}} for n in range(300)]
    with django_assert_num_queries(9) as many:
        saving.upsert(rows, NOW)
    assert sum('contacts_attribute"' in query["sql"] for query in many) == 1
    assert Contact.objects.filter(attributes={"seats": 299}).count() == 1


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({}, "name", "An attribute needs a name."),
        ({"name": "1st", "type": "text"}, "name", "“1st” cannot name an attribute: start with a letter"),
        ({"name": "Email", "type": "text"}, "name", "“Email” is what every contact has already. Take another name."),
        ({"name": "PLAN", "type": "text"}, "name", "There is an attribute “PLAN” already."),
        ({"name": "x", "type": "colour"}, "type", "An attribute’s type is one of text, number"),
        ({"name": "x", "type": ["text"]}, "type", "An attribute’s type is one of text, number"),
        ({"name": "x", "type": "choice"}, "choices", "Give at least one choice."),
        ({"name": "x", "type": "choice", "choices": "a"}, "choices", "Choices are a list of texts."),
        ({"name": "x", "type": "choice", "choices": ["a", "A"]}, "choices", "“A” is there twice."),
        ({"name": "x", "type": "list", "choices": ["c" * 201]}, "choices", "This is longer than 200 characters."),
        ({"name": "x", "type": "list", "choices": [str(n) for n in range(501)]}, "choices", "Give at most 500 choices"),
        ({"name": "x", "type": "text", "label": "a\0b"}, "label", "This holds a NUL character."),
        ({"name": "x", "type": "text", "label": 5}, "label", "This is not a text."),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(given, field, sentence):
    make.attribute("plan")
    found = errors_of(attribute_saving.save, Attribute(), given, NOW)
    assert found[field][0].startswith(sentence)
    assert Attribute.objects.count() == 1


def test_a_name_never_changes_and_a_label_may():
    row = make.attribute("plan")
    assert row.label == "Plan"
    refused = errors_of(attribute_saving.save, row, {"name": "tariff"}, NOW)
    assert refused["name"][0].startswith("The name cannot change")
    attribute_saving.save(row, {"label": "Tariff", "name": "plan"}, NOW)
    assert [(each.name, each.label) for each in definitions()] == [("plan", "Tariff")]


def test_attributes_are_moved_past_each_other():
    rows = [make.attribute(name) for name in "abc"]
    assert attribute_saving.move(rows[2], up=True)
    assert attribute_saving.move(rows[2], up=True)
    assert not attribute_saving.move(rows[2], up=True)
    assert [each.name for each in definitions()] == ["c", "a", "b"]


def test_values_are_counted_in_the_background(monkeypatch):
    monkeypatch.setitem(sweeping.SLICE, Kind.COUNT, 2)
    for number, value in enumerate([1, 2.5, "3", "many", None, "", [1]]):
        make.contact(f"d{number}@example.com", attributes={"seats": value})
    make.contacts(3)
    row = make.attribute("seats", "number")
    swept()
    row.refresh_from_db()
    assert (row.size, row.unfit, row.convertible, row.counted_at) == (6, 4, 2, NOW)
    assert not AttributeSweep.objects.exists()


def test_what_can_be_converted_is_and_the_timeline_tells(monkeypatch):
    monkeypatch.setitem(sweeping.SLICE, Kind.CONVERT, 2)
    values = ["1,5", "2", "many", 3, ""]
    ids = [make.contact(f"c{n}@example.com", attributes={"seats": value}).pk for n, value in enumerate(values)]
    row = make.attribute("seats", "number")
    swept()
    attribute_saving.convert(row, NOW, "by mia")
    swept()
    found = dict(Contact.objects.values_list("pk", "attributes__seats"))
    assert [found[id] for id in ids] == [1.5, 2, "many", 3, None]
    assert "seats" not in Contact.objects.get(pk=ids[4]).attributes
    told = Event.objects.filter(name="contact.updated", properties__source="by mia")
    assert sorted(told.values_list("contact", flat=True)) == [ids[0], ids[1], ids[4]]
    row.refresh_from_db()
    assert (row.size, row.unfit, row.convertible) == (4, 1, 0)


@pytest.mark.parametrize(
    ("type", "fields", "value", "becomes"),
    [
        ("text", {}, True, "yes"),
        ("text", {}, ["a", "b"], "a, b"),
        ("text", {}, 5, "5"),
        ("date", {}, "2026-03-10T23:30:00Z", "2026-03-11"),
        ("datetime", {}, "2026-03-10", "2026-03-09T23:00:00Z"),
        ("list", {}, "a, b", ["a", "b"]),
        ("boolean", {}, "oui", True),
        ("choice", {"choices": ["Pro"]}, "PRO", "Pro"),
    ],
)
def test_a_value_becomes_what_comes_nearest_to_it(type, fields, value, becomes):
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})
    one = make.contact("ann@example.com", attributes={"x": value})
    row = make.attribute("x", type, **fields)
    attribute_saving.convert(row, NOW)
    swept()
    one.refresh_from_db()
    assert one.attributes == {"x": becomes}


def test_a_changed_definition_is_counted_from_the_start():
    make.contacts(3, attributes={"size": "12"})
    row = make.attribute("size", "text")
    swept()
    attribute_saving.save(row, {"type": "number"}, NOW)
    row.refresh_from_db()
    assert row.type == "number"
    assert (row.size, row.unfit) == (3, None)
    sweeping.begin("size", Kind.COUNT, NOW)  # nobody minds a second one
    swept()
    row.refresh_from_db()
    assert (row.size, row.unfit, row.convertible) == (3, 3, 3)


def test_values_stay_or_go_with_their_definition():
    ids = make.contacts(5, attributes={"plan": "x", "seats": 1, "other": 2})
    attribute_saving.delete(make.attribute("plan"), NOW)
    attribute_saving.delete(make.attribute("seats", "number"), NOW, remove_values=True, source="by mia")
    assert errors_of(make.attribute, "seats")["name"][0].startswith("The values of the former “seats” are still being")
    swept()
    assert Contact.objects.filter(attributes={"plan": "x", "other": 2}).count() == 5
    assert Event.objects.filter(name="contact.updated", contact__in=ids).count() == 5
    assert make.attribute("seats").pk


def test_counts_are_renewed_after_a_while(monkeypatch):
    row = make.attribute("plan")
    swept()
    make.contact("a@example.com", attributes={"plan": "x"})
    assert not sweeping.work(NOW)
    later = NOW + sweeping.FRESH[0][1] * 2
    while sweeping.work(later):
        pass
    row.refresh_from_db()
    assert (row.size, row.counted_at) == (1, later)
    # Where counting takes long, it is done more seldom.
    monkeypatch.setattr(sweeping, "FRESH", ((1, timedelta(minutes=1)), (None, timedelta(days=1))))
    make.contact("b@example.com")
    assert not sweeping.work(later + timedelta(hours=23))
    assert sweeping.work(later + timedelta(hours=25))


def test_it_is_known_where_attributes_are_used(django_assert_num_queries):
    from templates_app.models import Template, TemplateVersion

    for name in ("plan", "plan_b", "seen", "clé"):
        make.attribute(name)
    asks = {"any": [{"not": {"rule": "attribute", "field": "plan", "op": "equals", "value": "x"}}]}
    Segment.objects.create(name="Asks", rule=asks)
    words = Template.objects.create(name="Words", channel="email")
    body = '{{ contact.attributes.plan_b }} {{ contact.attributes["clé"] }}'
    TemplateVersion.objects.create(template=words, number=1, body=body)
    graph = make.graph(
        ("in", "on_date", {"attribute": "seen"}),
        ("set", "update_contact", {"set": {"plan": "x"}, "remove": ["plan_b"]}),
        ("say", "email", {"subject": "{{contact.attributes['clé']}}", "body": "x"}),
        edges="in>set set>say",
    )
    make.scenario(graph, name="Flow")
    names = ["plan", "plan_b", "seen", "clé", "unused"]
    with django_assert_num_queries(4):
        found = using.uses(names)
    assert {name: sorted(use.name for use in uses) for name, uses in found.items()} == {
        "plan": ["Asks", "Flow"],
        "plan_b": ["Flow", "Words"],
        "seen": ["Flow"],
        "clé": ["Flow", "Words"],
        "unused": [],
    }


def test_what_is_in_use_is_offered_with_a_guess(django_assert_num_queries):
    for number in range(60):
        make.contact(
            f"c{number}@example.com",
            attributes={
                "defined": 1,
                "vip": number % 2 == 0,
                "seats": number,
                "born": f"19{number + 10}-05-17",
                "seen": f"2026-03-10T09:{number:02}:00Z",
                "plan": ["Pro", "Basic"][number % 2],
                "tags": ["a"],
                "city": f"City {number}",
                "mixed": 1 if number % 2 else "x",
            },
        )
    make.attribute("defined")
    with django_assert_num_queries(2):
        found = {each.name: (each.type, each.choices) for each in undefined(definitions())}
    assert found == {
        "vip": ("boolean", []),
        "seats": ("number", []),
        "born": ("date", []),
        "seen": ("datetime", []),
        "plan": ("choice", ["Basic", "Pro"]),
        "tags": ("list", []),
        "city": ("text", []),
        "mixed": ("text", []),
    }


def test_the_newest_contacts_tell_what_a_change_would_mean(monkeypatch):
    from contacts.attributes import fitting

    for number, value in enumerate(["1", "2", "many", None]):
        make.contact(f"c{number}@example.com", attributes={"seats": value} if value else {})
    wanted = Definition(0, "seats", "Seats", "", TYPES["number"])
    found = fitting.look(wanted)
    assert (found.looked_at, found.size, found.unfit, found.convertible, found.lasting) == (4, 3, 3, 2, 1)
    assert found.complete and found.examples == ("“many”",)
    monkeypatch.setattr(fitting, "LOOKED_AT", 2)
    found = fitting.look(wanted)
    assert not found.complete and (found.looked_at, found.unfit) == (2, 1)


@pytest.mark.parametrize(
    ("type", "choices", "given", "narrower"),
    [
        ("text", [], {"type": "text"}, False),
        ("text", [], {"type": "number"}, True),
        ("choice", ["a", "b"], {"choices": ["b", "a", "c"]}, False),
        ("choice", ["a", "b"], {"choices": ["a"]}, True),
        ("list", [], {"choices": ["a"]}, True),
        ("list", ["a"], {"choices": []}, False),
        ("text", [], {"label": "New"}, False),
    ],
)
def test_only_a_narrower_definition_needs_a_second_look(type, choices, given, narrower):
    assert attribute_saving.narrows(make.attribute("x", type, choices=choices), given) is narrower
