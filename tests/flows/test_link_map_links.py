"""From a shape of the canvas to the map of the clicks in what it sent."""

import pytest
from django.test import Client

from campaigns.models import Message
from campaigns.tracking import visits
from tests import make
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db


def told(web: Client, pk: int, node: str) -> list[str]:
    """The node's dialog, and its numbers."""
    dialog = web.post(f"/scenarios/{pk}/nodes/email/dialog/", {"opening": "1", "node": node, "config": "{}"})
    return [dialog.text, web.get(f"/scenarios/{pk}/nodes/{node}/waiting/?show=numbers").text]


def test_an_email_that_was_clicked_leads_to_its_map(web: Client) -> None:
    mails = [(node, "email", {"subject": "Hi", "body": "Hello"}) for node in ("n2", "n3")]
    graph = make.graph(("n1", "on_event", {"event": "contact.created"}), *mails, edges="n1>n2 n2>n3")
    scenario = make.scenario(graph)
    key = f"scenario:{scenario.pk}:n2"
    (sent,) = letters.queue(make.contacts(1), letters.content(), origin=key)
    assert not any("Where people clicked" in page for page in told(web, scenario.pk, "n2"))
    message = Message.objects.select_related("origin").get(pk=sent.pk)
    visits.clicked(message, 0, "https://shop.example/sale?a=1&b=2", NOW)
    address = f"/reports/links/{message.content_id}/?origin=scenario%3A{scenario.pk}%3An2"
    assert all(address in page for page in told(web, scenario.pk, "n2"))
    assert web.get(address).status_code == 200
    assert not any("Where people clicked" in page for page in told(web, scenario.pk, "n3"))
