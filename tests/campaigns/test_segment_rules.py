"""Rules about messages, as segments and conditions ask them."""

from datetime import timedelta

import pytest

from campaigns.models import Message
from contacts import segments
from contacts.segments import Scope
from tests import make
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db
INSIDE = Scope(origin="scenario:1")


@pytest.fixture
def people():
    """Ada clicked, Bob only opened, Cy was sent it, Di has it queued, Ed has nothing; all by node n2 of scenario 1."""
    ids = [make.contact(f"{name}@example.com").pk for name in ("ada", "bob", "cy", "di", "ed")]
    letters.queue(ids[:4], letters.content())
    rows = Message.objects.all()
    rows.filter(contact__in=ids[:3]).update(sent_at=NOW, state="sent")
    rows.filter(contact__in=ids[:2]).update(opened_at=NOW)
    rows.filter(contact__in=ids[:1]).update(clicked_at=NOW)
    return ids


def matching(people, rule, scope=INSIDE, now=NOW):
    found = segments.matching({"rule": "message", **rule}, people, now, scope)
    return [people.index(contact) for contact in sorted(found)]


@pytest.mark.parametrize(
    ("rule", "places"),
    [
        ({"did": "sent"}, [0, 1, 2]),
        ({"did": "opened"}, [0, 1]),
        ({"did": "clicked"}, [0]),
        ({"did_not": "clicked"}, [1, 2, 3, 4]),
        ({"did": "not:opened"}, [2, 3, 4]),
        ({"did": "clicked", "node": "n2"}, [0]),
        ({"did": "clicked", "node": "n3"}, []),
        ({"did": "opened", "scenario": 1}, [0, 1]),
        ({"did": "opened", "scenario": 10}, []),
        ({"did": "opened", "campaign": 1}, []),
        ({"did": "opened", "channel": "sms"}, []),
        ({"did": "opened", "channel": "email"}, [0, 1]),
        ({"did": "bounced"}, []),
        ({"did": "failed"}, []),
        ({"did": "delivered"}, []),
        ({"did": "unsubscribed"}, []),
    ],
)
def test_who_did_what(people, rule, places):
    assert segments.problems({"rule": "message", **rule}, INSIDE) == []
    assert matching(people, rule) == places


def test_only_the_passes_at_hand_count(people):
    rule = {"did": "clicked", "node": "n2"}
    assert matching(people, rule, Scope(origin="scenario:1", passes=[people[0]])) == [0]
    assert matching(people, rule, Scope(origin="scenario:1", passes=[people[1]])) == []


def test_within_counts_from_now(people):
    rule = {"did": "opened", "within": {"amount": 3, "unit": "days"}}
    assert matching(people, rule, now=NOW + timedelta(days=2)) == [0, 1]
    assert matching(people, rule, now=NOW + timedelta(days=4)) == []


def test_a_whole_audience_is_one_query(people, django_assert_num_queries):
    # Two more begin and end the transaction of the count, and two say how it is to be planned.
    with django_assert_num_queries(5):
        assert segments.count({"not": {"rule": "message", "did": "opened"}}, NOW) == 3


@pytest.mark.parametrize(
    "rule",
    [
        {}, {"did": "eaten"}, {"did": ["sent"]}, {"did": "sent", "did_not": "sent"}, {"did": "sent", "scenario": "1"},
        {"did": "sent", "scenario": True}, {"did": "sent", "node": 3}, {"did": "sent", "scenario": 2, "campaign": 1},
        {"did": "sent", "channel": []}, {"did": "sent", "within": {"amount": 0, "unit": "days"}},
        {"did": "sent", "x": 1},
    ],
)  # fmt: skip
def test_nonsense_is_told_in_sentences(rule):
    found = segments.problems({"rule": "message", **rule}, INSIDE)
    assert found
    assert all(sentence.endswith(".") for sentence in found)


def test_a_node_can_only_be_named_inside_a_scenario():
    assert segments.problems({"rule": "message", "did": "sent", "node": "n2"})


def test_a_step_of_a_chain_is_named_from_anywhere_with_its_campaign(people):
    letters.queue(people[3:], letters.content(), origin="campaign:3:n2")
    Message.objects.filter(origin__key="campaign:3:n2").update(sent_at=NOW)
    rule = {"did": "sent", "campaign": 3, "node": "n2"}
    assert segments.problems({"rule": "message", **rule}) == []
    assert matching(people, rule, Scope()) == [3, 4]
    assert matching(people, rule, Scope(origin="scenario:1", passes=[1])) == [3, 4]
    assert matching(people, {**rule, "node": "n1"}, Scope()) == []
    assert matching(people, {"did": "sent", "scenario": 1, "node": "n2"}, Scope()) == [0, 1, 2]
    assert segments.sentence({"rule": "message", **rule}) == "Was sent the message “n2” of campaign 3"


def test_rules_read_as_sentences():
    scope = Scope(origin="scenario:1", nodes=[("n2", "“Welcome”")])
    assert "Clicked “Welcome”" in segments.sentence(
        {"rule": "message", "did": "clicked", "node": "n2", "channel": "email"}, scope
    )
    assert "Did not open any message in the last 3 days" in segments.sentence(
        {"rule": "message", "did_not": "opened", "within": {"amount": 3, "unit": "days"}}
    )
