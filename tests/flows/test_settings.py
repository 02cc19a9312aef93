"""A scenario's settings: who enters again, who leaves early, which version contacts follow."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.models import User
from contacts import segments, timeline
from contacts.attributes import attributing
from contacts.models import Segment
from contacts.segments import using
from flows import cloning, configuring, entering, pausing, saving, starting
from flows.claiming import running
from flows.models import Execution, Scenario
from tests import make
from tests.flows.drive import until_still
from tests.make import NOW

pytestmark = pytest.mark.django_db
VIP = {"rule": "tag", "name": "vip"}
RESTING = make.graph(
    ("in", "on_event", {"event": "order.placed"}),
    ("rest", "wait", {"amount": 1, "unit": "days"}),
    edges="in>rest",
)
ASKED = {"name": "Welcome", "description": "", "reentry": "not_while_inside", "follows": "live", "most_rounds": 5}


def segment(rule: Any = VIP, name: str = "VIPs") -> Segment:
    return Segment.objects.create(name=name, rule=rule)


@pytest.fixture
def mara() -> Client:
    client = Client()
    mara = User.objects.create_superuser("mara", "mara@example.com", "correct horse battery")
    client.force_login(mara, backend="django.contrib.auth.backends.ModelBackend")
    return client


def posted(client: Client, scenario: Scenario, **fields: Any) -> str:
    """What the dialog answers: nothing where it closes."""
    answer = client.post(reverse("scenario_settings", args=[scenario.pk]), {**ASKED, **fields})
    scenario.refresh_from_db()
    return answer.content.decode()


def test_the_dialog_shows_and_keeps_everything(mara):
    vips, scenario = segment(), make.scenario(RESTING)
    fields = {
        "name": "Cart",
        "description": "Reminds",
        "reentry": "spaced",
        "spaced_amount": 3,
        "spaced_unit": "days",
        "leave_objective": "on",
        "leave_segment": vips.pk,
        "leave_rule": '{"rule": "tag", "name": "vip"}',
        "follows": "entered",
        "most_rounds": 7,
        "keeps_when_stopped": "on",
    }
    assert posted(mara, scenario, **fields) == ""
    assert (scenario.name, scenario.description, scenario.follows) == ("Cart", "Reminds", "entered")
    assert (scenario.reentry, scenario.reentry_hours, scenario.most_rounds) == ("spaced", 72, 7)
    assert scenario.exits == {"objective": True, "segment": vips.pk, "rule": VIP}
    assert scenario.keeps_when_stopped
    html = mara.get(reverse("scenario_settings", args=[scenario.pk]), headers={"HX-Request": "true"}).content.decode()
    assert 'name="spaced_amount" value="3"' in html and '<option value="days" selected>' in html
    assert f'<option value="{vips.pk}" selected>VIPs' in html and "&quot;vip&quot;" in html
    copy = cloning.clone(scenario, None, NOW)
    for name in ("reentry", "reentry_hours", "exits", "follows", "most_rounds", "keeps_when_stopped"):
        assert getattr(copy, name) == getattr(scenario, name)
    assert posted(mara, scenario) == ""
    assert (scenario.exits, scenario.reentry_hours, scenario.keeps_when_stopped) == ({}, None, False)


def test_the_dialog_says_what_is_wrong(mara):
    scenario = make.scenario(RESTING)
    assert "Say how much time lies between two entries." in posted(mara, scenario, reentry="spaced")
    assert "about ten years" in posted(mara, scenario, reentry="spaced", spaced_amount=99_999, spaced_unit="days")
    assert "Give a number from 1 to 10,000." in posted(mara, scenario, most_rounds=0)
    assert "This segment no longer exists." in posted(mara, scenario, leave_segment=999)
    (sentence,) = segments.problems({"rule": "tag"})
    assert sentence in posted(mara, scenario, leave_rule='{"rule": "tag"}')
    assert (scenario.reentry, scenario.exits, scenario.most_rounds) == ("not_while_inside", {}, 100)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"reentry": "spaced"}, "reentry_hours"),
        ({"reentry": "spaced", "reentry_hours": 0}, "reentry_hours"),
        ({"reentry_hours": 10**6}, "reentry_hours"),
        ({"most_rounds": 0}, "most_rounds"),
        ({"most_rounds": 10_001}, "most_rounds"),
        ({"exits": []}, "exits"),
        ({"exits": {"leave": True}}, "exits"),
        ({"exits": {"objective": 1}}, "exits"),
        ({"exits": {"segment": 999}}, "exits"),
        ({"exits": {"segment": True}}, "exits"),
        ({"exits": {"rule": {"rule": "tag"}}}, "exits"),
        ({"exits": {"rule": {"rule": "property", "field": "n", "op": "equals", "value": 1}}}, "exits"),
    ],
)
def test_what_cannot_be_is_said_by_field(settings, field):
    assert configuring.problems(settings).keys() == {field}


def test_a_segment_knows_the_scenarios_that_leave_by_it():
    vips, others = segment(), segment(name="Others")
    make.scenario(RESTING, name="Excludes", exits={"segment": vips.pk})
    make.scenario(RESTING, name="Asks", exits={"rule": {"not": {"rule": "segment", "id": vips.pk}}})
    make.scenario(RESTING, name="Else", exits={"segment": others.pk, "objective": True})
    assert {use.name for use in using.uses(vips.pk)} == {"Excludes", "Asks"}


def test_another_mode_holds_for_contacts_who_were_in_before():
    (ann,) = make.contacts(1)
    scenario = make.scenario(RESTING, reentry="once")
    starting.start(scenario, NOW)

    def enters(now: Any) -> int:
        (locked,) = running([scenario.pk])
        return entering.enter(locked, [ann], [None], now)

    day = timedelta(days=1)
    assert (enters(NOW), enters(NOW)) == (1, 0)
    until_still(NOW + day)
    assert enters(NOW + day) == 0
    configuring.change(scenario, {"reentry": "not_while_inside"})
    assert enters(NOW + day) == 1
    configuring.change(scenario, {"reentry": "every_time"})
    assert enters(NOW + day) == 1
    until_still(NOW + 2 * day)
    configuring.change(scenario, {"reentry": "spaced", "reentry_hours": 48})
    assert enters(NOW + 2 * day) == 0
    assert enters(NOW + 3 * day) == 1
    assert Execution.objects.count() == 4


def test_events_of_old_versions_are_listened_to_where_contacts_finish_them():
    waiting = make.graph(
        ("in", "on_event", {"event": "cart.updated"}),
        ("rest", "wait_for", {"event": "order.placed", "amount": 1, "unit": "days"}),
        edges="in>rest",
    )
    scenario = make.scenario(waiting)
    assert scenario.awaits == ["order.placed"]
    saving.save(scenario, make.graph(("in", "on_event", {"event": "cart.updated"}), edges=""), {}, None, None, NOW)
    assert scenario.awaits == []
    configuring.change(scenario, {"follows": "entered"})
    assert scenario.awaits == ["order.placed"]
    configuring.change(scenario, {"follows": "live"})
    assert scenario.awaits == []


def test_nobody_of_the_excluded_segment_enters_and_who_comes_into_it_leaves():
    ann, ben = make.contacts(2)
    hello = ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"})
    graph = make.graph(
        ("in", "now", {}), ("rest", "wait", {"amount": 1, "unit": "days"}), hello, edges="in>rest rest>mail"
    )
    old = segment({"rule": "attribute", "field": "plan", "op": "equals", "value": "old"})
    make.contact("old@example.com", attributes={"plan": "old"})
    scenario = make.scenario(graph, exits={"segment": old.pk})
    starting.start(scenario, NOW)
    until_still(NOW)
    assert list(Execution.objects.values_list("contact_id", flat=True)) == [ann, ben]
    attributing.change([ben], {"plan": "old"}, [], NOW)
    until_still(NOW + timedelta(days=1))
    assert list(Execution.objects.order_by("pk").values_list("state", "node")) == [
        ("completed", "mail"),
        ("exited", "mail"),
    ]


def test_who_reaches_the_objective_leaves_at_once(transactional_db):
    ann, ben = make.contacts(2)
    scenario = make.scenario(RESTING, exits={"objective": True})
    Scenario.objects.filter(pk=scenario.pk).update(objective={"kind": "event", "event": "paid", "within_days": 3})
    starting.start(scenario, NOW)
    timeline.record_for([ann, ben], "order.placed", {}, NOW)
    until_still(NOW)
    soon = NOW + timedelta(hours=1)
    timeline.record_for([ann], "paid", {}, soon)
    until_still(soon)
    assert list(Execution.objects.order_by("pk").values_list("state", flat=True)) == ["exited", "waiting"]


def test_who_reached_the_objective_in_a_pause_leaves_before_the_next_action(transactional_db):
    ann, ben = make.contacts(2)
    hello = ("mail", "email", {"subject": "Hello", "body": "<p>Hello</p>"})
    trigger, rest = ("in", "on_event", {"event": "order.placed"}), ("rest", "wait", {"amount": 1, "unit": "days"})
    scenario = make.scenario(make.graph(trigger, rest, hello, edges="in>rest rest>mail"), exits={"objective": True})
    Scenario.objects.filter(pk=scenario.pk).update(objective={"kind": "event", "event": "paid"})
    starting.start(scenario, NOW)
    timeline.record_for([ann, ben], "order.placed", {}, NOW)
    until_still(NOW)
    pausing.pause(scenario, NOW)
    soon = NOW + timedelta(hours=1)
    timeline.record_for([ann], "paid", {}, soon)
    until_still(soon)
    assert set(Execution.objects.values_list("state", flat=True)) == {"waiting"}
    pausing.resume(scenario, soon)
    until_still(NOW + timedelta(days=1))
    assert list(Execution.objects.order_by("pk").values_list("state", "node")) == [
        ("exited", "mail"),
        ("completed", "mail"),
    ]
