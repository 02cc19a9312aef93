"""Whom scenarios and campaigns know of stays when the import that created them is undone."""

import pytest

from campaigns.models import Content, Message, Origin
from contacts.imports import undoing
from contacts.models import Contact
from flows.models import Execution
from tests import make
from tests.contacts.test_importing import imported

NOW = make.NOW
pytestmark = pytest.mark.django_db


def test_who_is_in_a_scenario_or_has_a_message_waiting_was_touched():
    file = imported("email\n" + "".join(f"c{n}@example.com\n" for n in range(10)))
    ada, bob, *_ = Contact.objects.order_by("email")
    scenario = make.scenario(
        make.graph(("in", "on_event", {"event": "order.placed"}), ("end", "end", {}), edges="in>end")
    )
    Execution.objects.create(
        scenario=scenario, flow=scenario.flow, contact=ada, node="in", entered_at=NOW, arrived_at=NOW
    )
    content = Content.objects.create(digest="d", channel="email", subject="Hi", body="Hi", markup="html")
    origin = Origin.objects.create(key="campaign:1:1")
    Message.objects.create(contact=bob, channel="email", origin=origin, content=content, queued_at=NOW, due_at=NOW)
    assert undoing.count(file) == (8, 2)
    assert undoing.begin(file)
    while undoing.work(NOW):
        pass
    assert list(Contact.objects.order_by("email")) == [ada, bob]
    assert (Execution.objects.count(), Message.objects.count()) == (1, 1)
