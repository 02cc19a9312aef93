"""Scenarios go by the definitions of attributes: what they set, and whose date they wait for."""

from datetime import UTC, datetime

import pytest

from contacts import timeline
from contacts.models import Contact, Installation
from flows import starting
from flows.models import Execution
from flows.nodes import registry
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_what_a_node_sets_has_to_fit():
    make.attribute("seats", "number")
    make.attribute("plan", "choice", choices=["Basic", "Pro"])
    problems = registry()["update_contact"].problems
    assert problems({"set": {"seats": "many"}}) == ["Set attributes: “seats”: “many” is not a number."]
    assert problems({"set": {"plan": "Gold"}}) == ["Set attributes: “plan”: “Gold” is not one of Basic, Pro."]
    assert problems({"set": {"Plan": "{{ event.plan }}"}}) == [
        "Set attributes: “Plan”: This attribute is written “plan”."
    ]
    assert problems({"set": {"seats": ""}}) == ["Set attributes: “seats” needs a value. To remove it, name it below."]
    assert problems({"set": {"seats": "{{ event.seats }}", "plan": "pro"}}) == []
    tidy = registry()["update_contact"].tidy({"set": {"seats": "12,5", "plan": "pro"}})
    assert tidy["set"] == {"seats": 12.5, "plan": "Pro"}


@pytest.mark.django_db(transaction=True)
def test_what_is_filled_in_is_kept_typed_and_what_does_not_fit_ends_the_pass():
    for name, type in [("seats", "number"), ("likes", "list"), ("born", "date")]:
        make.attribute(name, type)
    people = {name: make.contact(f"{name}@example.com").pk for name in ("ann", "ben", "cem")}
    given = {"seats": "{{ event.seats }}", "likes": "Red; Blue", "born": "{{ event.born }}"}
    graph = make.graph(
        ("in", "on_event", {"event": "order.placed"}), ("set", "update_contact", {"set": given}), edges="in>set"
    )
    starting.start(make.scenario(graph), NOW)
    for name, properties in [("ann", {"seats": 3, "born": "1990-5-17"}), ("ben", {"seats": "many"}), ("cem", {})]:
        timeline.record([timeline.NewEvent(people[name], "order.placed", properties)], NOW)
    until_still(NOW)
    found = dict(Contact.objects.values_list("pk", "attributes"))
    assert found[people["ann"]] == {"seats": 3, "likes": ["Red", "Blue"], "born": "1990-05-17"}
    assert found[people["cem"]] == {"likes": ["Red", "Blue"]}
    failed = Execution.objects.get(contact=people["ben"])
    assert (failed.state, found[people["ben"]]) == ("failed", {})
    assert "“seats”: “many” is not a number." in failed.error


def test_a_date_is_chosen_among_those_that_are_defined():
    make.attribute("born", "date", label="<Born>")
    make.attribute("plan", "text")
    node = registry()["on_date"]
    assert node.problems({"attribute": "plan"}) == ["Date attribute: “plan” is no date: it is defined as text."]
    assert node.problems({"attribute": "born"}) == node.problems({"attribute": "free"}) == []
    control = str(node.form({})["attribute"])
    assert '<option value="born">&lt;Born&gt;</option>' in control and "plan" not in control
    assert 'list="id_attribute-options"' in control


def test_a_moment_is_the_day_that_it_is_where_the_contact_is():
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/Paris"})
    moment = "2026-03-20T23:30:00Z"
    for name, zone in [("kyo", "Asia/Tokyo"), ("ny", "America/New_York"), ("house", "")]:
        make.contact(f"{name}@example.com", attributes={"visit": moment}, timezone=zone)
    make.contact("odd@example.com", attributes={"visit": "2026-03-21 or so"})
    node = registry()["on_date"]

    def who(day):
        found = node.audience({"attribute": "visit"}, {"date": day}, datetime(2026, 3, 1, tzinfo=UTC))
        return sorted(contact.email.partition("@")[0] for contact in found)

    assert who("2026-03-20") == ["house", "kyo", "ny"]
    make.attribute("visit", "datetime")
    assert (who("2026-03-20"), who("2026-03-21")) == (["ny"], ["house", "kyo", "odd"])
