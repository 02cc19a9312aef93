"""What the compiled SQL answers is what a naive evaluator of the same tree answers, for any contacts and any tree."""

import os
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.models import Message, Origin
from contacts import segments
from contacts.models import Consent, Contact, ContactTag, Event, Installation, Segment, Tag, Topic, TopicConsent
from contacts.segments import why
from contacts.segments.tree import leaves
from flows.models import Execution, Scenario
from tests.contacts.reference_rules import matches
from tests.contacts.reference_world import Person, World
from tests.contacts.rule_strategies import FIELDS, NOW, comparisons, objects, people, rules, trees, zones

# Always the same ones in a run of the tests; `make fuzz` draws as many others as one has patience for.
EXAMPLES = int(os.environ.get("WAYPOST_FUZZ", 0))
slow = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    print_blob=bool(EXAMPLES),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
UNIQUE = ("email", "phone", "external_id")


def saved(person: Person, taken: Person | None = None) -> int:
    """The person as rows; what only one contact may have stays with the one who has it."""
    for key in UNIQUE:
        if taken is not None and person.fields[key] == taken.fields[key]:
            person.fields[key] = None
    contact = Contact.objects.create(**person.fields, attributes=person.attributes, updated_at=NOW)
    for name in person.tags:
        ContactTag.objects.create(contact=contact, tag=Tag.objects.get_or_create(name=name)[0], at=NOW)
    for channel, state in person.consent.items():
        Consent.objects.create(contact=contact, channel=channel, state=state, at=NOW)
    for key, said in person.topics.items():
        topic = Topic.objects.get(key=key)
        for channel, state in said.items():
            TopicConsent.objects.create(contact=contact, topic=topic, channel=channel, state=state, at=NOW)
    Event.objects.bulk_create(
        Event(contact=contact, name=name, properties=properties, at=at) for name, properties, at in person.events
    )
    for visit, (origin, channel, state, moments) in enumerate(person.messages):
        Message.objects.create(
            contact=contact, channel=channel, origin=Origin.objects.get_or_create(key=origin)[0],
            origin_pass=contact.pk, visit=visit, content_id=1, state=state, queued_at=NOW, due_at=NOW,
            **{f"{did}_at": at for did, at in moments.items()},
        )  # fmt: skip
    Execution.objects.bulk_create(
        Execution(scenario_id=scenario, flow_id=1, contact=contact, state=state, node="n", single=False,
                  entered_at=entered, arrived_at=entered, finished_at=finished)
        for scenario, state, entered, finished in person.passes
    )  # fmt: skip
    return contact.pk


def _own(verdict: why.Verdict) -> list[why.Verdict]:
    """The verdicts of a tree's own rules, from left to right."""
    if verdict.join:
        return [own for part in verdict.parts for own in _own(part)]
    return [] if verdict.sentence == "Everybody" else [verdict]


class Reference(TestCase):
    @slow
    @given(
        person=people, other=people, asked=st.lists(trees, min_size=8, max_size=8),
        inner=rules, zone=zones,
    )  # fmt: skip
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
        other=Person(
            {
                "email": "a@b.c",
                "phone": None,
                "external_id": None,
                "first_name": "",
                "timezone": "",
                "language": "",
                "created_at": NOW,
            },
            {},
        ),
        asked=[
            {"not": {"rule": "attribute", "field": "age", "op": "greater", "value": 5}},
            {"rule": "attribute", "field": "city", "op": "not_equals", "value": "Paris"},
        ],
        inner={},
        zone="UTC",
    )
    def test_sql_answers_what_the_reference_answers(self, person, other, asked, inner, zone):
        Installation.objects.create(pk=1, timezone=zone)
        inner = {} if inner.get("rule") == "segment" else inner
        second = {"not": {"rule": "segment", "id": 1}}
        Segment.objects.bulk_create([Segment(pk=1, name="one", rule=inner), Segment(pk=2, name="two", rule=second)])
        world = World(NOW, ZoneInfo(zone), {1: inner, 2: second})
        Topic.objects.bulk_create([Topic(key="news", name="News"), Topic(key="offers", name="Offers")])
        Scenario.objects.bulk_create([Scenario(pk=1, name="One"), Scenario(pk=2, name="Two")])
        ids = [saved(person), saved(other, person)]
        for tree in asked:
            expected = {id for id, one in zip(ids, (person, other), strict=True) if matches(tree, one, world)}
            assert segments.matching(tree, ids, NOW) == expected, tree
            assert segments.count_and_some(tree, NOW, 5) == (len(expected), sorted(expected)), tree
            assert segments.count({"not": tree}, NOW) == 2 - len(expected), tree
            assert segments.sentence(tree)
            self._explained(tree, dict(zip(ids, (person, other), strict=True)), world)

    def _explained(self, tree, persons: dict[int, Person], world: World) -> None:
        """The explanation says of the tree and of each of its rules what the reference says."""
        for id, verdict in why.why(tree, list(persons), NOW).items():
            assert verdict.holds is matches(tree, persons[id], world), tree
            own = [line.holds for line in _own(verdict)]
            assert own == [matches(leaf, persons[id], world) for leaf in leaves(tree)], tree
            assert all(line.sentence for _, line in verdict.lines())

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
