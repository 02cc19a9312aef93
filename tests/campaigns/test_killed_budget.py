"""Processes side by side, and killed ones, with a budget: what a mail server got was paid for, to the cent."""

import os
import signal
from decimal import Decimal

import pytest

from campaigns.delivery import claiming, settling
from campaigns.models import Budget, Message, Reservation
from tests import make
from tests.campaigns import letters
from tests.campaigns.budgets import adds_up, money
from tests.campaigns.test_killed_sender import ids_of, mail_server, wait_until, worker
from tests.make import NOW

__all__ = ["mail_server"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_processes_send_exactly_what_is_paid_for(mail_server):
    letters.account(mail_server)
    money("1.37")
    letters.queue(make.contacts(400), letters.content())
    workers = [worker(), worker()]
    assert [process.wait(timeout=60) for process in workers] == [0, 0]
    assert len(mail_server.mails) == 137
    assert Message.objects.filter(state="sent").count() == 137
    assert Message.objects.filter(state="queued").count() == 263
    assert adds_up() == 0


@pytest.mark.chaos
def test_a_killed_process_leaves_nothing_reserved_and_nothing_unpaid(mail_server):
    letters.account(mail_server)
    money("5")
    letters.queue(make.contacts(600), letters.content())
    for kill_after in (20, 80, 150):
        process = worker()
        wait_until(lambda goal=kill_after: len(mail_server.mails) >= goal, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert worker().wait(timeout=60) == 0
    settling.settle(NOW + claiming.LEASE * 2)

    taken = ids_of(mail_server.mails)
    assert max(taken.values()) == 1
    assert len(taken) <= 500
    assert not Reservation.objects.exists()
    spent = Decimal(5) - adds_up()
    handed = Message.objects.filter(state__in=["sent", "unknown"]).count()
    # What a worker had paid for and not begun to hand over went back, with its money.
    assert len(taken) * Decimal("0.01") <= spent == handed * Decimal("0.01")
    assert Budget.objects.get().balance >= 0
