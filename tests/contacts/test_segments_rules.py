"""Rule trees: shapes, hostile values, and what rules say of whom."""

from datetime import timedelta

import pytest

from contacts import segments
from contacts.models import Contact, ContactTag, Event, Segment, Tag
from contacts.segments.registry import registry
from contacts.segments.tree import MAX_DEPTH, MAX_RULES
from tests import make
from tests.make import NOW

VIP = {"rule": "tag", "name": "vip"}
HOSTILE = [
    "'; DROP TABLE contacts_contact; --",
    "%s",
    "%(x)s",
    "100%",
    "\\",
    '"',
    "{0}",
    "$1",
    "?",
    "{",
    "' OR '1'='1",
    "$$",
    "a\u2028b",
    "🎉",
    "e\u0301",
    "a" * 1000,
]


def test_the_kinds_of_all_apps_are_registered():
    assert {"attribute", "tag", "consent", "event", "segment", "property"} <= registry().keys()
    for key, kind in registry().items():
        assert kind.key == key
        assert kind.label
        assert kind.icon


@pytest.mark.parametrize("tree", [None, {}, {"all": []}])
def test_an_empty_tree_is_everybody(db, tree):
    ids = make.contacts(3)
    assert segments.matching(tree, ids, NOW) == set(ids)
    assert segments.count(tree, NOW) == 3
    assert segments.problems(tree) == []
    assert segments.sentence(tree) == "Everybody"


@pytest.mark.parametrize(
    "tree",
    [
        5,
        "x",
        [],
        [VIP],
        True,
        {"all": VIP},
        {"any": []},
        {"all": [], "any": []},
        {"all": [None, 3]},
        {"rule": 5},
        {"rule": []},
        {"rule": None},
        {"rule": {}},
        {"what": 1},
        {"not": []},
        {"not": 5},
        {"all": [{"rule": "tag", "name": ["x"]}]},
        {"rule": "tag", "name": {}},
        {"rule": "tag", "name": "x", "has": "no"},
        {"rule": "consent", "channel": [], "is": {}},
        {"rule": "attribute", "field": [], "op": {}, "value": 1},
        {"rule": "attribute", "field": "a", "op": [], "value": 1},
        {"rule": "attribute", "field": "a", "op": "in", "value": "x"},
        {"rule": "attribute", "field": "a", "op": "in", "value": [[]]},
        {"rule": "attribute", "field": "a", "op": "between", "value": [1, "2026-01-01"]},
        {"rule": "attribute", "field": "a", "op": "in_last_days", "value": 10**9},
        {"rule": "attribute", "field": "created_at", "op": "contains", "value": "x"},
        {"rule": "attribute", "field": "created_at", "op": "greater", "value": 5},
        {"rule": "attribute", "field": "a", "op": "equals", "value": float("nan")},
        {"rule": "attribute", "field": "a", "op": "equals", "value": 10**400},
        {"rule": "event", "name": "x", "count": {"op": "; DROP", "n": 1}},
        {"rule": "event", "name": "x", "count": {"op": ">=", "n": True}},
        {"rule": "event", "name": "x", "count": [1]},
        {"rule": "event", "name": "x", "within": {"amount": -1, "unit": "days"}},
        {"rule": "event", "name": "x", "within": {"amount": 10**12, "unit": "days"}},
        {"rule": "event", "name": "x", "where": [5]},
        {"rule": "event", "name": "x", "where": [VIP]},
        {"rule": "event", "name": "x", "where": {"rule": "event", "name": "y"}},
        {"rule": "property", "field": "a", "op": "is_set"},
        {"rule": "segment", "id": "1"},
        {"rule": "segment", "id": True},
        {"rule": "segment", "id": 10**30},
        {"rule": "tag", "name": "\ud800"},
        {"rule": "tag", "name": "a\x00"},
        {"rule": "tag", "name": "x", "a\x00": 1},
        {"rule": "tag", "name": "a" * 1001},
    ],
    ids=lambda tree: "tree",
)
def test_what_is_no_rule_tree_is_said_in_sentences_and_never_compiled(db, tree):
    problems = segments.problems(tree)
    assert problems
    assert all(isinstance(text, str) and text.endswith((".", "]")) for text in problems), problems
    with pytest.raises(segments.InvalidRule):
        segments.where(tree, NOW)
    assert isinstance(segments.sentence(tree), str)


def test_endless_trees_are_refused_without_exhausting_the_stack(db):
    deep: dict = VIP
    for _ in range(100_000):
        deep = {"not": deep}
    assert segments.problems(deep) == [f"The groups are nested more than {MAX_DEPTH} deep."]
    inner: list = []
    for _ in range(100_000):
        inner = [inner]
    assert segments.problems({"rule": "attribute", "field": "a", "op": "in", "value": inner})
    assert "more than" in segments.problems({"any": [VIP] * (MAX_RULES + 1)})[0]
    while deep != VIP:  # taken apart by hand: Python's own destructor would recurse
        deep = deep["not"]


def test_as_deep_and_as_many_as_allowed_still_compile(db):
    ids = make.contacts(2)
    deep: dict = VIP
    for _ in range(MAX_DEPTH - 2):
        deep = {"not": {"all": [deep]}} if "all" in deep else {"all": [deep]}
    assert segments.problems(deep) == [] or "nested" in segments.problems(deep)[0]
    assert segments.matching({"any": [VIP] * MAX_RULES}, ids, NOW) == set()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_ever_values(db, text):
    contact = make.contact("ann@example.com", attributes={text: text, "k": text})
    other = make.contact("bob@example.com", attributes={"k": "other"})
    ContactTag.objects.create(contact=contact, tag=Tag.objects.create(name=text[:100]), at=NOW)
    Event.objects.create(contact=contact, name=text[:100], properties={text: text}, at=NOW)
    ids = [contact.pk, other.pk]
    for rule in [
        {"rule": "attribute", "field": text, "op": "equals", "value": text},
        {"rule": "attribute", "field": "k", "op": "contains", "value": text},
        {"rule": "attribute", "field": "k", "op": "starts_with", "value": text},
        {"rule": "attribute", "field": "k", "op": "in", "value": [text]},
        {"rule": "tag", "name": text[:100]},
        {"rule": "event", "name": text[:100], "where": [{"field": text, "op": "equals", "value": text}]},
    ]:
        assert segments.matching(rule, ids, NOW) == {contact.pk}, rule
        assert segments.matching({"not": rule}, ids, NOW) == {other.pk}, rule
        assert segments.count(rule, NOW) == 1
        assert segments.sentence(rule)
        assert text not in segments.where(rule, NOW).sql.replace("%s", "") or text in ("{", "\\", '"', "$$", "?")
    assert Contact.objects.count() == 2


def test_negation_holds_for_those_who_lack_what_is_negated(db):
    lacking, paris, lyon = (make.contact(attributes=held) for held in ({}, {"city": "Paris"}, {"city": "Lyon"}))
    ids = [lacking.pk, paris.pk, lyon.pk]
    city = {"rule": "attribute", "field": "city", "op": "equals", "value": "Paris"}
    for rule in ({"not": city}, {**city, "op": "not_equals"}, {**city, "op": "not_in", "value": ["Paris"]}):
        assert segments.matching(rule, ids, NOW) == {lacking.pk, lyon.pk}
    phone = {"rule": "attribute", "field": "phone", "op": "not_equals", "value": "+33612345678"}
    assert segments.matching(phone, ids, NOW) == set(ids)


def test_events_within_a_time_count_from_the_moment_given(db):
    contact = make.contact()
    Event.objects.create(contact=contact, name="order", at=NOW)
    rule = {"rule": "event", "name": "order", "within": {"amount": 2, "unit": "days"}}
    assert segments.count(rule, NOW + timedelta(days=2)) == 1
    assert segments.count(rule, NOW + timedelta(days=2, seconds=1)) == 0


def test_an_event_filter_asks_about_its_own_event_and_its_contact(db):
    ann, bob = make.contact("ann@example.com"), make.contact("bob@example.com")
    ContactTag.objects.create(contact=ann, tag=Tag.objects.create(name="vip"), at=NOW)
    big, small, bobs = (
        Event.objects.create(contact=who, name="order", properties={"amount": amount}, at=NOW).pk
        for who, amount in ((ann, 80), (ann, 20), (bob, 90))
    )
    amount = {"rule": "property", "field": "amount", "op": ">", "value": 50}
    events = [big, small, bobs]
    assert segments.matching_events(amount, events, NOW) == {big, bobs}
    assert segments.matching_events({"all": [amount, VIP]}, events, NOW) == {big}
    assert segments.matching_events(None, events, NOW) == set(events)
    # An event rule inside a filter looks at all events of the contact, not at the one under test.
    had = {"rule": "event", "name": "order", "where": [{"field": "amount", "op": ">", "value": 85}]}
    assert segments.matching_events(had, events, NOW) == {bobs}


def test_segments_of_segments_are_compiled_in_place_with_one_more_query(db, django_assert_num_queries):
    ann, bob = make.contact("ann@example.com"), make.contact("bob@example.com")
    ContactTag.objects.create(contact=ann, tag=Tag.objects.create(name="vip"), at=NOW)
    one = Segment.objects.create(name="One", rule=VIP)
    two = Segment.objects.create(name="Two", rule={"not": {"rule": "segment", "id": one.pk}})
    three = {"all": [{"rule": "segment", "id": two.pk}, {"rule": "segment", "id": one.pk, "in": False}]}
    with django_assert_num_queries(2):
        assert segments.matching(three, [ann.pk, bob.pk], NOW) == {bob.pk}
    assert segments.used_segments(three) == {one.pk, two.pk}
    assert segments.sentence(three) == "Is in the segment “Two” and is not in the segment “One”"


def test_segments_that_contain_each_other_or_are_gone_are_refused(db):
    one = Segment.objects.create(name="One")
    two = Segment.objects.create(name="Two", rule={"rule": "segment", "id": one.pk})
    Segment.objects.filter(pk=one.pk).update(rule={"rule": "segment", "id": two.pk})
    assert "cannot contain itself" in segments.problems({"rule": "segment", "id": one.pk})[0]
    assert "no longer exists" in segments.problems({"rule": "segment", "id": one.pk + 1000})[0]


def test_segments_that_multiply_into_an_endless_query_are_refused(db):
    below = Segment.objects.create(name="0", rule={"any": [VIP] * 100})
    for level in range(1, 6):
        rule = {"any": [{"rule": "segment", "id": below.pk}] * 100}
        below = Segment.objects.create(name=str(level), rule=rule)
    assert "more than" in segments.problems({"rule": "segment", "id": below.pk})[0]


def test_an_audience_is_a_queryset_that_works_inside_others(db):
    ann, _bob = make.contact("ann@example.com"), make.contact("bob@example.com")
    ContactTag.objects.create(contact=ann, tag=Tag.objects.create(name="vip"), at=NOW)
    found = segments.audience(VIP, NOW)
    assert list(found) == [ann]
    assert found.filter(email__startswith="b").count() == 0
    assert found.exclude(pk=ann.pk).count() == 0
    assert Contact.objects.exclude(pk__in=found.values("pk")).get().email == "bob@example.com"
    assert ContactTag.objects.filter(contact__in=found).count() == 1


def test_sentences_read_well():
    rule = {
        "all": [
            {"any": [VIP, {"rule": "attribute", "field": "city", "op": "in", "value": ["Paris", "Lyon"]}]},
            {"not": {"rule": "consent", "channel": "email", "is": "subscribed"}},
            {
                "rule": "event",
                "did": False,
                "name": "order.placed",
                "count": {"op": ">=", "n": 2},
                "within": {"amount": 30, "unit": "days"},
                "where": [{"field": "amount", "op": ">", "value": 50}],
            },
        ]
    }
    assert segments.sentence(rule) == (
        "(has the tag “vip” or city is one of “Paris” or “Lyon”) and is not subscribed to email"
        " and did not “order.placed” at least 2 times in the last 30 days where amount is greater than 50"
    )


@pytest.mark.parametrize("written", ["9" * 10_000, "0." + "0" * 9_990 + "1", "9" * 5_000 + "." + "9" * 4_999])
def test_the_longest_number_that_an_attribute_can_hold_is_a_number(db, written):
    ada = make.contact("ada@example.com", attributes={"score": written})
    make.contact("bob@example.com", attributes={"score": "many"})
    positive = {"rule": "attribute", "field": "score", "op": "greater", "value": 0}
    assert list(segments.audience(positive, NOW)) == [ada]


@pytest.mark.django_db
def test_a_property_that_has_two_spellings_is_still_asked_of_the_contacts_own_events():
    ann, ben = make.contact("ann@example.com"), make.contact("ben@example.com")
    Event.objects.create(contact=ann, name="order", properties={"sku": 5}, at=NOW)
    Event.objects.create(contact=ben, name="visit", properties={"sku": "5"}, at=NOW)
    ordered = {"rule": "event", "name": "order", "where": [{"field": "sku", "op": "equals", "value": 5}]}
    assert segments.matching(ordered, [ann.pk, ben.pk], NOW) == {ann.pk}
    assert segments.count(ordered, NOW) == 1
