"""What needs a provider that keeps failing is paused and loses nothing, and goes on by itself where that is allowed."""

from datetime import timedelta
from typing import Any

import pytest

from campaigns.delivery import breaker, sending
from campaigns.mailings import commands
from campaigns.mailings.moves import NotReady
from campaigns.models import Breaker, Campaign
from flows import pausing, starting, suspending
from flows.models import Scenario
from flows.transitions import NotReady as ScenarioNotReady
from tests import make
from tests.campaigns import letters, mailings
from tests.campaigns.mailing_scenarios import LETTERS, TEXTS
from tests.campaigns.mailings import hand_over
from tests.campaigns.outages import mend, open_up, unreachable
from tests.make import NOW
from tests.outside import MailServer

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


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
    hand_over(NOW + MINUTE)
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
    hand_over(NOW + MINUTE)
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
    hand_over(NOW + MINUTE)
    commands.follow(NOW + MINUTE)
    hand_over(NOW + MINUTE)
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
    hand_over()
    assert mailings.states(campaign) == {"sent": 3}


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
