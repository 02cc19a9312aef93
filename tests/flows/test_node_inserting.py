"""Messages that are written in a node's dialog or a step of a chain are offered what can be put into them."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from config.models import User
from contacts import timeline
from contacts.timeline import NewEvent
from flows.chains import beginning
from flows.models import Scenario
from templates_app.starters import starters
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
EVENT = "{{ event.total | default"


@pytest.fixture
def web() -> Client:
    timeline.record([NewEvent(make.contact("ada@example.com").pk, "order.placed", {"total": 12}, NOW)], NOW)
    client = Client()
    client.force_login(User.objects.create_superuser("ada", "ada@example.com", "x"))
    return client


def dialog(web: Client, key: str, *trigger: Any, scenario: Scenario | None = None) -> str:
    graph = make.graph(("t", *trigger), edges="") if trigger else {}
    scenario = scenario or make.scenario(make.graph(("t", "now", {}), edges=""))
    sent = {"opening": "1", "node": "m", "config": "{}", "graph": json.dumps(graph)}
    return web.post(reverse("scenario_node_dialog", args=[scenario.pk, key]), sent).text


@pytest.mark.parametrize(("key", "texts"), [("email", 3), ("sms", 1)])
def test_each_text_of_a_message_opens_the_one_menu_of_its_dialog(web: Client, key: str, texts: int) -> None:
    page = dialog(web, key, "on_event", {"event": "order.placed"})
    assert page.count("data-inserts") == texts
    assert page.count("data-inserter") == 1
    assert "{{ contact.first_name | default" in page
    assert EVENT in page


def test_properties_are_offered_only_of_the_event_that_lets_contacts_in(web: Client) -> None:
    assert EVENT not in dialog(web, "email", "now", {})
    assert EVENT not in dialog(web, "email", "on_event", {"event": "segment.entered"})
    assert EVENT not in dialog(web, "email", "on_event", {"event": ["order.placed"]})
    assert EVENT not in dialog(web, "email")
    assert "data-event=" not in dialog(web, "email", "now", {})
    assert 'data-event="order.placed"' in dialog(web, "email", "on_event", {"event": "order.placed"})


def test_what_writes_no_message_has_no_menu(web: Client) -> None:
    assert "data-inserter" not in dialog(web, "wait", "on_event", {"event": "order.placed"})


def test_a_design_of_the_message_is_offered_the_same(web: Client) -> None:
    sent = {"design": json.dumps(starters()["plain"].design)}
    assert EVENT not in web.post(reverse("design_page"), sent).text
    assert EVENT in web.post(reverse("design_page"), {**sent, "event": "order.placed"}).text
    assert 'name="event" value="order.placed"' in web.post(reverse("design_page"), {"event": "order.placed"}).text


def test_a_chain_has_one_menu_without_events_for_all_its_steps(web: Client) -> None:
    chain = beginning.begin("Spring", User.objects.get(), NOW)
    page = web.get(reverse("chain_page", args=[chain.pk])).text
    assert page.count("data-inserter") == 1
    assert page.count("data-inserts") == 4 * page.count("data-step-form")
    assert "{{ contact.first_name | default" in page
    assert "{{ event." not in page
