"""What has become overdue in a pause: sent, skipped, or spread over some hours, as the operator wants it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import stats as message_stats
from campaigns.models import Message
from flows import overdue, pausing, starting, stopping
from flows.models import Execution, Scenario, Step
from flows.overdue import Policy
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TWO = make.graph(
    ("in", "now", {"segment": None}),
    ("hello", "email", {"subject": "Hello", "body": "Hello"}),
    ("rest", "wait", {"amount": 10, "unit": "hours"}),
    ("again", "email", {"subject": "Again", "body": "Again"}),
    ("tag", "tag", {"add": ["seen"]}),
    ("more", "wait", {"amount": 1, "unit": "hours"}),
    ("last", "email", {"subject": "Last", "body": "Last"}),
    edges="in>hello hello>rest rest>again again>tag tag>more more>last",
)


def paused(contacts: int = 4) -> Scenario:
    """Contacts wait for an hour, then for an hour more each, their first mails are queued; then nobody moves."""
    make.contacts(contacts)
    scenario = make.scenario(TWO, keeps_when_stopped=True)
    starting.start(scenario, NOW)
    until_still(NOW)
    for n, execution in enumerate(Execution.objects.order_by("pk"), start=1):
        Execution.objects.filter(pk=execution.pk).update(due_at=NOW + n * HOUR)
    pausing.pause(scenario, NOW)
    return scenario


def dues() -> list[float]:
    """In hours, by the order of the passes."""
    return [(due - NOW) / HOUR for due in Execution.objects.order_by("pk").values_list("due_at", flat=True)]


def messages(node: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for state, reason in Message.objects.filter(origin__key__endswith=f":{node}").values_list("state", "reason"):
        words = f"{state}: {reason}" if reason else state
        found[words] = found.get(words, 0) + 1
    return found


def test_what_is_overdue_is_counted_with_the_oldest_of_it():
    scenario = paused()
    found = overdue.overdue(scenario, NOW + 3.5 * HOUR)
    assert (found.contacts, found.messages, found.oldest) == (3, 4, NOW)
    found = overdue.overdue(scenario, NOW + 3.5 * HOUR, by=2 * HOUR)
    assert (found.contacts, found.messages, found.oldest) == (1, 4, NOW)
    assert not overdue.overdue(scenario, NOW - HOUR)


def test_everything_overdue_is_sent_by_default():
    scenario = paused()
    pausing.resume(scenario, NOW + 4 * HOUR)
    until_still(NOW + 4 * HOUR)
    assert messages("hello") == messages("again") == {"queued": 4}


def test_messages_that_are_too_late_are_skipped_and_their_contacts_go_on():
    scenario = paused()
    pausing.resume(scenario, NOW + 4.5 * HOUR, Policy("skip", 2))
    until_still(NOW + 4.5 * HOUR)
    # Due since 3.5 and 2.5 hours, the other two since 1.5 and 0.5.
    assert messages("hello") == {"skipped: too late": 4}
    assert messages("again") == {"skipped: too late": 2, "queued": 2}
    assert set(Execution.objects.values_list("node", "state")) == {("more", "waiting")}
    assert set(Step.objects.filter(node="again").values_list("reason", flat=True)) == {
        "",
        "Too late: the message was not sent.",
    }
    # Whoever rested again is late no more.
    until_still(NOW + 6 * HOUR)
    assert messages("last") == {"queued": 4}
    counts = message_stats.counts([f"scenario:{scenario.pk}:again"])[f"scenario:{scenario.pk}:again"]
    assert counts == {"queued": 4, "skipped": 2, "skipped:too late": 2}
    found = complaints(["hello", "again", "last"])
    assert found.keys() <= {"messages and the timeline disagree"}


def test_what_is_overdue_is_spread_evenly_in_its_order():
    scenario = paused()
    pausing.resume(scenario, NOW + 5 * HOUR, Policy("spread", 2))
    assert dues() == [5, 5.5, 6, 6.5]
    held = Message.objects.order_by("pk").values_list("due_at", flat=True)
    assert [(due - NOW) / HOUR for due in held] == [5, 5.5, 6, 6.5]
    until_still(NOW + 5.6 * HOUR)
    assert messages("again") == {"queued": 2}


def test_who_is_not_due_yet_keeps_their_time():
    scenario = paused()
    pausing.resume(scenario, NOW + 2.5 * HOUR, Policy("spread", 10))
    assert dues() == [2.5, 7.5, 3, 4]


def test_the_last_choice_counts():
    scenario = paused()
    pausing.resume(scenario, NOW + 4 * HOUR, Policy("skip", 1))
    pausing.pause(scenario, NOW + 4 * HOUR)
    pausing.resume(scenario, NOW + 5 * HOUR)
    until_still(NOW + 5 * HOUR)
    assert messages("again") == {"queued": 4}


@pytest.mark.parametrize("policy", [Policy("send"), Policy("skip", 1), Policy("spread", 1)])
def test_a_choice_costs_the_same_for_any_number(policy: Policy):
    def statements(contacts: int) -> int:
        Execution.objects.all().delete()
        scenario = paused(contacts)
        with CaptureQueriesContext(connection) as queries:
            pausing.resume(scenario, NOW + 500 * HOUR, policy)
        make.Contact.objects.all().delete()
        return len(queries)

    statements(1)
    assert statements(2) == statements(40)


def test_those_who_were_kept_in_a_stop_go_on_by_the_same_choice():
    scenario = paused()
    stopping.stop(scenario, NOW + HOUR)
    until_still(NOW + 4 * HOUR)
    assert set(Execution.objects.values_list("node", "state")) == {("rest", "waiting")}
    starting.start(scenario, NOW + 4.5 * HOUR, Policy("spread", 4))
    assert dues() == [4.5, 5.5, 6.5, 7.5]
