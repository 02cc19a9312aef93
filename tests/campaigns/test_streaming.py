"""Much that is due leaves batch after batch: one is handed over while the one before it is recorded."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from campaigns.delivery import batch, breaker, claiming, connections, routing, sending, settling
from campaigns.delivery.batch import Batch
from campaigns.models import Message, MessageState, Provider
from tests import make, outside
from tests.campaigns import letters
from tests.contacts.other_connection import other_connection
from tests.make import NOW
from tests.other_process import environment

FIRST = 100  # so many are in the first batch


class At(list):
    """What a server took; at its nth mail something happens before it says that it took it."""

    def __init__(self, n: int, happens: Callable[[], None]) -> None:
        super().__init__()
        self.n, self.happens = n, happens

    def append(self, mail: object) -> None:
        super().append(mail)
        if len(self) == self.n:
            self.happens()


@pytest.fixture
def mail_server(request):
    if "transactional_db" in request.fixturenames:
        # The accounts that a migration made are gone after another transactional test.
        Provider.objects.all().delete()
    with outside.mail_server() as server:
        yield server


def taken(server: outside.MailServer) -> Counter[int]:
    """How often the server took each message, by the number in its Message-ID."""
    return Counter(int(re.match(r"<(\d+)\.", mail["Message-ID"])[1]) for mail in server.mails)


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        os.sched_yield()


def test_a_batch_is_recorded_while_the_next_one_is_handed_over(transactional_db, mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(250), letters.content())
    sent = []
    with other_connection() as other:

        def first_is_recorded() -> bool:
            sent[:] = other.execute("SELECT count(*) FROM campaigns_message WHERE state = 'sent'").fetchone()
            return sent == [FIRST]

        mail_server.mails = At(FIRST + 1, lambda: wait_until(first_is_recorded))
        assert sending.work(NOW)
    while sending.work(NOW):
        pass
    assert set(taken(mail_server).values()) == {1}
    assert Message.objects.filter(state="sent").count() == 250


def test_a_worker_killed_between_hand_over_and_record_leaves_unknown_what_it_had_in_hand(transactional_db, mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(900), letters.content())
    command = [sys.executable, "-m", "tests.campaigns.sending_process", NOW.isoformat()]
    process = subprocess.Popen(command, env=environment())
    with other_connection() as other:

        def kill_when_recorded() -> None:
            count = "SELECT count(*) FROM campaigns_message WHERE state = 'sent'"
            wait_until(lambda: other.execute(count).fetchone() == (FIRST,))
            os.kill(process.pid, signal.SIGKILL)

        mail_server.mails = At(FIRST + 20, kill_when_recorded)
        process.wait(timeout=120)
    in_hand = Message.objects.filter(state=MessageState.SENDING)
    assert 100 <= in_hand.count() <= 100 + 200  # the second batch, and the third if it was claimed already
    later = NOW + claiming.LEASE * 2
    settling.settle(later)
    while sending.work(later):
        pass

    got = taken(mail_server)
    assert set(got.values()) == {1}
    for pk, state in Message.objects.values_list("pk", "state"):
        assert state in (MessageState.SENT, MessageState.UNKNOWN)
        assert state == MessageState.UNKNOWN or got[pk] == 1
    unknown = set(Message.objects.filter(state=MessageState.UNKNOWN).values_list("pk", flat=True))
    assert 20 <= len(unknown & got.keys()) <= 100  # arrived, and nobody could know
    assert len(unknown) == 100  # what was claimed besides went back into the queue


def test_what_another_owner_has_by_now_is_not_recorded(transactional_db, mail_server):
    letters.account(mail_server)
    messages = letters.queue(make.contacts(250), letters.content())
    lost = messages[FIRST]
    with other_connection() as other:

        def hand_to_another() -> None:
            set_owner = "UPDATE campaigns_message SET owner = %s WHERE id = %s AND state = 'sending'"
            assert other.execute(set_owner, [uuid4(), lost.pk]).rowcount == 1

        mail_server.mails = At(FIRST + 1, hand_to_another)
        while sending.work(NOW):
            pass
    lost.refresh_from_db()
    assert lost.state == MessageState.SENDING
    assert Message.objects.filter(state="sent").count() == 249


def made_ready(mail_server: outside.MailServer) -> tuple[Provider, Batch]:
    provider = letters.account(mail_server)
    letters.queue(make.contacts(5), letters.content())
    routes = routing.routes(NOW)
    return provider, Batch(claiming.claim(NOW, 10, ["email"]), routes, NOW)


def test_a_provider_that_the_batch_before_found_away_is_not_tried_again(db, mail_server):
    provider, ready = made_ready(mail_server)
    ready.begin({provider.pk: "The server refused the connection."})
    ready.run()
    ready.end()
    ready.record()
    assert mail_server.connections == 0
    assert set(Message.objects.values_list("state", "reason", "attempts", "due_at")) == {
        ("queued", "The server refused the connection.", 0, NOW + connections.REST)
    }
    assert breaker.of(Provider.objects.select_related("breaker").get(pk=provider.pk)) is None


def test_a_batch_that_waited_for_too_long_goes_back(db, mail_server, monkeypatch):
    _, ready = made_ready(mail_server)
    monkeypatch.setattr(batch, "STALE", -1.0)
    ready.begin()
    ready.run()
    ready.end()
    ready.record()
    assert mail_server.connections == 0
    assert set(Message.objects.values_list("state", "attempts", "owner", "due_at")) == {("queued", 0, None, NOW)}
    monkeypatch.undo()
    assert sending.work(NOW + timedelta(seconds=1))
    assert set(taken(mail_server).values()) == {1}


def test_a_provider_that_breaks_down_leaves_nothing_of_the_batches_behind_it_unsaid(db, mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(450), letters.content())
    mail_server.mails = At(FIRST + 10, lambda: setattr(mail_server, "answer_data", ["421 4.3.2 Going down"] * 500))
    sending.work(NOW)
    states = Counter(Message.objects.values_list("state", flat=True))
    assert states["sent"] == len(mail_server.mails)
    assert states["sent"] + states["queued"] == 450
    assert set(taken(mail_server).values()) == {1}
