"""The engine's batches do to everybody what the naive interpreter does to one contact at a time."""

import os
from collections import deque
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Min
from hypothesis import HealthCheck, given, settings

from campaigns.delivery import sending
from campaigns.models import Message, Provider
from campaigns.tracking import visits
from contacts import consent, tagging, timeline
from contacts.models import Contact, ContactTag, Segment
from flows import configuring, pausing, publishing, saving, starting
from flows.models import INSIDE, Execution, Scenario, Step
from flows.nodes import ab_test
from flows.overdue import Policy
from flows.publishing import Answers
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.reference import strategies
from tests.flows.reference.interpreter import Happening, Person, walk_together
from tests.flows.reference.strategies import HORIZON, Case
from tests.make import NOW

END = NOW + HORIZON
# A few in every run of the tests, always the same; `make fuzz` draws as many others as one has patience for.
EXAMPLES = int(os.environ.get("WAYPOST_FUZZ", 0))


# Real commits, because only what is committed can be read from the timeline.
@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=EXAMPLES or 25,
    derandomize=not EXAMPLES,
    print_blob=bool(EXAMPLES),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(strategies.cases())
def test_the_engine_does_what_scenarios_mean(case: Case):
    _empty()
    contacts = {person.name: _contact(person) for person in case.people}
    scenario = _scenario(case)
    happened = _play(scenario, case, contacts)
    chances = [partial(_drawn, scenario, contacts[person.name]) for person in case.people]
    walks = walk_together(case.graph, case.people, happened, NOW, END, case.settings, chances)
    for person, expected in zip(case.people, walks, strict=True):
        if expected.ambiguous:
            continue
        executions = list(Execution.objects.filter(contact_id=contacts[person.name]).order_by("pk"))
        assert [_passed(execution) for execution in executions] == [
            (walked.entered_at, walked.steps, walked.state, walked.node, walked.due) for walked in expected.passes
        ]
        assert _sent(contacts[person.name]) == expected.messages
        names = ContactTag.objects.filter(contact_id=contacts[person.name]).values_list("tag__name", flat=True)
        assert set(names) == expected.tags
        assert Contact.objects.get(pk=contacts[person.name]).attributes == expected.attributes
    graphs = [case.graph, *(happening.edit.graph for happening in happened if happening.edit)]
    senders = {node["id"] for graph in graphs for node in graph["nodes"] if node["type"] in ("email", "sms")}
    assert complaints(sorted(senders)) == {}


def _empty() -> None:
    tables = ["contacts_contact", "flows_scenario", "flows_execution", "flows_step", "campaigns_message"]
    tables += ["contacts_event", "contacts_contacttag", "contacts_consent", "contacts_membership"]
    tables += ["campaigns_origin", "contacts_segment", "contacts_eventcursor", "django_q_ormq"]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    for channel in ("email", "sms"):
        Provider.objects.get_or_create(channel=channel, kind="local", defaults={"name": "Outbox"})


def _scenario(case: Case) -> Scenario:
    settings, exits = case.settings, {}
    if settings.leave_reached:
        exits["objective"] = True
    if settings.leave_rule:
        exits["rule"] = settings.leave_rule
    if settings.excluded:
        exits["segment"] = Segment.objects.create(name="Excluded", rule=settings.excluded).pk
    assert configuring.problems({"exits": exits}) == {}
    scenario = Scenario.objects.create(
        name="Random",
        reentry=settings.reentry,
        reentry_hours=settings.hours if settings.reentry == "spaced" else None,
        most_rounds=settings.most_rounds,
        exits=exits,
        follows=settings.follows,
    )
    saving.save(scenario, case.graph, settings.objective or {}, None, None, NOW)
    return scenario


def _drawn(scenario: Scenario, contact: int, node: dict[str, Any]) -> str:
    """What chance gives the contact at a node: the same whenever and wherever it is asked."""
    shares = [(port, row["weight"]) for port, row in zip("abcd", node["config"]["variants"], strict=False)]
    return ab_test.drawn(f"{scenario.origin}:{node['id']}:{contact}", shares)


def _contact(person: Person) -> int:
    address = {"email": f"{person.name}@example.com", "phone": person.phone or None}
    made = make.contact(timezone=person.zone, attributes=person.attributes, **address)
    tagging.add([made.pk], person.tags, NOW)
    for channel, state in person.consent.items():
        consent.set_state([made.pk], channel, state, "", NOW)
    return made.pk


def _play(scenario: Scenario, case: Case, contacts: dict[str, int]) -> list[Happening]:
    """Move the clock from one moment at which something happens or is due to the next; what happened."""
    happened: list[Happening] = []
    starting.start(scenario, NOW)
    _work(NOW)
    coming = deque(case.happenings)
    while True:
        moments = [coming[0].at] if coming else []
        running = Scenario.objects.filter(pk=scenario.pk, state="running").first()
        if running:
            due = Execution.objects.filter(state__in=INSIDE).aggregate(first=Min("due_at"))["first"]
            moments += filter(None, [due, running.next_run_at])
        now = min(moments, default=None)
        if now is None or now > END:
            return happened
        while coming and coming[0].at == now:
            if _happen(coming[0], scenario, contacts):
                happened.append(coming[0])
            coming.popleft()
        _work(now)


def _work(now: datetime) -> None:
    until_still(now)
    while sending.work(now):
        pass


def _happen(happening: Happening, scenario: Scenario, contacts: dict[str, int]) -> bool:
    """Whether it could happen: in a scenario that has completed, operators do nothing."""
    if happening.presses:
        return _press(happening, scenario)
    contact = contacts[happening.person]
    if happening.channel:
        consent.set_state([contact], happening.channel, happening.says, "", happening.at)
        return True
    if happening.event:
        event = timeline.NewEvent(contact, happening.event, dict(happening.properties), at=happening.since)
        timeline.record([event], happening.at)
        return True
    inside = Execution.objects.filter(contact_id=contact, state__in=INSIDE).values_list("pk", flat=True)
    sent = Message.objects.filter(
        origin__key=f"scenario:{scenario.pk}:{happening.node}", origin_pass__in=inside, state="sent"
    )
    newest = sent.select_related("origin").order_by("-origin_pass", "-visit").first()
    if newest and happening.did == "opened":
        visits.opened(newest, happening.at)
    elif newest:
        visits.clicked(newest, 0, "https://example.com/", happening.at)
    return True


def _press(happening: Happening, scenario: Scenario) -> bool:
    scenario.refresh_from_db()
    if scenario.state not in ("running", "paused"):
        return False
    if edit := happening.edit:
        told = Answers(edit.redirects, edit.retime, edit.backfill)
        publishing.publish(scenario, edit.graph, scenario.objective, None, None, happening.at, told)
    elif happening.presses == "pause" and scenario.state == "running":
        pausing.pause(scenario, happening.at)
    elif happening.presses == "resume" and scenario.state == "paused":
        pausing.resume(scenario, happening.at, Policy(*happening.policy))
    return True


def _passed(execution: Execution) -> tuple:
    steps = Step.objects.filter(execution_id=execution.pk).order_by("number")
    trace = list(steps.values_list("at", "node", "outcome"))
    return execution.entered_at, trace, execution.state, execution.node, execution.due_at


def _sent(contact: int) -> list[tuple]:
    messages = Message.objects.filter(contact_id=contact).order_by("origin_pass", "visit")
    fields = messages.values_list("queued_at", "origin__key", "visit", "state", "reason")
    return [(at, key.rsplit(":", 1)[1], *rest) for at, key, *rest in fields]
