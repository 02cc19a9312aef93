"""What the compiled SQL answers is what a naive evaluator of the same tree answers, for any contact and any tree."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import segments
from contacts.models import Consent, Contact, ContactTag, Event, Installation, Segment, Tag
from tests.contacts.reference_rules import Person, World, matches

# The night on which Paris loses an hour, and the one on which it gains one, are among the moments.
NOW = datetime(2026, 3, 29, 10, 30, tzinfo=UTC)
MOMENTS = [NOW, NOW - timedelta(days=1), NOW - timedelta(days=30), NOW + timedelta(days=2), NOW - timedelta(hours=9)]
DAYS = ["2026-03-29", "2026-03-28", "2026-03-01", "2025-10-26", "2024-02-29", "2026-12-31", "1990-03-29"]
LOCAL = [
    "2026-03-29T02:30",
    "2025-10-26 02:30:00",
    "2025-10-26T02:30:00.5+01:00",
    "2026-03-29T00:30:00Z",
    "2026-03-28T23:15",
]
WRONG = [
    "2026-02-30",
    "2023-02-29",
    "0000-01-01",
    "2026-13-01",
    "24:00",
    "1e5",
    "-",
    "5 apples",
    "00",
    "٣",
    "2026-03-01T25:00",
]
WORDS = [
    "Paris",
    "paris",
    "pa",
    "Łódź",
    "łódź",
    "100%",
    "a_b",
    "a\\b",
    "%s",
    "'; DROP TABLE contacts_contact; --",
    "日本",
    "🎉",
    "true",
]
NUMBERS = [0, 1, 5, -3, 42, 3.5, 0.1, 10**18]
TEXT_NUMBERS = ["5", "42", "007", "3.50", "-3"]
FIELDS = ["city", "age", "when", 'it\'s "quoted"', "100%s", "é"]
NEAR = ["in_last_days", "in_next_days", "days_ago", "days_ahead", "anniversary_in_days"]

scalars = st.sampled_from([*DAYS, *LOCAL, *WRONG, *WORDS, *NUMBERS, *TEXT_NUMBERS, True, False])
held = st.one_of(
    scalars, st.none(), st.just(""), st.lists(scalars, max_size=3), st.just({"a": 1}), st.floats(-1e6, 1e6, width=32)
)
objects = st.dictionaries(st.sampled_from(FIELDS), held, max_size=4)
orderable = st.sampled_from([*DAYS, *LOCAL]) | st.sampled_from([*NUMBERS, *TEXT_NUMBERS])
pairs = st.lists(st.sampled_from([*DAYS, *LOCAL]), min_size=2, max_size=2) | st.lists(
    st.sampled_from(NUMBERS), min_size=2, max_size=2
)


def comparisons(fields: st.SearchStrategy[str]) -> st.SearchStrategy[dict]:
    def one(ops: list[str], value: st.SearchStrategy | None) -> st.SearchStrategy[dict]:
        optional = {"value": value} if value is not None else {}
        return st.fixed_dictionaries({"field": fields, "op": st.sampled_from(ops), **optional})

    return st.one_of(
        one(["equals", "not_equals", "contains", "not_contains", "starts_with", "ends_with"], scalars),
        one(["in", "not_in"], st.lists(scalars, min_size=1, max_size=3)),
        one(["greater", "at_least", "less", "at_most"], orderable),
        one(["before", "after"], st.sampled_from([*DAYS, *LOCAL])),
        one(["between"], pairs),
        one(NEAR, st.sampled_from([0, 1, 30, "2", 400])),
        one(["is_set", "not_set", "anniversary_today"], None),
    )


def moments_compared() -> st.SearchStrategy[dict]:
    ops = st.sampled_from(["equals", "not_equals", "greater", "at_least", "less", "at_most", "before", "after"])
    days = st.fixed_dictionaries({"op": st.sampled_from(NEAR), "value": st.sampled_from([0, 1, 30])})
    return st.one_of(st.fixed_dictionaries({"op": ops, "value": st.sampled_from([*DAYS, *LOCAL])}), days).map(
        lambda asked: {"rule": "attribute", "field": "created_at", **asked}
    )


texts = st.sampled_from(["email", "phone", "first_name", "timezone", "language", "external_id"])
rules = st.one_of(
    comparisons(st.sampled_from(FIELDS)).map(lambda asked: {"rule": "attribute", **asked}),
    comparisons(texts).map(lambda asked: {"rule": "attribute", **asked}),
    moments_compared(),
    st.fixed_dictionaries(
        {"rule": st.just("tag"), "name": st.sampled_from(["vip", "VIP", "new", "100%"])},
        optional={"has": st.booleans()},
    ),
    st.fixed_dictionaries(
        {
            "rule": st.just("consent"),
            "channel": st.sampled_from(["email", "sms"]),
            "is": st.sampled_from(["subscribed", "unsubscribed", "unknown"]),
        }
    ),
    st.fixed_dictionaries(
        {"rule": st.just("event"), "name": st.sampled_from(["order", "visit"])},
        optional={
            "did": st.booleans(),
            "count": st.fixed_dictionaries(
                {"op": st.sampled_from([">=", "<=", "=", ">", "<"]), "n": st.integers(0, 3)}
            ),
            "within": st.fixed_dictionaries(
                {"amount": st.sampled_from([1, 30]), "unit": st.sampled_from(["hours", "days"])}
            ),
            "where": st.lists(comparisons(st.sampled_from(FIELDS)), max_size=2),
        },
    ),
    st.fixed_dictionaries({"rule": st.just("segment"), "id": st.sampled_from([1, 2])}, optional={"in": st.booleans()}),
)
trees = st.recursive(
    rules | st.sampled_from([{}, {"all": []}]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
people = st.builds(
    Person,
    fields=st.fixed_dictionaries(
        {
            "email": st.sampled_from([None, "Ann@Example.com", "zoé@example.com", "100%@x.org"]),
            "phone": st.sampled_from([None, "+33612345678"]),
            "external_id": st.sampled_from([None, "42", "x"]),
            "first_name": st.sampled_from(["", *WORDS, "5", "2026-03-01"]),
            "timezone": st.sampled_from(["", "Europe/Paris", "UTC"]),
            "language": st.sampled_from(["", "en", "fr"]),
            "created_at": st.sampled_from(MOMENTS),
        }
    ),
    attributes=objects,
    tags=st.sets(st.sampled_from(["vip", "New", "100%"])),
    consent=st.dictionaries(
        st.sampled_from(["email", "sms"]), st.sampled_from(["subscribed", "unsubscribed", "unknown"])
    ),
    events=st.lists(st.tuples(st.sampled_from(["order", "visit"]), objects, st.sampled_from(MOMENTS)), max_size=4),
)
zones = st.sampled_from(["UTC", "Europe/Paris", "America/Havana", "Asia/Kathmandu"])
slow = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def saved(person: Person) -> int:
    unique = ("email", "phone", "external_id")
    fields = {key: item for key, item in person.fields.items() if key not in unique}
    contact = Contact.objects.create(
        **fields, **{key: person.fields[key] for key in unique}, attributes=person.attributes, updated_at=NOW
    )
    for name in person.tags:
        ContactTag.objects.create(contact=contact, tag=Tag.objects.get_or_create(name=name)[0], at=NOW)
    for channel, state in person.consent.items():
        Consent.objects.create(contact=contact, channel=channel, state=state, at=NOW)
    Event.objects.bulk_create(
        Event(contact=contact, name=name, properties=properties, at=at) for name, properties, at in person.events
    )
    return contact.pk


class Reference(TestCase):
    @slow
    @given(person=people, asked=st.lists(trees, min_size=8, max_size=8), inner=rules, zone=zones)
    @example(
        person=Person(
            {
                "email": None,
                "phone": None,
                "external_id": None,
                "first_name": "",
                "timezone": "",
                "language": "",
                "created_at": NOW,
            },
            {"age": "abc", "city": None},
        ),
        asked=[
            {"not": {"rule": "attribute", "field": "age", "op": "greater", "value": 5}},
            {"rule": "attribute", "field": "city", "op": "not_equals", "value": "Paris"},
        ],
        inner={},
        zone="UTC",
    )
    def test_sql_answers_what_the_reference_answers(self, person, asked, inner, zone):
        Installation.objects.create(pk=1, timezone=zone)
        inner = {} if inner.get("rule") == "segment" else inner
        second = {"not": {"rule": "segment", "id": 1}}
        Segment.objects.bulk_create([Segment(pk=1, name="one", rule=inner), Segment(pk=2, name="two", rule=second)])
        world = World(NOW, ZoneInfo(zone), {1: inner, 2: second})
        contact = saved(person)
        for tree in asked:
            expected = matches(tree, person, world)
            assert (contact in segments.matching(tree, [contact], NOW)) is expected, tree
            assert (segments.count(tree, NOW) == 1) is expected, tree
            assert segments.count({"not": tree}, NOW) == (0 if expected else 1), tree
            assert segments.sentence(tree)

    @slow
    @given(properties=objects, asked=st.lists(comparisons(st.sampled_from(FIELDS)), min_size=8, max_size=8), zone=zones)
    def test_sql_answers_what_the_reference_answers_about_an_event(self, properties, asked, zone):
        Installation.objects.create(pk=1, timezone=zone)
        world = World(NOW, ZoneInfo(zone))
        contact = Contact.objects.create(created_at=NOW, updated_at=NOW)
        event = Event.objects.create(contact=contact, name="order", properties=properties, at=NOW)
        for comparison in asked:
            rule = {"rule": "property", **comparison}
            expected = matches(rule, None, world, properties)
            assert segments.matching_events(rule, [event.pk], NOW) == ({event.pk} if expected else set()), rule
