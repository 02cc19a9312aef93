"""What courtesy does to messages that are being sent: what goes, waits and is left out, also by two workers at once."""

import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta

import pytest

from campaigns import (
    admitting,
    audience,
    campaign_saving,
    commands,
    courtesy_saving,
    outbox,
    recent,
    sending,
    stats,
)
from campaigns.models import Courtesy, Message, Origin, RecentMessage
from contacts.models import Installation
from flows import configuring, starting
from tests import make
from tests.campaigns import letters, mailings
from tests.contacts.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def drain(now=NOW):
    while sending.work(now):
        pass


def rules(**given):
    return courtesy_saving.keep(given)


def one_a_day(**given):
    return rules(caps={"email": {"day": 1}}, **given)


def reasons():
    return Counter(Message.objects.values_list("state", "reason"))


def test_what_is_beyond_the_cap_is_skipped_and_counted_as_such():
    one_a_day(when_capped="skip")
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), visit=1)
    letters.queue([ada.pk], letters.content(), visit=2)
    drain()
    assert reasons() == {("sent", ""): 1, ("skipped", "capped"): 1}
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"]["skipped:capped"] == 1


def test_or_it_goes_as_soon_as_there_is_room_again():
    one_a_day()
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), visit=1)
    drain()
    (second,) = letters.queue([ada.pk], letters.content(), visit=2, now=NOW + HOUR)
    drain(NOW + HOUR)
    second.refresh_from_db()
    assert (second.state, second.reason, second.due_at) == ("queued", "capped", NOW + DAY)
    assert second.planned_at == NOW + HOUR
    drain(NOW + DAY - HOUR)
    assert Message.objects.filter(state="sent").count() == 1
    drain(NOW + DAY)
    second.refresh_from_db()
    assert (second.state, second.reason, second.sent_at) == ("sent", "", NOW + DAY)


def test_of_one_batch_the_message_of_the_higher_priority_goes():
    one_a_day(when_capped="skip")
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), origin="scenario:1:n2")
    letters.queue([ada.pk], letters.content(), origin="scenario:2:n2")
    letters.queue([ada.pk], letters.content(), origin="scenario:3:n2")
    outbox.prioritise("scenario:2", 1)
    outbox.prioritise("scenario:1", -1)
    drain()
    assert Message.objects.get(state="sent").origin.key == "scenario:2:n2"


def test_of_those_that_were_put_off_the_higher_priority_takes_the_next_place():
    one_a_day()
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), origin="scenario:9:n2")
    drain()
    for number in (1, 2, 3):
        letters.queue([ada.pk], letters.content(), origin=f"scenario:{number}:n2", now=NOW + number * HOUR)
        drain(NOW + number * HOUR)
    outbox.prioritise("scenario:3", 1)
    outbox.prioritise("scenario:1", -1)
    order = []
    for day in (1, 2, 3):
        drain(NOW + day * DAY)
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


def test_quiet_hours_are_the_contacts_own_and_else_the_installations():
    rules(quiet={"email": {"begins": "18:00", "ends": "09:30"}})
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/London"})
    tokyo = make.contact("tomo@example.com", timezone="Asia/Tokyo")  # 18:00 there
    paris = make.contact("ada@example.com", timezone="Europe/Paris")  # 10:00
    nowhere = make.contact("nemo@example.com")  # 09:00
    letters.queue([tokyo.pk, paris.pk, nowhere.pk], letters.content())
    drain()
    found = {m.contact_id: (m.state, m.reason, m.due_at) for m in Message.objects.all()}
    assert found[paris.pk][0] == "sent"
    assert found[tokyo.pk] == ("queued", "quiet hours", NOW + timedelta(hours=15, minutes=30))
    assert found[nowhere.pk] == ("queued", "quiet hours", NOW + timedelta(minutes=30))


def test_or_what_is_due_in_them_is_skipped():
    rules(quiet={"email": {"begins": "08:00", "ends": "10:00"}}, when_quiet="skip")
    letters.queue(make.contacts(1), letters.content())
    drain()
    assert reasons() == {("skipped", "quiet hours"): 1}


def test_exempt_topics_are_neither_held_back_nor_counted():
    one_a_day(when_capped="skip", exempt=["Receipts"])
    ada = make.contact("ada@example.com")
    for visit in (1, 2, 3):
        letters.queue([ada.pk], letters.content(topic="receipts "), visit=visit)
    drain()
    letters.queue([ada.pk], letters.content(topic="Offers"), visit=4)
    drain()
    letters.queue([ada.pk], letters.content(topic="Receipts"), visit=5)
    letters.queue([ada.pk], letters.content(topic="Offers"), visit=6)
    drain()
    assert reasons() == {("sent", ""): 5, ("skipped", "capped"): 1}


def test_what_a_provider_did_not_take_for_long_is_too_late():
    rules(late_hours=4)
    (message,) = letters.queue(make.contacts(1), letters.content())
    # An outage put it off, as handing over does.
    Message.objects.filter(pk=message.pk).update(due_at=NOW + 5 * HOUR, planned_at=NOW)
    drain(NOW + 5 * HOUR)
    assert reasons() == {("skipped", "too late"): 1}


def test_a_message_may_have_a_limit_of_its_own():
    letters.queue(make.contacts(1), letters.content(late_hours=2))
    drain(NOW + 3 * HOUR)
    assert reasons() == {("skipped", "too late"): 1}


def test_a_pause_that_an_operator_ended_makes_nothing_late():
    rules(late_hours=4)
    letters.queue(make.contacts(1), letters.content(), origin="scenario:1:n2")
    outbox.hold("scenario:1")
    drain(NOW + 9 * HOUR)
    outbox.release("scenario:1", late_from=NOW + 9 * HOUR)
    drain(NOW + 10 * HOUR)
    assert reasons() == {("sent", ""): 1}


@pytest.mark.parametrize(("itself", "state"), [(False, "sent"), (True, "skipped")])
def test_after_an_outage_old_messages_go_only_where_an_operator_says_so(itself, state):
    rules(late_hours=4)
    make.contacts(1)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    commands.pause(campaign, NOW)
    drain(NOW + HOUR)
    assert Message.objects.get().state == "queued"
    commands.resume(campaign, NOW + 9 * HOUR, itself=itself)
    drain(NOW + 9 * HOUR)
    assert Message.objects.get().state == state


def test_who_gets_nothing_anyway_takes_no_place():
    one_a_day()
    gone, nowhere = make.contact("gone@example.com"), make.contact(phone="+33612345678")
    letters.queue([gone.pk, nowhere.pk], letters.content())
    gone.delete()
    drain()
    assert not RecentMessage.objects.exists()
    assert reasons() == {("skipped", "no address"): 1}


def test_an_address_that_changed_meanwhile_is_the_one_that_is_written_to(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    type(ada).objects.filter(pk=ada.pk).update(email="new@example.com")
    drain()
    assert mail_server.to() == ["new@example.com"]


def test_what_failed_gives_its_place_back():
    one_a_day(when_capped="skip")
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(body="{% for n in (1..9) %}"), visit=1)
    drain()
    assert reasons()[("failed", Message.objects.get().reason)] == 1
    letters.queue([ada.pk], letters.content(), visit=2)
    drain()
    assert Message.objects.filter(state="sent").count() == 1


def test_what_was_sent_before_there_were_caps_counts():
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), visit=1)
    drain()
    assert not RecentMessage.objects.exists()
    one_a_day(when_capped="skip")
    letters.queue([ada.pk], letters.content(), visit=2, now=NOW + HOUR)
    drain(NOW + HOUR)
    assert reasons() == {("sent", ""): 1, ("skipped", "capped"): 1}


def test_a_topic_that_is_exempt_no_longer_counts_from_then_on_with_what_was_sent():
    one_a_day(when_capped="skip", exempt=["Receipts"])
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(topic="Receipts"), visit=1)
    drain()
    one_a_day(when_capped="skip")
    letters.queue([ada.pk], letters.content(), visit=2, now=NOW + HOUR)
    drain(NOW + HOUR)
    assert reasons() == {("sent", ""): 1, ("skipped", "capped"): 1}


def test_the_audience_counts_exactly_those_who_would_be_skipped():
    one_a_day(when_capped="skip", exempt=["Receipts"])
    ids = make.contacts(10)
    letters.queue(ids[:4], letters.content())
    drain()
    campaign = mailings.campaign()
    counted = audience.counted(campaign, NOW + HOUR)
    assert (counted.total, counted.capped, counted.reachable) == (10, 4, 6)
    assert audience.counted(campaign, NOW + DAY).capped == 0
    assert audience.counted(mailings.campaign(topic="Receipts"), NOW + HOUR).capped == 0
    one_a_day()  # put off, not left out
    assert audience.counted(campaign, NOW + HOUR).capped == 0


def test_the_audience_knows_of_what_was_sent_before_there_were_caps():
    letters.queue(make.contacts(3), letters.content())
    drain()
    one_a_day(when_capped="skip")
    assert audience.counted(mailings.campaign(), NOW + HOUR).capped == 3
    assert Courtesy.current().remembers


def test_what_no_window_reaches_is_thrown_away():
    one_a_day()
    letters.queue(make.contacts(3), letters.content())
    drain()
    recent.prune(NOW + 7 * DAY)
    assert RecentMessage.objects.count() == 3
    recent.prune(NOW + 8 * DAY)
    assert not RecentMessage.objects.exists()


def test_asking_costs_one_query_without_rules_and_a_fixed_number_with_them(django_assert_num_queries):
    content = letters.content()
    Installation.current()
    for count in (3, 60):
        ids = make.contacts(count, domain=f"d{count}.example")
        letters.queue(ids, content, origin=f"scenario:{count}:n1")
        taken = sending.claim(NOW, 100, ["email"])
        people = {contact.pk: contact for contact in make.Contact.objects.filter(pk__in=ids)}
        Courtesy.objects.all().delete()
        with django_assert_num_queries(1):
            assert admitting.held_back(taken.messages, {content.pk: content}, people, {"email": {}}, NOW) == {}
        one_a_day()
        Courtesy.objects.update(remembers=True)
        with django_assert_num_queries(8):  # two of them the savepoint of the test's own transaction
            assert admitting.held_back(taken.messages, {content.pk: content}, people, {"email": {}}, NOW) == {}


# Two workers


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_two_workers_at_once_never_send_more_than_a_replay_allows(seed):
    """Everybody's messages go out at the same steps as a plain count of one after the other lets them."""
    dice = random.Random(seed)
    day, week = dice.choice([(1, 3), (2, 4), (2, None), (None, 2)])
    given = {span: most for span, most in (("day", day), ("week", week)) if most}
    rules(caps={"all": given}, when_capped=dice.choice(["later", "skip"]))
    skips = Courtesy.current().rules["when_capped"] == "skip"
    ids = make.contacts(5)
    content = letters.content()
    arrivals = defaultdict(list)
    for visit in range(60):
        step = dice.randrange(0, 9 * 4)
        arrivals[step].append((dice.choice(ids), dice.randrange(4), visit))
    waiting, sent = Counter(), defaultdict(list)
    for step in range(12 * 4):
        now = NOW + step * timedelta(hours=6)
        for contact, origin, visit in arrivals[step]:
            letters.queue([contact], content, origin=f"scenario:{origin}:n1", visit=visit, now=now)
            waiting[contact] += 1
        at_once(lambda: drain(now), lambda: drain(now))  # noqa: B023 - both end in this round
        for contact in ids:
            room = min(_room(sent[contact], now, span, most) for span, most in given.items())
            goes = min(waiting[contact], room)
            sent[contact] += [now] * goes
            waiting[contact] = 0 if skips else waiting[contact] - goes
    ledger = defaultdict(list)
    for contact, at in Message.objects.filter(state="sent").order_by("sent_at").values_list("contact", "sent_at"):
        ledger[contact].append(at)
    assert dict(ledger) == {contact: times for contact, times in sent.items() if times}
    assert set(Message.objects.values_list("state", flat=True)) <= {"sent", "skipped", "queued"}


def _room(times: list[datetime], now: datetime, span: str, most: int) -> int:
    since = now - {"day": DAY, "week": 7 * DAY}[span]
    return max(most - sum(at > since for at in times), 0)


@pytest.mark.django_db(transaction=True)
def test_caps_that_are_set_while_two_workers_send_hold_from_then_on():
    ids = make.contacts(40)
    content = letters.content()
    for visit in range(6):
        letters.queue(ids, content, origin=f"scenario:{visit}:n1", visit=visit)
    sending._pace.size = 25
    at_once(drain, drain, lambda: rules(caps={"email": {"day": 2}}, when_capped="skip"))
    before = Counter(Message.objects.filter(state="sent").values_list("contact", flat=True))
    letters.queue(ids, content, origin="scenario:9:n1", visit=9)
    drain()
    after = Counter(Message.objects.filter(state="sent").values_list("contact", flat=True))
    assert all(after[contact] == max(before[contact], min(before[contact] + 1, 2)) for contact in ids)


def test_a_campaigns_priority_and_limit_reach_its_messages():
    make.contacts(1)
    campaign = mailings.campaign(priority=1, late_hours=3)
    commands.send(campaign, NOW)
    mailings.queue_all()
    message = Message.objects.get()
    assert (message.origin.priority, message.content.late_hours) == (1, 3)
    campaign_saving.change(campaign, {"priority": -1})
    message.origin.refresh_from_db()
    assert message.origin.priority == -1
    drain(NOW + 4 * HOUR)
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
