"""Of messages that compete for a place, a batch or a moment, those of the higher priority go first."""

from collections import Counter
from datetime import timedelta

import pytest

from campaigns import outbox
from campaigns.delivery import sending
from campaigns.mailings import commands, saving
from campaigns.models import Message, Origin
from flows import configuring, starting
from tests import make
from tests.campaigns import letters, mailings
from tests.campaigns.courtesies import one_a_day, reasons
from tests.campaigns.mailings import hand_over
from tests.make import NOW

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_of_one_batch_the_message_of_the_higher_priority_goes():
    one_a_day(when_capped="skip")
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), origin="scenario:1:n2")
    letters.queue([ada.pk], letters.content(), origin="scenario:2:n2")
    letters.queue([ada.pk], letters.content(), origin="scenario:3:n2")
    outbox.prioritise("scenario:2", 1)
    outbox.prioritise("scenario:1", -1)
    hand_over()
    assert Message.objects.get(state="sent").origin.key == "scenario:2:n2"


def test_of_those_that_were_put_off_the_higher_priority_takes_the_next_place():
    one_a_day()
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), origin="scenario:9:n2")
    hand_over()
    for number in (1, 2, 3):
        letters.queue([ada.pk], letters.content(), origin=f"scenario:{number}:n2", now=NOW + number * HOUR)
        hand_over(NOW + number * HOUR)
    outbox.prioritise("scenario:3", 1)
    outbox.prioritise("scenario:1", -1)
    order = []
    for day in (1, 2, 3):
        hand_over(NOW + day * DAY)
        order.append(Message.objects.get(sent_at=NOW + day * DAY).origin.key)
    assert order == ["scenario:3:n2", "scenario:2:n2", "scenario:1:n2"]


def test_where_more_is_due_than_fits_the_higher_priority_is_claimed_first():
    ids = make.contacts(60)
    for number in (1, 2, 3):
        letters.queue(ids, letters.content(), origin=f"scenario:{number}:n2")
    outbox.prioritise("scenario:2", 1)
    sending._pace.size = 60
    assert sending.work(NOW)
    assert set(Message.objects.filter(state="sent").values_list("origin__key", flat=True)) == {"scenario:2:n2"}
    assert Message.objects.filter(state="sent").count() == 60
    sending._pace.size = 60
    assert sending.work(NOW)
    shares = Counter(Message.objects.filter(state="sent").values_list("origin__key", flat=True))
    assert shares == {"scenario:2:n2": 60, "scenario:1:n2": 30, "scenario:3:n2": 30}


def test_a_new_node_has_the_priority_of_its_scenario():
    outbox.prepare(["scenario:1:n2"], 1)
    letters.queue(make.contacts(1), letters.content(), origin="scenario:1:n3")
    assert Origin.objects.get(key="scenario:1:n3").priority == 1


def test_a_campaigns_priority_and_limit_reach_its_messages():
    make.contacts(1)
    campaign = mailings.campaign(priority=1, late_hours=3)
    commands.send(campaign, NOW)
    mailings.queue_all()
    message = Message.objects.get()
    assert (message.origin.priority, message.content.late_hours) == (1, 3)
    saving.change(campaign, {"priority": -1})
    message.origin.refresh_from_db()
    assert message.origin.priority == -1
    hand_over(NOW + 4 * HOUR)
    assert reasons() == {("skipped", "too late"): 1}


def test_a_scenarios_priority_reaches_its_messages_also_when_it_is_changed():
    graph = make.graph(
        ("on", "now", {}), ("mail", "email", {"subject": "Hi", "body": "Hi", "late_hours": 5}), edges="on>mail"
    )
    scenario = make.scenario(graph, priority=1)
    starting.start(scenario, NOW)
    origin = Origin.objects.get(key=f"{scenario.origin}:mail")
    assert origin.priority == 1
    configuring.change(scenario, {"priority": 0})
    origin.refresh_from_db()
    assert origin.priority == 0
