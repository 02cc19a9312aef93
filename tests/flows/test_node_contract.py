"""What every node type promises, for each that is registered."""

import json
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from django.http import QueryDict
from django.template import Context, Template
from django.template.loader import render_to_string

from contacts import contact_zones, tagging
from flows.nodes import registry
from flows.nodes.base import Batch, Do, End, Group, Leave, Node, Outcome, Rest, Trigger
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def news(db: None) -> None:
    make.topic("news")


VIP = {"rule": "tag", "name": "vip"}
# Good configs of each type, as the API and the canvas write them; the summary of each.
EXAMPLES: list[tuple[str, dict, str]] = [
    ("now", {}, "All contacts"),
    ("now", {"segment": None}, "All contacts"),
    ("on_date", {"at": "2026-05-01T09:00", "timezone": "Europe/Paris"}, "2026-05-01 09:00"),
    ("on_date", {"at": "2026-05-01T09:00", "timezone": "contact", "segment": None}, "2026-05-01 09:00"),
    ("on_date", {"attribute": "birthday", "yearly": True}, "“birthday”, every year"),
    ("on_date", {"attribute": "renewal", "offset_days": -7, "time": "08:30"}, "7 days before “renewal”"),
    ("on_event", {"event": "contact.created"}, "Contact created"),
    (
        "on_event",
        {"event": "order.placed", "filter": {"rule": "property", "field": "amount", "op": "greater", "value": 50}},
        "“order.placed”, filtered",
    ),
    ("repeat", {"every": 1, "unit": "day", "time": "09:00"}, "Every day at 09:00"),
    (
        "repeat",
        {"every": 2, "unit": "week", "weekdays": ["mon", "fri"], "time": "09:00", "timezone": "Asia/Tokyo"},
        "Every 2 weeks on Monday and Friday at 09:00",
    ),
    (
        "repeat",
        {"every": 1, "unit": "month", "month_days": [1, "last"], "starts": "2026-01-01", "limit_percent": 12.5},
        "Every month on 1 and the last",
    ),
    ("email", {"subject": "Hello {{ contact.first_name }}", "body": "<p>Hi</p>"}, "“Hello {{ contact.first_name }}”"),
    ("email", {"name": "Hello", "subject": "S", "body": "B", "preheader": "P", "topic": "news"}, "“Hello”"),
    ("sms", {"body": "Your code: {{ event.code }}"}, "“Your code: {{ event.code }}”"),
    ("tag", {"add": ["vip"], "remove": ["new", "cold"]}, "Add “vip”; Remove “new” and “cold”"),
    ("update_contact", {"set": {"plan": "pro", "seats": 3, "trial": False}}, "plan: pro; seats: 3; trial: no"),
    ("update_contact", {"set": {"n": "{{ event.n }}"}, "remove": ["a", "b"]}, "n: {{ event.n }}; Remove “a” and “b”"),
    ("wait", {"amount": 7, "unit": "days"}, "7 days"),
    ("wait", {"amount": 1, "unit": "hours"}, "1 hour"),
    ("wait", {"until": "2026-05-01T09:00", "timezone": "UTC"}, "Until 2026-05-01 09:00"),
    ("wait", {"time": "09:00"}, "Until 09:00"),
    ("wait", {"weekdays": ["mon", "tue"], "time": "10:00"}, "Until Monday or Tuesday 10:00"),
    ("wait", {"weekdays": ["tue"]}, "Until Tuesday"),
    ("wait_for", {"event": "order.placed", "amount": 1, "unit": "hours"}, "“order.placed”, within 1 hour"),
    (
        "wait_for",
        {
            "event": "email.clicked",
            "filter": {"rule": "property", "field": "link", "op": "equals", "value": 1},
            "amount": 3,
            "unit": "days",
        },
        "Email clicked, filtered, within 3 days",
    ),
    ("condition", {"rule": VIP}, "Has the tag “vip”"),
    ("ab_test", {"variants": [{"name": "A", "weight": 50}, {"name": "B", "weight": 50}]}, "A 50 % · B 50 %"),
    (
        "ab_test",
        {
            "variants": [
                {"name": "Short", "weight": 1},
                {"name": "Long", "weight": 2},
                {"name": "None", "weight": 0},
                {"name": "D", "weight": 0.5},
            ]
        },
        "Short 28.6 % · Long 57.1 % · None 0 % · D 14.3 %",
    ),
    ("end", {}, "Leaves the scenario"),
]
every_type = pytest.mark.parametrize("node", registry().values(), ids=list(registry()))
every_example = pytest.mark.parametrize(
    ("key", "config", "summary"), EXAMPLES, ids=[f"{key}-{place}" for place, (key, _, _) in enumerate(EXAMPLES)]
)


def batch_of(key: str, config: dict, contacts: list[int], now: datetime = NOW) -> Batch:
    ids = [1_000 + place for place in range(len(contacts))]
    unseen: list[int | None] = [None] * len(ids)
    zones_of = contact_zones.zones_of
    return Batch(
        "scenario:7",
        key,
        config,
        now,
        ids,
        contacts,
        [3] * len(ids),
        unseen,
        zones_of,
        lambda ids: dict.fromkeys(ids, now),
    )


def ids_of(outcomes: list[Outcome]) -> list[int]:
    return sorted(id for outcome in outcomes for id in outcome.batch.ids)


@every_type
def test_it_has_a_place_in_the_palette(node: Node):
    assert node.label and node.hint and isinstance(node.group, Group)
    assert not node.label.endswith(".") and node.hint.endswith(".")
    assert "<svg" in Template("{% lucide name %}").render(Context({"name": node.icon}))


@every_type
def test_its_ports_can_be_told_apart(node: Node):
    names = [port.name for port in node.ports({})]
    assert len(set(names)) == len(names)
    assert all(port.tone in ("plain", "yes", "no") for port in node.ports({}))


@every_type
def test_its_dialog_opens_with_a_label_on_every_control(node: Node):
    for form in (node.Form(), node.form({})):
        html = render_to_string(node.template, {"form": form})
        assert all(field.label in html for field in form.visible_fields())
        assert sorted(name for part, fields in form.grouped() for name in (f.name for f in fields)) == sorted(
            form.fields
        )


@every_type
def test_an_empty_config_is_answered_with_sentences(node: Node):
    assert isinstance(node.summary({}), str) and node.summary({})
    for sentence in node.problems({}):
        assert sentence.endswith(".") and "!" not in sentence


@every_type
def test_it_has_an_example_here(node: Node):
    assert node.key in {key for key, _, _ in EXAMPLES}


@every_example
def test_a_good_config_has_no_problems_and_a_summary(key: str, config: dict, summary: str):
    node = registry()[key]
    assert node.problems(config) == []
    assert node.summary(config) == summary


@every_example
def test_a_good_config_comes_back_from_the_dialog_as_it_was(key: str, config: dict, summary: str):
    node = registry()[key]
    assert node.tidy(config) == config
    posted = QueryDict(mutable=True)
    for name, value in config.items():
        if name == "weekdays":
            posted.setlist(name, value)
        elif isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)):
            posted[name] = json.dumps(value)
        elif isinstance(value, list):
            posted[name] = ", ".join(map(str, value))
        elif value is not None:
            posted[name] = str(value)
    form = node.form(posted)
    assert form.is_valid(), form.errors
    assert json.loads(json.dumps(form.cleaned_data)) == form.cleaned_data
    assert {name: form.cleaned_data[name] for name in config} == config


@every_example
def test_running_puts_every_execution_into_exactly_one_outcome(key: str, config: dict, summary: str):
    zones = ["", "Europe/Paris", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"]
    people = [make.contact(f"{place}@example.com", timezone=zone).pk for place, zone in enumerate(zones)]
    tagging.add(people[:2], ["vip"], NOW)
    node = registry()[key]
    batch = batch_of(key, config, people)
    outcomes = list(node.run(batch))
    assert ids_of(outcomes) == batch.ids
    ports = {port.name for port in node.ports(config)}
    for outcome in outcomes:
        if isinstance(outcome, Leave | Do):
            assert outcome.port in ports
        elif isinstance(outcome, Rest):
            due = outcome.due_at if isinstance(outcome.due_at, list) else [outcome.due_at] * len(outcome.batch)
            assert len(due) == len(outcome.batch)
            # Who waits for an event looks once at the timeline, at once.
            assert all(moment > NOW or (moment == NOW and node.awaits(config)) for moment in due)
            assert all(moment.tzinfo == UTC for moment in due)
            assert ids_of(list(node.wake(outcome.batch))) == sorted(outcome.batch.ids)
        else:
            assert isinstance(outcome, End)


@every_example
def test_nobody_passes_at_once_by_a_port_that_holds(key: str, config: dict, summary: str):
    node = registry()[key]
    ports = {port.name for port in node.ports(config)}
    assert set(node.holding) <= ports
    holding = {port for port in ports if node.holds(config, port)}
    assert holding <= set(node.holding)
    if holding:
        batch = batch_of(key, config, [make.contact("a@example.com").pk])
        outcomes = [outcome for outcome in node.run(batch) if len(outcome.batch)]
        assert all(isinstance(outcome, Rest) for outcome in outcomes)
        looked = [again for outcome in outcomes if outcome.due_at == NOW for again in node.wake(outcome.batch)]
        assert not any(isinstance(again, Leave) and again.port in holding for again in looked if len(again.batch))


@every_example
def test_what_rests_until_a_moment_can_be_timed_anew_from_its_arrival(key: str, config: dict, summary: str):
    node = registry()[key]
    batch = batch_of(key, config, [make.contact("a@example.com", timezone="Asia/Tokyo").pk])
    for outcome in node.run(batch):
        if isinstance(outcome, Rest) and len(outcome.batch) and not node.awaits(config):
            due = outcome.due_at if isinstance(outcome.due_at, list) else [outcome.due_at]
            assert list(node.until(outcome.batch)) == due


@every_example
def test_a_trigger_plans_runs_ahead_in_order_each_with_an_audience(key: str, config: dict, summary: str):
    node = registry()[key]
    if not isinstance(node, Trigger) or node.event(config):
        return
    runs = list(islice(node.runs(config, NOW, NOW - timedelta(microseconds=1), "UTC"), 100))
    assert runs and runs == sorted(runs, key=lambda run: run.due_at)
    assert len({run.key for run in runs}) == len(runs) and all(len(run.key) <= 100 for run in runs)
    assert all(run.due_at >= NOW for run in runs)
    again = list(islice(node.runs(config, NOW, runs[0].due_at, "UTC"), 3))
    assert again == [run for run in runs if run.due_at > runs[0].due_at][:3]
    for run in runs[:3]:
        config_again = json.loads(json.dumps(run.config))
        assert list(node.audience(config, config_again, run.due_at)) == []
    assert node.reach(config, NOW).count() == 0


@every_example
def test_keys_that_no_form_knows_are_ignored_and_kept(key: str, config: dict, summary: str):
    node = registry()[key]
    assert node.problems({**config, "colour": {"of": "the shape"}}) == []
    assert node.tidy({**config, "colour": 1}) == {**config, "colour": 1}
