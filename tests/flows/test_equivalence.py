"""The engine's batches do to everybody what the naive interpreter does to one contact at a time."""

import os
from collections import deque
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import Min
from hypothesis import HealthCheck, given, settings

from campaigns import sending, tracking
from campaigns.models import Message, Provider
from contacts import consent, tagging, timeline
from contacts.models import Contact, ContactTag, Segment
from flows import configuring, pausing, saving, starting
from flows.models import Execution, Scenario, Step
from flows.nodes import ab_test
from tests import make
from tests.flows.audit import complaints
from tests.flows.drive import until_still
from tests.flows.reference import strategies
from tests.flows.reference.interpreter import Happening, Person, walk
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
    _play(scenario, case, contacts)
    for person in case.people:

        def chance(node: str, contact: int = contacts[person.name]) -> str:
            return _drawn(scenario, node, contact)

        expected = walk(case.graph, person, case.happenings, NOW, END, case.settings, chance)
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
    assert complaints([node["id"] for node in case.graph["nodes"] if node["type"] in ("email", "sms")]) == {}


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
    )
    saving.save(scenario, case.graph, settings.objective or {}, None, None, NOW)
    return scenario


def _drawn(scenario: Scenario, node: str, contact: int) -> str:
    """What chance gives the contact: the same whenever and wherever it is asked."""
    config = next(each["config"] for each in scenario.flow.graph["nodes"] if each["id"] == node)
    shares = [(port, row["weight"]) for port, row in zip("abcd", config["variants"], strict=False)]
    return ab_test.drawn(f"{scenario.origin}:{node}:{contact}", shares)


def _contact(person: Person) -> int:
    address = {"email": f"{person.name}@example.com", "phone": person.phone or None}
    made = make.contact(timezone=person.zone, attributes=person.attributes, **address)
    tagging.add([made.pk], person.tags, NOW)
    for channel, state in person.consent.items():
        consent.set_state([made.pk], channel, state, "", NOW)
    return made.pk


def _play(scenario: Scenario, case: Case, contacts: dict[str, int]) -> None:
    """Move the clock from one moment at which something happens or is due to the next."""
    starting.start(scenario, NOW)
    _work(NOW)
    coming = deque(case.happenings)
    while True:
        moments = [coming[0].at] if coming else []
        running = Scenario.objects.filter(pk=scenario.pk, state="running").first()
        if running:
            due = Execution.objects.filter(state="waiting").aggregate(first=Min("due_at"))["first"]
            moments += filter(None, [due, running.next_run_at])
        now = min(moments, default=None)
        if now is None or now > END:
            return
        while coming and coming[0].at == now:
            _happen(coming.popleft(), scenario, contacts)
        _work(now)


def _work(now: datetime) -> None:
    until_still(now)
    while sending.work(now):
        pass


def _happen(happening: Happening, scenario: Scenario, contacts: dict[str, int]) -> None:
    if happening.presses:
        scenario.refresh_from_db()
        if happening.presses == "pause" and scenario.state == "running":
            pausing.pause(scenario, happening.at)
        elif happening.presses == "resume" and scenario.state == "paused":
            pausing.resume(scenario, happening.at)
        return
    contact = contacts[happening.person]
    if happening.channel:
        consent.set_state([contact], happening.channel, happening.says, "", happening.at)
        return
    if happening.event:
        event = timeline.NewEvent(contact, happening.event, dict(happening.properties), at=happening.since)
        timeline.record([event], happening.at)
        return
    inside = Execution.objects.filter(contact_id=contact, state="waiting").values_list("pk", flat=True)
    sent = Message.objects.filter(
        origin__key=f"scenario:{scenario.pk}:{happening.node}", origin_pass__in=inside, state="sent"
    )
    newest = sent.select_related("origin").order_by("-origin_pass", "-visit").first()
    if newest and happening.did == "opened":
        tracking.opened(newest, happening.at)
    elif newest:
        tracking.clicked(newest, 0, "https://example.com/", happening.at)


def _passed(execution: Execution) -> tuple:
    steps = Step.objects.filter(execution_id=execution.pk).order_by("number")
    trace = list(steps.values_list("at", "node", "outcome"))
    return execution.entered_at, trace, execution.state, execution.node, execution.due_at


def _sent(contact: int) -> list[tuple]:
    messages = Message.objects.filter(contact_id=contact).order_by("origin_pass", "visit")
    fields = messages.values_list("queued_at", "origin__key", "visit", "state", "reason")
    return [(at, key.rsplit(":", 1)[1], *rest) for at, key, *rest in fields]
