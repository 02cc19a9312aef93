"""Only what a worker had begun to hand over becomes unknown with it; what it had not goes back into the queue, once."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.db import connection

from campaigns import budget, stats
from campaigns.delivery import claiming, routing, sending, settling
from campaigns.delivery.batch import Batch
from campaigns.models import Lease, Message, Provider, RecentMessage, Reservation
from contacts.models import Event
from tests import make, outside
from tests.campaigns import letters
from tests.campaigns.budgets import adds_up, money
from tests.campaigns.test_killed_sender import ids_of
from tests.contacts.other_connection import other_connection
from tests.flows.at_once import at_once
from tests.make import NOW

pytestmark = pytest.mark.django_db

LATE = NOW + claiming.LEASE * 2
ORIGIN = "scenario:1:n2"


@pytest.fixture
def mail_server():
    Provider.objects.all().delete()
    with outside.mail_server() as server:
        letters.account(server)
        yield server


def ready(count: int = 5) -> Batch:
    """Claimed and prepared by a worker that then stands still."""
    letters.queue(make.contacts(count), letters.content())
    return Batch(claiming.claim(NOW, count, ["email"]), routing.routes(NOW), NOW)


def go_on(batch: Batch) -> None:
    batch.begin()
    batch.run()
    batch.end()
    batch.record()


def send(now=LATE) -> None:
    while sending.work(now):
        pass


def states() -> Counter:
    return Counter(Message.objects.values_list("state", flat=True))


def test_what_was_not_begun_is_sent_by_another_and_not_by_the_worker_that_was_only_slow(mail_server):
    slow = ready()
    assert settling.settle(LATE) == 5
    assert set(Message.objects.values_list("state", "reason", "owner", "leased_until", "due_at", "planned_at")) == {
        ("queued", settling.RETURNED, None, None, LATE, NOW)
    }
    go_on(slow)
    assert (mail_server.mails, states()) == ([], {"queued": 5})
    send()
    go_on(slow)
    assert set(ids_of(mail_server.mails).values()) == {1} and len(mail_server.mails) == 5
    assert states() == {"sent": 5}
    assert stats.counts([ORIGIN])[ORIGIN] == {"queued": 5, "sent": 5}
    assert Event.objects.filter(name="email.sent").count() == 5
    assert not Lease.objects.exists()


def test_a_slow_worker_does_not_begin_while_another_has_its_messages_in_hand(mail_server):
    slow = ready()
    settling.settle(LATE)
    other = Batch(claiming.claim(LATE, 5, ["email"]), routing.routes(LATE), LATE)
    go_on(slow)
    assert (mail_server.mails, states()) == ([], {"sending": 5})
    go_on(other)
    assert states() == {"sent": 5} and set(ids_of(mail_server.mails).values()) == {1}


def test_what_was_begun_becomes_unknown_and_is_never_sent_again(mail_server):
    dead = ready()
    dead.begin()
    dead.run()  # and it dies before it records that
    send()
    assert states() == {"unknown": 5}
    assert set(ids_of(mail_server.mails).values()) == {1} and len(mail_server.mails) == 5
    assert not Lease.objects.exists()


def test_nobody_takes_back_what_is_begun_at_this_very_moment(transactional_db, mail_server):
    batch = ready()
    (owner,) = Lease.objects.values_list("owner", flat=True)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("UPDATE campaigns_lease SET begun = true WHERE owner = %s", [owner])
        assert settling.settle(LATE) == 0
        assert states() == {"sending": 5}
        other.execute("COMMIT")
    go_on(batch)
    assert states() == {"sent": 5}


def test_of_a_worker_that_begins_and_one_that_takes_back_exactly_one_succeeds(transactional_db):
    letters.queue(make.contacts(40), letters.content())
    owners = [claiming.claim(NOW, 1, ["email"]).owner for _ in range(40)]
    begun = []

    def begin() -> None:
        begun.extend(owner for owner in reversed(owners) if claiming.begin(owner))

    def take_back() -> None:
        for _ in range(40):
            settling._take_back(LATE)

    at_once(begin, take_back)
    settling.settle(LATE)
    assert states() == {state: n for state, n in (("unknown", len(begun)), ("queued", 40 - len(begun))) if n}
    assert set(Message.objects.filter(state="unknown").values_list("owner", flat=True)) == set(begun)


def test_after_a_crash_of_the_database_server_nothing_leaves_that_may_have_left(mail_server):
    slow, owner = ready(), Lease.objects.get().owner
    Lease.objects.all().delete()  # as the crash does with a table that is not logged
    assert not claiming.begin(owner)
    go_on(slow)
    assert (mail_server.mails, states()) == ([], {"queued": 5})
    claiming.claim(NOW, 5, ["email"])
    Lease.objects.all().delete()
    settling.settle(LATE)
    assert states() == {"unknown": 5}


def test_the_mark_is_not_logged():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'campaigns_lease'::regclass")
        assert cursor.fetchone() == ("u",)


def test_a_session_that_is_cut_before_the_hand_over_puts_the_batch_back(transactional_db, mail_server):
    batch = ready()
    session = connection.connection.info.backend_pid
    with other_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [session])
    go_on(batch)
    assert (mail_server.mails, states()) == ([], {"queued": 5})
    send(NOW + timedelta(seconds=1))
    assert states() == {"sent": 5}


def test_a_batch_that_cannot_begin_does_not_make_the_one_before_it_unknown(mail_server, monkeypatch):
    letters.queue(make.contacts(250), letters.content())
    began, begin = [], claiming.begin

    def second_breaks(owner) -> bool:
        began.append(owner)
        if len(began) == 2:
            raise RuntimeError("The disk is full.")
        return begin(owner)

    monkeypatch.setattr(claiming, "begin", second_breaks)
    with pytest.raises(RuntimeError):
        sending.work(NOW)
    assert states()["sent"] == 100 == len(mail_server.mails)
    send()
    assert states() == {"sent": 250}
    assert set(ids_of(mail_server.mails).values()) == {1}


def test_what_nobody_handed_over_is_given_back_to_the_budget(mail_server):
    money("1")
    slow = ready()
    assert (adds_up(), Reservation.objects.count()) == (D("0.95"), 1)
    budget.settle_lost(LATE)
    assert Reservation.objects.exists()
    settling.settle(LATE)
    assert (adds_up(), Reservation.objects.count()) == (D(1), 0)
    go_on(slow)
    assert adds_up() == D(1)
    send()
    assert adds_up() == D("0.95")


def test_a_slow_worker_reserves_nothing_for_what_was_taken_back():
    money("1")
    letters.queue(make.contacts(2), letters.content())
    taken = claiming.claim(NOW, 2, ["email"])
    settling.settle(LATE)
    budget.reserve(taken.owner, [budget.Wanted("email", "", 1)] * 2, NOW + claiming.LEASE)
    assert (adds_up(), Reservation.objects.count()) == (D(1), 0)


def test_what_is_taken_back_does_not_count_towards_caps(mail_server):
    ready(2)
    for message in Message.objects.all():
        RecentMessage.objects.create(message=message, contact_id=message.contact_id, channel="email", at=NOW)
    settling.settle(LATE)
    assert not RecentMessage.objects.exists()


def test_what_makes_workers_stop_each_time_fails_after_a_while():
    letters.queue(make.contacts(30), letters.content())
    now, apart = NOW, []
    for _ in range(settling.MOST_RETURNS):
        now += timedelta(hours=1)
        assert len(claiming.claim(now, 30, ["email"]).messages) == 30
        now += claiming.LEASE * 2
        settling.settle(now)
        assert states() == {"queued": 30}
        apart.append(len({message.due_at for message in Message.objects.all()}))
    assert apart == [1] + [30] * (settling.MOST_RETURNS - 1)
    now += timedelta(hours=1)
    claiming.claim(now, 30, ["email"])
    settling.settle(now + claiming.LEASE * 2)
    assert set(Message.objects.values_list("state", "reason")) == {("failed", settling.HOPELESS)}
    assert stats.counts([ORIGIN])[ORIGIN] == {"queued": 30, "failed": 30}
    assert Event.objects.filter(name="email.failed").count() == 30


def test_what_a_webhook_told_meanwhile_is_not_sent_again():
    letters.queue(make.contacts(2), letters.content())
    claiming.claim(NOW, 2, ["email"])
    told = Message.objects.first()
    Message.objects.filter(pk=told.pk).update(delivered_at=NOW)  # of an earlier hand-over that an operator repeats
    settling.settle(LATE)
    told.refresh_from_db()
    assert (told.state, states()) == ("delivered", {"delivered": 1, "queued": 1})


@pytest.mark.parametrize("count", [1, 60])
def test_a_claim_is_taken_back_in_a_fixed_number_of_statements(count, django_assert_max_num_queries):
    letters.queue(make.contacts(count), letters.content())
    claiming.claim(NOW, count, ["email"])
    with django_assert_max_num_queries(23):
        settling.settle(LATE)
    assert states() == {"queued": count}


def test_an_idle_look_leaves_no_lease():
    assert not claiming.claim(NOW, 10, ["email"]).messages
    assert not Lease.objects.exists()
    assert not claiming.begin(uuid4())
