"""A provider that keeps failing is left alone, and one message finds out whether it works again."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from campaigns import configuring
from campaigns.delivery import breaker, connections, sending
from campaigns.models import Breaker, BreakerTurn, Message, Provider
from campaigns.providers.base import Result
from contacts import consent
from tests import make
from tests.campaigns import letters
from tests.campaigns.mailings import hand_over
from tests.campaigns.outages import OUTAGE, learned, open_up, unreachable
from tests.flows.at_once import at_once
from tests.make import NOW
from tests.outside import MailServer

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
BUSY = Result("failed", reason="451 Try again later", temporary=True)
WRONG = Result("bounced", reason="550 5.1.1 No such user")
REFUSED = Result("failed", reason="554 Not this one")
SENT = Result("sent")


def test_it_opens_on_the_last_of_so_many_failures_in_a_row(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    assert [learned([BUSY], account) for _ in range(9)] == ["closed"] * 9
    assert learned([BUSY], account) == "open"
    assert Breaker.objects.get().probes_at == NOW + MINUTE
    turn = BreakerTurn.objects.get()
    assert (turn.to, turn.reason, turn.by) == ("open", "451 Try again later", None)


def test_a_success_between_begins_the_row_anew(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    assert learned([BUSY] * 9, account) == "closed"
    assert learned([BUSY, SENT, BUSY], account) == "closed"
    assert Breaker.objects.get().failures == 1


def test_an_outage_is_one_failure_however_many_messages_it_met(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    assert learned([OUTAGE] * 500, account) == "closed"
    assert Breaker.objects.get().failures == 1


@pytest.mark.parametrize("result", [WRONG, REFUSED])
def test_wrong_addresses_and_refused_messages_open_nothing(mail_server: MailServer, result: Result) -> None:
    assert learned([result] * 100, letters.account(mail_server)) == "none"


def test_it_opens_on_a_percentage_of_failures_within_the_window(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    assert learned([BUSY, SENT] * 9, account) == "closed"
    assert learned([BUSY, SENT], account) == "open"
    assert breaker.close(account, NOW)


def test_failures_of_long_ago_are_not_counted_in_the_percentage(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    assert learned([BUSY, SENT] * 9, account) == "closed"
    assert learned([BUSY, SENT], account, NOW + 11 * MINUTE) == "closed"
    assert Breaker.objects.get().tried == 2


def test_while_all_goes_well_nothing_is_written(mail_server: MailServer, django_assert_num_queries: Any) -> None:
    account = Provider.objects.select_related("breaker").get(pk=letters.account(mail_server).pk)
    with django_assert_num_queries(0):
        breaker.learn(account, [SENT] * 500, NOW)


def test_its_settings_say_how_much_it_bears(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    Provider.objects.filter(pk=account.pk).update(most_failures=2)
    assert [learned([OUTAGE], account) for _ in range(2)] == ["closed", "open"]


def test_what_is_queued_stays_queued_untouched_while_it_is_open(mail_server: MailServer) -> None:
    account = unreachable(mail_server)
    letters.queue(make.contacts(30), letters.content())
    open_up(account)
    connections._kept.resting.clear()
    hand_over()
    assert set(Message.objects.values_list("state", "attempts", "reason")) == {("queued", 0, "")}


def test_the_probe_is_one_message_and_its_success_closes(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    letters.queue(make.contacts(5), letters.content())
    open_up(account)
    assert not sending.work(NOW)
    assert not mail_server.mails
    sending.work(NOW + MINUTE)
    assert len(mail_server.mails) == 1
    assert Breaker.objects.get().state == "closed"
    hand_over(NOW + MINUTE)
    assert len(mail_server.mails) == 5


def test_a_failed_probe_opens_again_for_longer_each_time(mail_server: MailServer) -> None:
    account = unreachable(mail_server)
    letters.queue(make.contacts(5), letters.content())
    open_up(account)
    at, waits = NOW, []
    for _ in range(7):
        at = Breaker.objects.get().probes_at
        sending.work(at)
        found = Breaker.objects.get()
        assert found.state == "open"
        waits.append((found.probes_at - at) // MINUTE)
    assert waits == [2, 5, 15, 30, 60, 60, 60]
    assert Counter(Message.objects.values_list("state", flat=True)) == {"queued": 5}
    assert set(Message.objects.values_list("attempts", flat=True)) == {0}


def test_a_probe_passes_over_messages_that_are_not_to_be_sent(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    ids = make.contacts(4)
    consent.set_state(ids[:3], "email", "unsubscribed", "test", NOW)
    letters.queue(ids, letters.content())
    open_up(account)
    sending.work(NOW + MINUTE)
    hand_over(NOW + MINUTE)
    assert Counter(Message.objects.values_list("state", flat=True)) == {"skipped": 3, "sent": 1}
    assert Breaker.objects.get().state == "closed"


def test_without_messages_the_probe_only_calls(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    open_up(account)
    sending.work(NOW + MINUTE)
    assert Breaker.objects.get().state == "closed"
    assert not mail_server.mails
    Provider.objects.filter(pk=account.pk).update(settings={**account.settings, "port": 1})
    open_up(account)
    sending.work(NOW + MINUTE)
    assert Breaker.objects.get().state == "open"


def test_of_a_kind_that_cannot_be_called_the_next_message_is_the_probe() -> None:
    account = Provider.objects.get(channel="email")  # the local outbox
    open_up(account)
    sending.work(NOW + MINUTE)
    assert Breaker.objects.get().state == "half_open"
    letters.queue(make.contacts(3), letters.content())
    sending.work(NOW + MINUTE)
    assert Message.objects.filter(state="sent").count() == 1
    assert Breaker.objects.get().state == "closed"


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_has_the_probe(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    Provider.objects.exclude(pk=account.pk).delete()
    Provider.objects.filter(pk=account.pk).update(settings={**account.settings, "port": 1})
    letters.queue(make.contacts(8), letters.content())
    open_up(account)

    def one() -> None:
        try:
            sending.work(NOW + MINUTE)
        finally:
            connections.close_all()

    at_once(one, one, one, one)
    assert Message.objects.exclude(reason="").count() == 1
    assert Breaker.objects.get().openings == 2


def test_a_probe_whose_worker_died_is_made_again(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    open_up(account)
    Breaker.objects.update(state="half_open", probed_until=NOW + 2 * MINUTE)
    letters.queue(make.contacts(2), letters.content())
    hand_over(NOW + MINUTE)
    assert not mail_server.mails
    hand_over(NOW + 3 * MINUTE)
    assert len(mail_server.mails) == 2


def test_new_settings_are_tried_at_once(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    open_up(account)
    form = configuring.settings_form(account.kind, account.settings, account)
    assert form.is_valid(), form.errors
    configuring.change(account, NOW, form=form)
    sending.work(NOW)
    assert Breaker.objects.get().state == "closed"


def test_closing_by_hand_is_written_down_once() -> None:
    account = Provider.objects.get(channel="email")
    open_up(account)
    assert breaker.close(account, NOW)
    assert not breaker.close(account, NOW)
    assert list(BreakerTurn.objects.values_list("to", flat=True)) == ["closed", "open"]
