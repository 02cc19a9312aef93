"""Nothing is sent that is not paid for, whoever works and whoever dies; what is not handed over costs nothing."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import budget, funding
from campaigns.delivery import claiming, connections, outcomes, sending, settling
from campaigns.mailings import commands
from campaigns.mailings.moves import NotReady
from campaigns.models import LedgerEntry, Message, Price, Provider, Reservation
from contacts import consent
from contacts.models import Installation
from flows import pausing, starting, suspending
from flows.models import Scenario
from flows.transitions import NotReady as ScenarioNotReady
from tests import make
from tests.campaigns import letters, mailings
from tests.campaigns.budgets import D, adds_up, money
from tests.campaigns.mailing_scenarios import LETTERS, TEXTS
from tests.campaigns.mailings import hand_over
from tests.flows.at_once import at_once
from tests.make import NOW
from tests.outside import MailServer

pytestmark = pytest.mark.django_db


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


def test_without_a_budget_nothing_is_charged_or_asked() -> None:
    Price.objects.create(channel="email", amount=D("0.01"))
    letters.queue(make.contacts(10), letters.content())
    hand_over()
    assert states() == {"sent": 10}
    assert not LedgerEntry.objects.exists()


def test_each_message_that_is_sent_is_charged_once_per_batch() -> None:
    money("1")
    letters.queue(make.contacts(30), letters.content())
    hand_over()
    assert adds_up() == D("0.7")
    charge = LedgerEntry.objects.get(kind="charge")
    assert (charge.amount, charge.messages, charge.channel) == (D("-0.3"), 30, "email")


def test_prices_depend_on_the_country_and_the_parts() -> None:
    money("10", sms="0.10")
    Price.objects.create(channel="sms", country="FR", amount=D("0.07"))
    french, german = make.contact(phone="+33612345678"), make.contact(phone="+4915112345678")
    letters.queue([french.pk, german.pk], letters.content("sms", body="x" * 200))
    hand_over()
    assert states() == {"sent": 2}
    assert adds_up() == D(10) - 2 * D("0.07") - 2 * D("0.10")


def test_what_is_skipped_bounced_or_refused_costs_nothing(mail_server: MailServer) -> None:
    money("1")
    letters.account(mail_server)
    ids = make.contacts(6)
    consent.set_state(ids[:2], "email", "unsubscribed", "test", NOW)
    mail_server.refuse = {
        "c2@example.com": "550 5.1.1 No such user", "c3@example.com": "554 Not wanted", "c4@example.com": "451 Later",
    }  # fmt: skip
    letters.queue(ids, letters.content())
    hand_over()
    assert states() == {"skipped": 2, "bounced": 1, "failed": 1, "queued": 1, "sent": 1}
    assert adds_up() == D("0.99")
    mail_server.refuse = {}
    hand_over(NOW + timedelta(minutes=5))
    assert adds_up() == D("0.98")


def test_it_ends_before_a_message_too_many() -> None:
    money("0.055")
    letters.queue(make.contacts(30), letters.content())
    hand_over()
    assert states() == {"sent": 5, "queued": 25}
    assert adds_up() == D("0.005")
    assert set(Message.objects.filter(state="queued").values_list("attempts", flat=True)) == {0}


def test_what_costs_nothing_goes_on_without_money() -> None:
    money("0", email="0", sms="0.1")
    letters.queue(make.contacts(5), letters.content())
    letters.queue([make.contact(phone="+33612345678").pk], letters.content("sms"), origin="scenario:2:n2")
    hand_over()
    assert dict(Message.objects.values_list("channel", "state").distinct()) == {"email": "sent", "sms": "queued"}


def test_without_its_hard_limit_it_only_counts() -> None:
    money("0.05")
    funding.change(limited=False, warn_below=None)
    letters.queue(make.contacts(10), letters.content())
    hand_over()
    assert states() == {"sent": 10}
    assert adds_up() == D("-0.05")


@pytest.mark.django_db(transaction=True)
def test_workers_let_loose_at_the_same_moment_send_exactly_what_is_paid_for() -> None:
    make.local_outboxes()
    money("0.73")
    for n in range(4):
        letters.queue(make.contacts(50, f"{n}.example"), letters.content(), origin=f"scenario:{n}:n2")

    def one() -> None:
        try:
            sending._pace.size = 25
            for _ in range(12):
                sending.work(NOW)
        finally:
            connections.close_all()

    at_once(one, one, one, one)
    hand_over()
    assert states() == {"sent": 73, "queued": 127}
    assert adds_up() == 0
    assert not Reservation.objects.exists()


def test_what_a_dead_worker_had_reserved_is_charged_with_its_messages() -> None:
    money("1")
    letters.queue(make.contacts(10), letters.content())
    taken = claiming.claim(NOW, 10, ["email"])
    budget.reserve(taken.owner, [budget.Wanted("email", "", 1)] * 10, NOW + claiming.LEASE)
    assert adds_up() == D("0.9")
    claiming.begin(taken.owner)
    settling.settle(NOW + claiming.LEASE * 2)
    assert states() == {"unknown": 10}
    assert adds_up() == D("0.9")
    assert not Reservation.objects.exists()
    assert LedgerEntry.objects.get(kind="charge").messages == 10


def test_a_worker_that_was_only_slow_gets_back_what_it_did_not_hand_over() -> None:
    money("1")
    letters.queue(make.contacts(4), letters.content())
    taken = claiming.claim(NOW, 4, ["email"])
    costs = budget.reserve(taken.owner, [budget.Wanted("email", "", 1)] * 4, NOW + claiming.LEASE)
    late = NOW + claiming.LEASE * 2
    claiming.begin(taken.owner)
    settling.settle(late)
    paid = {message.id: cost for message, cost in zip(taken.messages, costs, strict=True) if cost}
    results = [outcomes.Outcome(message, "failed" if n else "sent") for n, message in enumerate(taken.messages)]
    outcomes.record(taken.owner, results, late, paid=paid)
    outcomes.record(taken.owner, results, late, paid=paid)  # told twice, as after a session was cut
    assert adds_up() == D("0.99")
    assert LedgerEntry.objects.get(kind="refund").amount == D("0.03")


def test_a_batch_costs_two_statements_more() -> None:
    Installation.current()

    def statements(count: int, domain: str) -> int:
        letters.queue(make.contacts(count, domain), letters.content())
        with CaptureQueriesContext(connection) as asked:
            assert sending.work(NOW)
        return len(asked)

    statements(5, "first.example")
    without = statements(5, "without.example")
    money("100")
    assert [statements(5, "few.example"), statements(100, "many.example")] == [without + 2] * 2
    assert states() == {"sent": 115}


def test_a_campaign_is_paused_and_goes_on_only_when_somebody_resumes_it() -> None:
    make.contacts(10)
    money("0.04")
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.until_still()
    commands.follow(NOW)
    campaign.refresh_from_db()
    assert campaign.state == "paused_balance"
    assert campaign.state_reason.startswith("The budget is used up: 0.00 EUR are left, and the next message costs 0.01")
    assert mailings.states(campaign) == {"sent": 4, "queued": 6}
    with pytest.raises(NotReady, match="The budget is used up"):
        commands.resume(campaign, NOW)
    funding.top_up(D("0.005"), "Too little", None, NOW)
    with pytest.raises(NotReady, match="The budget is used up"):
        commands.resume(campaign, NOW)
    funding.top_up(D("5"), "Enough", None, NOW)
    commands.follow(NOW)
    campaign.refresh_from_db()
    assert campaign.state == "paused_balance"
    commands.resume(campaign, NOW)
    hand_over()
    assert mailings.states(campaign) == {"sent": 10}
    assert adds_up() == D("4.945")


def test_scenarios_that_cost_something_are_paused_and_others_run_on() -> None:
    make.contacts(3)
    money("0.01", sms="0")
    mails, texts = make.scenario(LETTERS, "Mails"), make.scenario(TEXTS, "Texts")
    for scenario in (mails, texts):
        starting.start(scenario, NOW)
    letters.queue(make.contacts(3, "now.example"), letters.content(), origin=f"scenario:{mails.pk}:n2")
    hand_over()
    suspending.follow(NOW)
    assert dict(Scenario.objects.values_list("name", "state")) == {"Mails": "paused_balance", "Texts": "running"}
    mails.refresh_from_db()
    with pytest.raises(ScenarioNotReady, match="The budget is used up"):
        pausing.resume(mails, NOW)
    funding.top_up(D(1), "", None, NOW)
    pausing.resume(mails, NOW)
    assert mails.state == "running"


def test_taking_money_out_is_a_correction_and_never_more_than_there_is() -> None:
    money("5")
    with pytest.raises(funding.TooMuch):
        funding.top_up(D("-6"), "Typo", None, NOW)
    funding.top_up(D("-2"), "Typo", None, NOW)
    assert adds_up() == 3
    assert LedgerEntry.objects.first().kind == "correction"


def test_a_failed_provider_costs_nothing() -> None:
    money("1")
    Provider.objects.filter(channel="email").update(
        kind="smtp", settings={"host": "127.0.0.1", "port": 1, "security": "none", "username": "", "from_name": "",
                               "from_email": "a@example.com", "timeout": 1},
    )  # fmt: skip
    letters.queue(make.contacts(5), letters.content())
    hand_over()
    assert states() == {"queued": 5}
    assert adds_up() == 1
