"""Workers of the send lane side by side, and workers that are killed while they hand messages over."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from campaigns import stats
from campaigns.delivery import claiming, sending, settling
from campaigns.models import Message, MessageState, Provider
from contacts.models import Event
from tests import make, outside
from tests.campaigns import letters
from tests.contacts.other_connection import other_connection
from tests.make import NOW
from tests.other_process import environment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mail_server():
    # The accounts that a migration made are gone after another transactional test.
    Provider.objects.all().delete()
    with outside.mail_server() as server:
        yield server


def worker() -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.campaigns.sending_process", NOW.isoformat()]
    return subprocess.Popen(command, env=environment())


def ids_of(mails) -> Counter:
    """How often the server took each message, by the number in its Message-ID."""
    return Counter(int(re.match(r"<(\d+)\.", mail["Message-ID"])[1]) for mail in mails)


@pytest.mark.chaos
def test_a_killed_worker_loses_nothing_and_sends_nothing_twice(mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(1_200), letters.content())
    for kill_after in (20, 150, 290):
        process = worker()
        wait_until(lambda goal=kill_after: len(mail_server.mails) >= goal, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    last = worker()
    assert last.wait(timeout=60) == 0
    later = NOW + claiming.LEASE * 2
    settling.settle(later)
    while sending.work(later):
        pass

    taken = ids_of(mail_server.mails)
    assert max(taken.values()) == 1
    states = dict(Message.objects.values_list("pk", "state"))
    assert set(states.values()) == {MessageState.SENT, MessageState.UNKNOWN}
    for pk, state in states.items():
        if state == MessageState.SENT:
            assert taken[pk] == 1
    counts = stats.counts(["scenario:1:n2"])["scenario:1:n2"]
    assert counts["unknown"] > 0
    assert counts["queued"] == counts["sent"] + counts["unknown"] == 1_200
    assert Event.objects.filter(name="email.sent").count() == counts["sent"]


def wait_until(happened, process: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert process.poll() is None, "The worker ended before it could be killed."
        assert time.monotonic() < until
        os.sched_yield()


def test_two_workers_share_the_queue(mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(400), letters.content())
    workers = [worker(), worker()]
    assert [process.wait(timeout=60) for process in workers] == [0, 0]
    assert Counter(ids_of(mail_server.mails).values()) == {1: 400}
    assert Message.objects.filter(state="sent").count() == 400


def test_a_worker_that_is_claiming_keeps_nobody_waiting(mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(10), letters.content())
    with other_connection() as other:
        other.execute("BEGIN")
        held = other.execute(
            "SELECT id FROM campaigns_message WHERE state = 'queued' ORDER BY id LIMIT 4 FOR UPDATE"
        ).fetchall()
        assert len(held) == 4
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        while sending.work(NOW):
            pass
        assert Message.objects.filter(state="sent").count() == 6
        other.execute("ROLLBACK")
    while sending.work(NOW + timedelta(seconds=1)):
        pass
    assert Message.objects.filter(state="sent").count() == 10


def test_a_session_that_is_cut_while_mails_leave_makes_none_of_them_unknown(mail_server):
    letters.account(mail_server)
    letters.queue(make.contacts(8), letters.content())
    connection.ensure_connection()
    session = connection.connection.info.backend_pid

    class Cutting(list):
        def append(self, mail):
            super().append(mail)
            if len(self) == 3:
                other.execute("SELECT pg_terminate_backend(%s)", [session])

    with other_connection() as other:
        mail_server.mails = Cutting()
        while sending.work(NOW):
            pass
    assert connection.connection.info.backend_pid != session
    assert Counter(ids_of(mail_server.mails).values()) == {1: 8}
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"] == {"queued": 8, "sent": 8}
    assert Event.objects.filter(name="email.sent").count() == 8
