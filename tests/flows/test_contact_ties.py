"""Contacts become one while they are in scenarios: nobody is in a place twice, and nothing is lost or sent twice."""

from datetime import timedelta

import pytest
from django.db import connection

from campaigns import unsubscribing
from campaigns.delivery import sending
from campaigns.models import Message
from contacts.models import Consent, Contact
from contacts.people import erasing, joining, lingering
from flows import engine, entering, starting
from flows.claiming import running
from flows.models import Execution, Scenario, Step
from tests import make, recount
from tests.contacts.at_once import at_once
from tests.flows.audit import complaints
from tests.flows.drive import until_still

NOW = make.NOW
pytestmark = pytest.mark.django_db
MAIL = {"subject": "Hi", "body": "<p>Hi</p>"}


def welcome(**fields) -> Scenario:
    graph = make.graph(
        ("in", "on_event", {"event": "signed.up"}),
        ("mail", "email", MAIL),
        ("wait", "wait", {"amount": 3, "unit": "days"}),
        ("last", "email", MAIL),
        edges="in>mail mail>wait wait>last",
    )
    made = make.scenario(graph, **fields)
    starting.start(made, NOW)
    return made


def sign_up(*contacts: Contact, at=NOW) -> None:
    # In a test's own transaction the log is not read; whom it would let in enters as it would.
    for scenario in running(list(Scenario.objects.values_list("pk", flat=True))):
        entering.enter(scenario, [contact.pk for contact in contacts], [None] * len(contacts), at)
    until_still(at)


@pytest.fixture
def two() -> tuple[Contact, Contact]:
    return make.contact("ada@example.com"), make.contact("ada@home.example")


def states() -> list[tuple[int, str, bool]]:
    return list(Execution.objects.order_by("pk").values_list("contact_id", "state", "single"))


def test_where_both_are_inside_the_pass_of_who_is_kept_goes_on(two):
    kept, gone = two
    welcome()
    sign_up(gone, kept)
    joining.merge(kept.pk, gone.pk, {}, NOW)
    assert sorted(states()) == [(kept.pk, "exited", False), (kept.pk, "waiting", True)]
    left = Execution.objects.get(state="exited")
    assert Step.objects.filter(execution=left).latest("number").reason.startswith("Two contacts became one")
    # What was queued for the pass that left is not sent to them a second time.
    assert sorted(Message.objects.values_list("state", "reason")) == [("queued", ""), ("skipped", "merged")]
    assert complaints(["mail", "last"]) == {}
    assert recount.of_tables() == {}
    until_still(NOW + timedelta(days=4))
    while sending.work(NOW + timedelta(days=4)):
        pass
    assert Message.objects.exclude(sent_at=None).count() == 2
    assert complaints(["mail", "last"]) == {}


def test_where_one_is_inside_their_pass_goes_on_for_who_is_kept(two):
    kept, gone = two
    welcome()
    sign_up(gone)
    joining.merge(kept.pk, gone.pk, {}, NOW)
    assert states() == [(kept.pk, "waiting", True)]
    until_still(NOW + timedelta(days=4))
    assert states()[0][1] == "completed"
    assert set(Message.objects.values_list("contact_id", flat=True)) == {kept.pk}


@pytest.mark.parametrize(
    ("mode", "ends"), [("once", "exited"), ("not_while_inside", "waiting"), ("every_time", "waiting")]
)
def test_who_has_been_through_and_may_enter_once_does_not_go_through_again(two, mode, ends):
    kept, gone = two
    welcome(reentry=mode)
    sign_up(kept)
    later = NOW + timedelta(days=4)
    until_still(later)
    sign_up(gone, at=later)
    joining.merge(kept.pk, gone.pk, {}, later)
    assert [state for _contact, state, _single in states()] == ["completed", ends]
    assert complaints(["mail", "last"]) == {}


def test_passes_side_by_side_go_on_side_by_side(two):
    kept, gone = two
    welcome(reentry="every_time")
    sign_up(kept, gone)
    joining.merge(kept.pk, gone.pk, {}, NOW)
    assert states() == [(kept.pk, "waiting", False), (kept.pk, "waiting", False)]


def test_links_in_mails_of_who_is_gone_work_and_count_for_who_is_kept(two):
    kept, gone = two
    welcome()
    sign_up(gone)
    while sending.work(NOW):
        pass
    joining.merge(kept.pk, gone.pk, {}, NOW)
    sent = Message.objects.select_related("origin", "contact").get(sent_at=NOW)
    assert unsubscribing.unsubscribe(sent, unsubscribing.PAGE, NOW)
    assert Consent.objects.get().contact_id == kept.pk
    assert recount.of_tables() == {}


@pytest.mark.django_db(transaction=True)
def test_merging_erasing_moving_and_sending_at_once_leave_nobody_behind():
    ids = make.contacts(60)
    graph = make.graph(
        ("in", "now", {}),
        ("mail", "email", MAIL),
        ("tag", "tag", {"add": ["a"]}),
        ("wait", "wait", {"amount": 1, "unit": "days"}),
        ("last", "email", MAIL),
        edges="in>mail mail>tag tag>wait wait>last",
    )
    starting.start(make.scenario(graph), NOW)
    until_still(NOW)
    later = NOW + timedelta(days=2)

    def merge() -> None:
        for kept, gone in zip(ids[:15], ids[15:30], strict=True):
            joining.merge(kept, gone, {}, NOW)

    def erase() -> None:
        for start in range(45, 60, 5):
            erasing.erase(ids[start : start + 5], NOW, "by mia")

    def move() -> None:
        while engine.advance(later):
            pass

    def send() -> None:
        while sending.work(NOW):
            pass

    at_once(merge, erase, move, send)
    until_still(later)
    while sending.work(later):
        pass
    for _ in range(60):
        lingering.settle(later)
    there = set(Contact.with_erased.values_list("pk", flat=True))
    assert len(there) == 45
    assert set(Execution.objects.values_list("contact_id", flat=True)) <= there
    assert set(Message.objects.values_list("contact_id", flat=True)) <= there
    assert not Execution.objects.filter(state__in=("pending", "waiting", "processing")).exists()
    assert complaints(["mail", "last"]) == {}
    assert recount.of_tables() == {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM contacts_merge WHERE NOT settled")
        assert cursor.fetchone()[0] == 0
