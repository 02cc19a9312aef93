"""What courtesy does to messages that are being sent: what goes, waits and is left out."""

from datetime import timedelta

import pytest

from campaigns import outbox, stats
from campaigns.courtesy import admitting, recent
from campaigns.delivery import sending
from campaigns.mailings import commands
from campaigns.models import Courtesy, Message, RecentMessage
from contacts.models import Installation
from tests import make
from tests.campaigns import letters, mailings
from tests.campaigns.courtesies import one_a_day, reasons, rules
from tests.campaigns.mailings import hand_over
from tests.make import NOW

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_is_beyond_the_cap_is_skipped_and_counted_as_such():
    one_a_day(when_capped="skip")
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), visit=1)
    letters.queue([ada.pk], letters.content(), visit=2)
    hand_over()
    assert reasons() == {("sent", ""): 1, ("skipped", "capped"): 1}
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"]["skipped:capped"] == 1


def test_or_it_goes_as_soon_as_there_is_room_again():
    one_a_day()
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), visit=1)
    hand_over()
    (second,) = letters.queue([ada.pk], letters.content(), visit=2, now=NOW + HOUR)
    hand_over(NOW + HOUR)
    second.refresh_from_db()
    assert (second.state, second.reason, second.due_at) == ("queued", "capped", NOW + DAY)
    assert second.planned_at == NOW + HOUR
    hand_over(NOW + DAY - HOUR)
    assert Message.objects.filter(state="sent").count() == 1
    hand_over(NOW + DAY)
    second.refresh_from_db()
    assert (second.state, second.reason, second.sent_at) == ("sent", "", NOW + DAY)


def test_quiet_hours_are_the_contacts_own_and_else_the_installations():
    rules(quiet={"email": {"begins": "18:00", "ends": "09:30"}})
    Installation.objects.update_or_create(pk=1, defaults={"timezone": "Europe/London"})
    tokyo = make.contact("tomo@example.com", timezone="Asia/Tokyo")  # 18:00 there
    paris = make.contact("ada@example.com", timezone="Europe/Paris")  # 10:00
    nowhere = make.contact("nemo@example.com")  # 09:00
    letters.queue([tokyo.pk, paris.pk, nowhere.pk], letters.content())
    hand_over()
    found = {m.contact_id: (m.state, m.reason, m.due_at) for m in Message.objects.all()}
    assert found[paris.pk][0] == "sent"
    assert found[tokyo.pk] == ("queued", "quiet hours", NOW + timedelta(hours=15, minutes=30))
    assert found[nowhere.pk] == ("queued", "quiet hours", NOW + timedelta(minutes=30))


def test_or_what_is_due_in_them_is_skipped():
    rules(quiet={"email": {"begins": "08:00", "ends": "10:00"}}, when_quiet="skip")
    letters.queue(make.contacts(1), letters.content())
    hand_over()
    assert reasons() == {("skipped", "quiet hours"): 1}


def test_exempt_topics_are_neither_held_back_nor_counted():
    make.topic("receipts")
    one_a_day(when_capped="skip", exempt=["receipts"])
    ada = make.contact("ada@example.com")
    for visit in (1, 2, 3):
        letters.queue([ada.pk], letters.content(topic="receipts"), visit=visit)
    hand_over()
    letters.queue([ada.pk], letters.content(topic="offers"), visit=4)
    hand_over()
    letters.queue([ada.pk], letters.content(topic="receipts"), visit=5)
    letters.queue([ada.pk], letters.content(topic="offers"), visit=6)
    hand_over()
    assert reasons() == {("sent", ""): 5, ("skipped", "capped"): 1}


def test_what_a_provider_did_not_take_for_long_is_too_late():
    rules(late_hours=4)
    (message,) = letters.queue(make.contacts(1), letters.content())
    # An outage put it off, as handing over does.
    Message.objects.filter(pk=message.pk).update(due_at=NOW + 5 * HOUR, planned_at=NOW)
    hand_over(NOW + 5 * HOUR)
    assert reasons() == {("skipped", "too late"): 1}


def test_a_message_may_have_a_limit_of_its_own():
    letters.queue(make.contacts(1), letters.content(late_hours=2))
    hand_over(NOW + 3 * HOUR)
    assert reasons() == {("skipped", "too late"): 1}


def test_a_pause_that_an_operator_ended_makes_nothing_late():
    rules(late_hours=4)
    letters.queue(make.contacts(1), letters.content(), origin="scenario:1:n2")
    outbox.hold("scenario:1")
    hand_over(NOW + 9 * HOUR)
    outbox.release("scenario:1", late_from=NOW + 9 * HOUR)
    hand_over(NOW + 10 * HOUR)
    assert reasons() == {("sent", ""): 1}


@pytest.mark.parametrize(("itself", "state"), [(False, "sent"), (True, "skipped")])
def test_after_an_outage_old_messages_go_only_where_an_operator_says_so(itself, state):
    rules(late_hours=4)
    make.contacts(1)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    commands.pause(campaign, NOW)
    hand_over(NOW + HOUR)
    assert Message.objects.get().state == "queued"
    commands.resume(campaign, NOW + 9 * HOUR, itself=itself)
    hand_over(NOW + 9 * HOUR)
    assert Message.objects.get().state == state


def test_who_gets_nothing_anyway_takes_no_place():
    one_a_day()
    gone, nowhere = make.contact("gone@example.com"), make.contact(phone="+33612345678")
    letters.queue([gone.pk, nowhere.pk], letters.content())
    gone.delete()
    hand_over()
    assert not RecentMessage.objects.exists()
    assert reasons() == {("skipped", "no address"): 1}


def test_an_address_that_changed_meanwhile_is_the_one_that_is_written_to(mail_server):
    letters.account(mail_server)
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content())
    type(ada).objects.filter(pk=ada.pk).update(email="new@example.com")
    hand_over()
    assert mail_server.to() == ["new@example.com"]


def test_what_failed_gives_its_place_back():
    one_a_day(when_capped="skip")
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(body="{% for n in (1..9) %}"), visit=1)
    hand_over()
    assert reasons()[("failed", Message.objects.get().reason)] == 1
    letters.queue([ada.pk], letters.content(), visit=2)
    hand_over()
    assert Message.objects.filter(state="sent").count() == 1


def test_what_was_sent_before_there_were_caps_counts():
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(), visit=1)
    hand_over()
    assert not RecentMessage.objects.exists()
    one_a_day(when_capped="skip")
    letters.queue([ada.pk], letters.content(), visit=2, now=NOW + HOUR)
    hand_over(NOW + HOUR)
    assert reasons() == {("sent", ""): 1, ("skipped", "capped"): 1}


def test_a_topic_that_is_exempt_no_longer_counts_from_then_on_with_what_was_sent():
    make.topic("receipts")
    one_a_day(when_capped="skip", exempt=["receipts"])
    ada = make.contact("ada@example.com")
    letters.queue([ada.pk], letters.content(topic="receipts"), visit=1)
    hand_over()
    one_a_day(when_capped="skip")
    letters.queue([ada.pk], letters.content(), visit=2, now=NOW + HOUR)
    hand_over(NOW + HOUR)
    assert reasons() == {("sent", ""): 1, ("skipped", "capped"): 1}


def test_what_no_window_reaches_is_thrown_away():
    one_a_day()
    letters.queue(make.contacts(3), letters.content())
    hand_over()
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
            assert admitting.held_back(taken.messages, {content.pk: content}, people, {}, NOW) == {}
        one_a_day()
        Courtesy.objects.update(remembers=True)
        with django_assert_num_queries(8):  # two of them the savepoint of the test's own transaction
            assert admitting.held_back(taken.messages, {content.pk: content}, people, {}, NOW) == {}
