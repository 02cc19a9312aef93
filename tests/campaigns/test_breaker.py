"""A provider that keeps failing is left alone, what needs it is paused, and one message finds out whether it works."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from campaigns import breaker, commands, configuring, connections, sending
from campaigns.campaign_moves import NotReady
from campaigns.models import Breaker, BreakerTurn, Campaign, Message, Provider
from campaigns.providers.base import Result
from contacts import consent
from flows import pausing, starting, suspending
from flows.models import Scenario
from flows.transitions import NotReady as ScenarioNotReady
from tests import make
from tests.campaigns import letters, mailings
from tests.flows.at_once import at_once
from tests.make import NOW
from tests.outside import MailServer

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
OUTAGE = Result("failed", reason="The server refused the connection.", temporary=True, outage=True)
BUSY = Result("failed", reason="451 Try again later", temporary=True)
WRONG = Result("bounced", reason="550 5.1.1 No such user")
REFUSED = Result("failed", reason="554 Not this one")
SENT = Result("sent")


def unreachable(server: MailServer, **fields: Any) -> Provider:
    """An account whose server refuses every connection."""
    account = letters.account(server)
    Provider.objects.filter(pk=account.pk).update(settings={**account.settings, "port": 1}, **fields)
    return Provider.objects.get(pk=account.pk)


def mend(account: Provider, server: MailServer) -> None:
    Provider.objects.filter(pk=account.pk).update(settings={**account.settings, "port": server.port})


def learned(results: list[Result], provider: Provider, at: Any = NOW) -> str:
    breaker.learn(Provider.objects.select_related("breaker").get(pk=provider.pk), results, at)
    found = Breaker.objects.filter(provider=provider).first()
    return found.state if found else "none"


def work(now: Any = NOW) -> None:
    while sending.work(now):
        pass


def open_up(account: Provider, at: Any = NOW) -> None:
    for n in range(account.most_failures):
        assert learned([OUTAGE], account, at), n
    assert Breaker.objects.get(provider=account).state == "open"


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
    work()
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
    work(NOW + MINUTE)
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
    work(NOW + MINUTE)
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
    work(NOW + MINUTE)
    assert not mail_server.mails
    work(NOW + 3 * MINUTE)
    assert len(mail_server.mails) == 2


def test_a_campaign_is_paused_with_the_providers_words_and_loses_nothing(mail_server: MailServer) -> None:
    account = unreachable(mail_server)
    make.contacts(20)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    open_up(account)
    commands.follow(NOW)
    campaign.refresh_from_db()
    assert campaign.state == "paused_error"
    assert campaign.state_reason == "The provider “Mail server” keeps failing: The server refused the connection."
    assert mailings.states(campaign) == {"queued": 20}
    with pytest.raises(NotReady, match="keeps failing"):
        commands.resume(campaign, NOW)
    # The probe is one of its messages, though they are held.
    mend(account, mail_server)
    sending.work(NOW + MINUTE)
    assert len(mail_server.mails) == 1
    commands.follow(NOW + MINUTE)
    campaign.refresh_from_db()
    assert campaign.state == "paused_error"  # it waits for its operator
    commands.resume(campaign, NOW + MINUTE)
    work(NOW + MINUTE)
    assert mailings.states(campaign) == {"sent": 20}
    assert Breaker.objects.get().holds == []


def test_what_an_operator_paused_is_not_probed_with(mail_server: MailServer) -> None:
    account = letters.account(mail_server)
    make.contacts(5)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    commands.pause(campaign, NOW)
    open_up(account)
    commands.follow(NOW)
    work(NOW + MINUTE)
    assert not mail_server.mails
    assert mailings.states(campaign) == {"queued": 5}


def test_a_campaign_goes_on_by_itself_where_that_is_allowed(mail_server: MailServer) -> None:
    account = unreachable(mail_server, resumes_itself=True)
    make.contacts(5)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    open_up(account)
    commands.follow(NOW)
    mend(account, mail_server)
    work(NOW + MINUTE)
    commands.follow(NOW + MINUTE)
    work(NOW + MINUTE)
    campaign.refresh_from_db()
    assert campaign.state == "sending"
    assert len(mail_server.mails) == 5


def test_what_goes_through_another_provider_is_not_paused(mail_server: MailServer) -> None:
    account = letters.account(mail_server, is_default=False)
    make.contacts(3)
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.queue_all()
    open_up(account)
    commands.follow(NOW)
    assert Campaign.objects.get().state == "sending"
    work()
    assert mailings.states(campaign) == {"sent": 3}


MAIL = {"subject": "Hello", "body": '<p>Hi</p><a href="{{ unsubscribe_url }}">Leave</a>'}
LETTERS = make.graph(("n1", "now", {"segment": None}), ("n2", "email", MAIL), edges="n1>n2")
TEXTS = make.graph(("n1", "on_event", {"event": "api.call"}), ("n2", "sms", {"body": "Hi"}), edges="n1>n2")


def test_running_scenarios_that_need_it_are_paused_and_others_run_on(mail_server: MailServer) -> None:
    account = unreachable(mail_server)
    make.contacts(4)
    mails, texts = make.scenario(LETTERS, "Mails"), make.scenario(TEXTS, "Texts")
    for scenario in (mails, texts):
        starting.start(scenario, NOW)
    open_up(account)
    suspending.follow(NOW)
    assert dict(Scenario.objects.values_list("name", "state")) == {"Mails": "paused_error", "Texts": "running"}
    mails.refresh_from_db()
    assert "The server refused the connection." in mails.state_reason
    assert Breaker.objects.get().holds == [f"scenario:{mails.pk}"]
    with pytest.raises(ScenarioNotReady, match="keeps failing"):
        pausing.resume(mails, NOW)
    assert breaker.close(account, NOW)
    pausing.resume(mails, NOW)
    assert mails.state == "running"


def test_scenarios_go_on_by_themselves_where_that_is_allowed(mail_server: MailServer) -> None:
    account = unreachable(mail_server, resumes_itself=True)
    scenario = make.scenario(LETTERS, "Mails")
    make.contacts(2)
    starting.start(scenario, NOW)
    open_up(account)
    suspending.follow(NOW)
    mend(account, mail_server)
    sending.work(NOW + MINUTE)
    suspending.follow(NOW + MINUTE)
    scenario.refresh_from_db()
    assert scenario.state == "running"


def test_nothing_is_asked_of_scenarios_while_all_providers_work(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        suspending.follow(NOW)


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
