"""What happens to contacts lets them into the scenarios that listen to it."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns import unsubscribing
from campaigns.delivery import sending
from campaigns.models import Message, Provider
from campaigns.tracking import visits
from contacts import saving, tagging, timeline
from contacts.models import Contact, Event
from contacts.segments import deleting
from flows import pausing, starting
from flows.models import Execution, Reentry, Scenario
from tests import make
from tests.contacts.membering import members, segment, settle
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = ("mail", "email", {"subject": "Hello", "body": '<p><a href="https://example.com/">Hello</a></p>'})


@pytest.fixture(autouse=True)
def outbox():
    # The accounts that a migration made are gone after another transactional test.
    Provider.objects.get_or_create(channel="email", kind="local", defaults={"name": "Outbox"})


def listening_to(event: str, rule: dict[str, Any] | None = None, days: int = 1, **fields: Any) -> Scenario:
    """A running scenario that keeps whoever an event lets in for so many days."""
    graph = make.graph(
        ("in", "on_event", {"event": event, "filter": rule}),
        ("rest", "wait", {"amount": days, "unit": "days"}),
        edges="in>rest",
    )
    scenario = make.scenario(graph, name=f"After {event}", **fields)
    starting.start(scenario, NOW)
    return scenario


def inside(scenario: Scenario) -> list[str]:
    until_still(NOW)
    emails = Execution.objects.filter(scenario=scenario).order_by("pk").values_list("contact__email", flat=True)
    return [email.split("@")[0] for email in emails]


def about(field: str, value: Any) -> dict[str, Any]:
    return {"rule": "property", "field": field, "op": "equals", "value": value}


def mailed(*emails: str) -> dict[str, Message]:
    """A running scenario writes to these contacts; the messages by the first part of the address."""
    for email in emails:
        make.contact(f"{email}@example.com")
    scenario = make.scenario(make.graph(("in", "now", {}), MAIL, edges="in>mail"), name="Letter")
    starting.start(scenario, NOW)
    until_still(NOW)
    while sending.work(NOW):
        pass
    messages = Message.objects.select_related("contact", "origin").filter(state="sent")
    return {message.contact.email.split("@")[0]: message for message in messages}


def test_contacts_who_are_made_enter():
    make.contact("old@example.com")
    scenario = listening_to("contact.created")
    saving.create({"email": "ann@example.com"}, NOW)
    saving.upsert([{"email": "ben@example.com"}, {"email": "old@example.com", "first_name": "Ola"}], NOW)
    assert inside(scenario) == ["ann", "ben"]


def test_contacts_who_change_enter():
    ann, _ben = make.contact("ann@example.com"), make.contact("ben@example.com")
    scenario = listening_to("contact.updated")
    saving.update(ann, {"first_name": "Ann"}, NOW)
    saving.create({"email": "cleo@example.com"}, NOW)
    assert inside(scenario) == ["ann"]


def test_a_certain_tag_lets_in_when_it_comes_and_another_scenario_when_it_goes():
    ann, ben = make.contact("ann@example.com").pk, make.contact("ben@example.com").pk
    came = listening_to("tag.added", about("tag", "vip"))
    went = listening_to("tag.removed", about("tag", "vip"))
    tagging.add([ann], ["vip", "new"], NOW)
    tagging.add([ben], ["new"], NOW)
    tagging.remove([ben], ["vip"], NOW)
    assert (inside(came), inside(went)) == (["ann"], [])
    tagging.remove([ann], ["vip"], NOW)
    assert inside(went) == ["ann"]


def test_what_becomes_of_a_mail_lets_in():
    sent, opened = listening_to("email.sent"), listening_to("email.opened")
    clicked, left = listening_to("email.clicked"), listening_to("email.unsubscribed")
    messages = mailed("ann", "ben", "cleo")
    assert inside(sent) == ["ann", "ben", "cleo"]
    visits.opened(messages["ben"], NOW)
    visits.clicked(messages["ann"], 0, "https://example.com/", NOW)
    unsubscribing.unsubscribe(messages["cleo"], "link", NOW)
    assert inside(opened) == ["ann", "ben"], "who clicks has opened"
    assert inside(clicked) == ["ann"]
    assert inside(left) == ["cleo"]


def test_entering_and_completing_one_scenario_lets_into_others():
    first = make.scenario(
        make.graph(
            ("in", "on_event", {"event": "order.placed"}),
            ("ask", "condition", {"rule": {"rule": "tag", "name": "slow"}}),
            ("rest", "wait", {"amount": 1, "unit": "hours"}),
            edges="in>ask ask:yes>rest",
        )
    )
    starting.start(first, NOW)
    entered = listening_to("scenario.entered", about("scenario", first.pk))
    completed = listening_to("scenario.completed", about("scenario", first.pk))
    ann, ben = make.contact("ann@example.com").pk, make.contact("ben@example.com").pk
    tagging.add([ann], ["slow"], NOW)
    timeline.record_for([ann, ben], "order.placed", {}, NOW)
    assert inside(entered) == ["ann", "ben"]
    assert inside(completed) == ["ben"]
    until_still(NOW + timedelta(hours=1))
    assert inside(completed) == ["ben", "ann"]
    told = Event.objects.filter(name__startswith="scenario.", properties={"scenario": first.pk})
    assert told.count() == 4


def test_passes_are_not_told_where_nobody_listens():
    scenario = listening_to("order.placed")
    ann = make.contact("ann@example.com").pk
    timeline.record_for([ann], "order.placed", {}, NOW)
    assert inside(scenario) == ["ann"]
    until_still(NOW + timedelta(days=1))
    assert set(Event.objects.values_list("name", flat=True)) == {"order.placed"}


@pytest.mark.parametrize("event", ["scenario.entered", "scenario.completed"])
def test_a_scenario_does_not_let_in_by_its_own_passes(event):
    scenario = listening_to(event)
    other = make.scenario(make.graph(("in", "now", {}), edges=""), name="Other")
    # Somebody else listens too, so that its own passes are told as well.
    listening_to(event, about("scenario", scenario.pk), days=30)
    ann = make.contact("ann@example.com")
    starting.start(other, NOW)
    assert inside(scenario) == ["ann"]
    for day in range(1, 4):
        until_still(NOW + timedelta(days=day))
    assert Execution.objects.filter(scenario=scenario, contact=ann).count() == 1


def test_what_happened_before_the_start_or_in_a_pause_lets_nobody_in():
    ann, ben, cleo = (make.contact(f"{name}@example.com").pk for name in ("ann", "ben", "cleo"))
    timeline.record_for([ann], "order.placed", {}, NOW - timedelta(hours=1))
    scenario = listening_to("order.placed")
    assert inside(scenario) == []
    pausing.pause(scenario, NOW)
    timeline.record_for([ben], "order.placed", {}, NOW)
    until_still(NOW)
    pausing.resume(scenario, NOW)
    timeline.record_for([cleo], "order.placed", {}, NOW)
    assert inside(scenario) == ["cleo"]


def test_once_means_one_time_only():
    ann = make.contact("ann@example.com").pk
    once, again = listening_to("order.placed", reentry=Reentry.ONCE), listening_to("order.placed")
    for day in (0, 2):
        timeline.record_for([ann], "order.placed", {}, NOW + timedelta(days=day))
        until_still(NOW + timedelta(days=day))
        until_still(NOW + timedelta(days=day + 1))
    assert (len(inside(once)), len(inside(again))) == (1, 2)


def test_events_of_contacts_who_are_gone_let_nobody_in():
    scenario = listening_to("order.placed")
    ann = make.contact("ann@example.com")
    timeline.record_for([ann.pk], "order.placed", {}, NOW)
    Contact.objects.filter(pk=ann.pk).delete()
    assert inside(scenario) == []


def test_coming_into_a_certain_segment_lets_in_and_going_out_of_it_elsewhere():
    vip, new = segment("VIP", {"rule": "tag", "name": "vip"}), segment("New", {"rule": "tag", "name": "new"})
    came, went = listening_to("segment.entered", about("segment", vip.pk)), listening_to("segment.left")
    named = listening_to("segment.entered", about("name", "New"))
    ann, ben = make.contact("ann@example.com").pk, make.contact("ben@example.com").pk
    tagging.add([ann], ["vip"], NOW)
    tagging.add([ben], ["new"], NOW)
    settle()
    assert (inside(came), inside(named), inside(went)) == (["ann"], ["ben"], [])
    tagging.remove([ben], ["new"], NOW)
    settle()
    assert (inside(came), inside(named), inside(went)) == (["ann"], ["ben"], ["ben"])
    assert (members(vip), members(new)) == ({ann}, set())


@pytest.mark.parametrize("as_text", [False, True])
def test_a_segment_that_a_scenario_listens_to_cannot_be_deleted(as_text):
    vip, other = segment("VIP", {"rule": "tag", "name": "vip"}), segment("Other", {"all": []})
    listening_to("segment.left", {"all": [about("segment", str(vip.pk) if as_text else vip.pk)]})
    listening_to("order.placed", about("segment", other.pk))
    with pytest.raises(deleting.InUse, match=r"After segment\.left"):
        deleting.delete(vip)
    deleting.delete(other)
