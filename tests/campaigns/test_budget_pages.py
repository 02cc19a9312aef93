"""The budget in its page, its file and the API, and who may touch it."""

import csv
import io
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from campaigns import budget, funding
from campaigns.delivery import breaker
from campaigns.mailings import commands
from campaigns.models import Budget, Lease, LedgerEntry, Price, Provider
from config import glance
from config.attention import attention
from config.models import ApiKey, User
from contacts.days import day_of
from flows import starting, suspending
from tests import make
from tests.campaigns import mailings
from tests.campaigns.budgets import adds_up
from tests.campaigns.mailing_scenarios import LETTERS
from tests.campaigns.outages import open_up
from tests.make import NOW

pytestmark = pytest.mark.django_db
D = Decimal


def test_it_is_turned_on_topped_up_and_limited_in_its_page(boss: Client) -> None:
    assert "The budget is off" in boss.get("/settings/budget/").text
    boss.post("/settings/budget/turn-on/")
    assert "No message has a price" in boss.get("/settings/budget/").text
    boss.post("/settings/budget/top-up/", {"amount": "120.50", "note": "Invoice 7"})
    page = boss.get("/settings/budget/").text
    assert "120.50" in page
    assert "Invoice 7" in page
    assert "bea" in page
    boss.post("/settings/budget/limits/", {"warn_below": "20"})
    found = Budget.objects.get()
    assert (found.limited, found.warn_below) == (False, D(20))


def test_it_is_turned_off_with_its_ledger_kept_and_begins_anew_with_nothing(boss: Client, marketer: Client) -> None:
    boss.post("/settings/budget/turn-on/")
    boss.post("/settings/budget/top-up/", {"amount": "12.50"})
    owner = Lease.objects.create(owner=uuid4(), until=NOW).owner
    Price.objects.create(channel="email", amount=D("0.5"))
    budget.reserve(owner, [budget.Wanted("email", "", 1)], NOW)
    assert marketer.post("/settings/budget/turn-off/").status_code == 403
    asked = boss.get("/settings/budget/turn-off/").text
    assert "12.00" in asked and Budget.objects.exists()
    boss.post("/settings/budget/turn-off/")
    assert not Budget.objects.exists() and "The budget is off" in boss.get("/settings/budget/").text
    entry = LedgerEntry.objects.first()
    assert (entry.amount, entry.note, str(entry.by)) == (D("-12.5"), "The budget was turned off.", "bea")
    # What was in hand at that moment is charged to nobody, and the ledger still adds up when it is on again.
    budget.settle(owner, {1: budget.Cost("email", D("0.5"))}, {1: "failed"}, NOW)
    boss.post("/settings/budget/turn-on/")
    assert adds_up() == 0
    assert boss.post("/settings/budget/turn-off/").status_code == 302
    assert boss.post("/settings/budget/turn-off/").status_code == 302  # it is off already


def test_what_is_wrong_with_a_top_up_stands_next_to_its_field(boss: Client) -> None:
    funding.turn_on()
    for amount in ("", "0", "much", "-1", "1e400", "NaN"):
        page = boss.post("/settings/budget/top-up/", {"amount": amount, "note": ""})
        assert page.status_code == 200, amount
        assert 'class="error"' in page.text, amount
    assert not LedgerEntry.objects.exists()


def test_the_ledger_is_paged_searched_and_narrowed(boss: Client) -> None:
    funding.turn_on()
    for n in range(60):
        funding.top_up(D(1), f"Number {n}", None, NOW)
    page = boss.get("/settings/budget/").text
    assert "Number 59" in page
    assert "Number 9<" not in page
    assert "Older" in page
    assert "Number 9<" in boss.get("/settings/budget/?q=number+9").text
    assert "No movement matches" in boss.get("/settings/budget/?kind=charge").text


def test_only_those_with_a_permission_see_change_and_top_up(marketer: Client) -> None:
    funding.turn_on()
    page = marketer.get("/settings/budget/")
    assert page.status_code == 200
    assert "Top up</button>" not in page.text
    for path in ("top-up/", "turn-on/", "limits/"):
        assert marketer.post(f"/settings/budget/{path}", {"amount": "5"}).status_code == 403
    mia = User.objects.get(username="mia")
    mia.user_permissions.add(Permission.objects.get(codename="add_ledgerentry"))
    assert marketer.post("/settings/budget/top-up/", {"amount": "5", "note": ""}).status_code == 302
    assert Budget.objects.get().balance == 5
    assert marketer.post("/settings/budget/limits/", {}).status_code == 403
    nobody = Client()
    nobody.force_login(User.objects.create_user("noe"))
    assert nobody.get("/settings/budget/").status_code == 403
    assert nobody.get("/settings/budget/ledger.csv").status_code == 403


def test_the_file_of_the_ledger_runs_no_formula(boss: Client) -> None:
    funding.turn_on()
    funding.top_up(D(100), '=HYPERLINK("http://evil.example")', None, NOW)
    funding.top_up(D("-25.5"), "Typo", None, NOW)
    answer = b"".join(boss.get("/settings/budget/ledger.csv").streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(answer.removeprefix("\ufeff"))))
    assert [row["amount"] for row in rows] == ["100.000000", "-25.500000"]
    assert rows[0]["note"].startswith("'=")
    assert rows[1]["kind"] == "correction"


def test_programs_read_and_top_up_with_their_scopes(client: Client) -> None:
    def call(key: str, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        answer = getattr(client, method)(
            f"/api/v1/budget/{path}", body or {}, "application/json", headers={"Authorization": f"Bearer {key}"}
        )
        return answer.status_code, answer.json()

    write = ApiKey.objects.issue("Finance", ["budget:read", "budget:write"])[1]
    read = ApiKey.objects.issue("Looker", ["budget:read"])[1]
    get = {"Authorization": f"Bearer {read}"}
    assert client.get("/api/v1/budget/", headers=get).status_code == 404
    assert call(read, "post", "")[0] == 403
    assert call(write, "post", "")[0] == 201
    assert call(write, "post", "top-ups/", {"amount": "50", "note": "Card"})[1]["balance"] == "50.000000"
    assert call(write, "post", "top-ups/", {"amount": "-80"}) == (
        400,
        {"amount": ["So much is not there: what messages cost stays charged."]},
    )
    assert call(read, "post", "top-ups/", {"amount": "50"})[0] == 403
    assert call(write, "patch", "limits/", {"limited": False, "warn_below": "5"})[1]["limited"] is False
    assert call(write, "patch", "limits/", {"balance": "1000000"})[1]["balance"] == "50.000000"
    listed = client.get("/api/v1/budget/ledger/", headers=get).json()["results"]
    assert [(entry["kind"], entry["amount"], entry["note"]) for entry in listed] == [("top_up", "50.000000", "Card")]


def test_home_warns_of_little_money_and_of_providers_left_alone() -> None:
    def said() -> list[str]:
        today = day_of(NOW)
        return [item.sentence for item in attention({}, glance.counted(today), today, NOW)]

    funding.turn_on()
    funding.top_up(D(10), "", None, NOW)
    assert not any("budget" in sentence for sentence in said())
    funding.change(limited=True, warn_below=D(20))
    assert "Only 10.00 EUR are left in the budget." in said()
    Budget.objects.update(short_of=D(11))
    assert "The budget is used up: 10.00 EUR are left." in said()
    provider = Provider.objects.get(channel="sms")
    open_up(provider)
    assert "The provider “Local outbox” keeps failing: The server refused the connection." in said()
    breaker.close(provider, NOW)
    assert not any("keeps failing" in sentence for sentence in said())


def test_a_review_tells_when_the_budget_does_not_pay_for_all(boss: Client) -> None:
    make.contacts(30)
    Price.objects.create(channel="email", amount=D("0.5"))
    campaign = mailings.campaign()
    assert "Left in the budget" not in boss.get(f"/campaigns/{campaign.pk}/estimate/").text
    funding.turn_on()
    funding.top_up(D(10), "", None, NOW)
    page = boss.get(f"/campaigns/{campaign.pk}/estimate/").text
    assert "Left in the budget" in page
    assert "does not pay for all of it" in page
    funding.top_up(D(10), "", None, NOW)
    assert "does not pay for all of it" not in boss.get(f"/campaigns/{campaign.pk}/estimate/").text


def test_the_start_of_a_scenario_tells_what_it_costs_and_what_is_left(boss: Client) -> None:
    make.contacts(30)
    Price.objects.create(channel="email", amount=D("0.5"))
    scenario = make.scenario(LETTERS)
    funding.turn_on()
    funding.top_up(D(10), "", None, NOW)
    page = boss.get(f"/scenarios/{scenario.pk}/start/").text
    assert "costs about 15.00 EUR; 10.00 EUR are left" in page
    assert "the scenario is paused" in page
    Budget.objects.update(short_of=D(11))
    assert "The budget is used up" in boss.get(f"/scenarios/{scenario.pk}/start/").text


def test_the_start_of_a_scenario_counts_by_the_countries_of_its_contacts(boss: Client) -> None:
    make.contacts(4)
    for n, country in enumerate(["FR", "FR", "DE"]):
        make.contact(f"at{n}@example.com", attributes={"country": country})
    for country, amount in (("", "0.5"), ("FR", "2"), ("DE", "3")):
        Price.objects.create(channel="email", country=country, amount=D(amount))
    funding.turn_on()
    scenario = make.scenario(LETTERS)
    assert "costs about 9.00 EUR" in boss.get(f"/scenarios/{scenario.pk}/start/").text  # 4 × 0.5 + 2 × 2 + 3


def test_a_refused_resume_says_why_on_the_page(boss: Client) -> None:
    make.contacts(3)
    Price.objects.create(channel="email", amount=D("0.5"))
    funding.turn_on()
    campaign = mailings.campaign()
    commands.send(campaign, NOW)
    mailings.until_still()
    commands.follow(NOW)
    page = boss.post(f"/campaigns/{campaign.pk}/resume/", follow=True).text
    assert "The budget is used up: 0.00 EUR are left, and the next message costs 0.50 EUR." in page
    scenario = make.scenario(LETTERS)
    starting.start(scenario, NOW)
    suspending.follow(NOW)
    page = boss.post(f"/scenarios/{scenario.pk}/resume/", {"overdue": "send"}, follow=True).text
    assert "The budget is used up: 0.00 EUR are left" in page
