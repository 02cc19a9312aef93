"""The yardstick itself, against traces written by hand, and the random scenarios it is used on."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from campaigns.models import Provider
from flows import validation
from tests import make
from tests.flows.reference import strategies
from tests.flows.reference.interpreter import Happening, Person, Settings, walk
from tests.make import NOW

DAY = timedelta(days=1)
FIRST = make.graph(
    ("in", "on_event", {"event": "contact.created"}),
    ("mail", "email", {}),
    ("wait", "wait", {"amount": 7, "unit": "days"}),
    ("ask", "condition", {"rule": {"rule": "message", "did": "clicked", "node": "mail"}}),
    ("again", "email", {}),
    edges="in>mail mail>wait wait>ask ask:no>again",
)


def test_who_does_not_click_gets_a_second_mail():
    made = Happening(NOW, "ann", event="contact.created")
    (walked,) = walk(FIRST, Person("ann"), [made], NOW, NOW + 30 * DAY).passes
    assert walked.steps == [
        (NOW, "in", "next"),
        (NOW, "mail", "next"),
        (NOW + 7 * DAY, "wait", "next"),
        (NOW + 7 * DAY, "ask", "no"),
        (NOW + 7 * DAY, "again", "next"),
    ]
    assert walked.state == "completed"


def test_who_clicks_does_not():
    made = Happening(NOW, "ann", event="contact.created")
    click = Happening(NOW + DAY, "ann", did="clicked", node="mail")
    walked = walk(FIRST, Person("ann"), [made, click], NOW, NOW + 30 * DAY)
    assert walked.messages == [(NOW, "mail", 1, "sent", "")]
    assert walked.passes[0].steps[-1] == (NOW + 7 * DAY, "ask", "yes")


def test_nobody_enters_who_is_inside_and_once_is_once():
    made = [Happening(NOW + n * DAY, "ann", event="contact.created") for n in (0, 3, 8)]
    assert [p.entered_at for p in walk(FIRST, Person("ann"), made, NOW, NOW + 9 * DAY).passes] == [NOW, NOW + 8 * DAY]
    assert len(walk(FIRST, Person("ann"), made, NOW, NOW + 9 * DAY, settings=Settings("once")).passes) == 1


def test_a_wait_keeps_the_clock_time_of_the_contact():
    graph = make.graph(("in", "now", {}), ("wait", "wait", {"amount": 1, "unit": "months"}), edges="in>wait")
    (walked,) = walk(graph, Person("ann", "Europe/Paris"), [], NOW, NOW + 40 * DAY).passes
    assert walked.steps[-1] == (datetime(2026, 4, 10, 8, tzinfo=NOW.tzinfo), "wait", "next")


def test_while_paused_nobody_enters_and_what_is_overdue_goes_on_at_the_resume():
    made = [Happening(NOW + n * DAY, "ann", event="contact.created") for n in (0, 11)]
    operator = [Happening(NOW + 5 * DAY, presses="pause"), Happening(NOW + 12 * DAY, presses="resume")]
    (walked,) = walk(FIRST, Person("ann"), made + operator, NOW, NOW + 30 * DAY).passes
    assert walked.steps[2] == (NOW + 12 * DAY, "wait", "next")


def test_who_has_left_is_not_written_to():
    made = Happening(NOW, "ann", event="contact.created")
    leaves = Happening(NOW + DAY, "ann", channel="email", says="unsubscribed")
    walked = walk(FIRST, Person("ann"), [made, leaves], NOW, NOW + 30 * DAY)
    assert [message[3:] for message in walked.messages] == [("sent", ""), ("skipped", "no consent")]


def test_rhythms_count_days_and_weeks_from_the_first_one():
    def entries(**rhythm):
        config = {"time": "12:00", "timezone": "UTC", "weekdays": [], **rhythm}
        graph = make.graph(("in", "repeat", config), edges="")
        return [(p.entered_at - NOW).days for p in walk(graph, Person("ann"), [], NOW, NOW + 16 * DAY).passes]

    assert entries(every=5, unit="day") == [0, 5, 10, 15]
    # NOW is a Tuesday.
    assert entries(every=2, unit="week") == [0, 14]
    assert entries(every=2, unit="week", weekdays=["mon", "wed"]) == [1, 13, 15]


@pytest.mark.django_db
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.cases())
def test_random_scenarios_could_be_started_and_end_where_they_should(case):
    for channel in ("email", "sms"):
        Provider.objects.get_or_create(channel=channel, kind="local", defaults={"name": "Outbox"})
    graphs = [case.graph, *(h.edit.graph for h in case.happenings if h.edit)]
    assert [validation.problems(graph) for graph in graphs] == [[] for _ in graphs]
    for person in case.people:
        for walked in walk(
            case.graph, person, case.happenings, NOW, NOW + strategies.HORIZON, case.settings, lambda node: "a"
        ).passes:
            assert [step[0] for step in walked.steps] == sorted(step[0] for step in walked.steps)
            assert walked.inside == (walked.due is not None)
