"""The ledger as people and programs read it."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from campaigns import counting, outbox, stats
from campaigns.delivery import resending, sending
from campaigns.models import Message, OriginCount, Provider
from config.models import ApiKey
from tests import make
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    client.force_login(get_user_model().objects.create_superuser("boss", "boss@example.com", "x"))
    return client


@pytest.fixture
def ledger(mail_server):
    """Ada's was sent, Bob's refused; both by node n2 of scenario 1. Ada's second, of scenario 2, is queued but held."""
    letters.account(mail_server)
    ada, bob = make.contact("ada@example.com", first_name="Ada"), make.contact("bob@example.com", first_name="Bob")
    mail_server.refuse = {"bob@example.com": "550 No such user"}
    sent, failed = letters.queue([ada.pk, bob.pk], letters.content())
    sending.work(NOW)
    (held,) = letters.queue([ada.pk], letters.content(subject="Later"), origin="scenario:2:n5")
    outbox.hold("scenario:2")
    return sent, failed, held


def test_the_list_shows_state_and_reason_and_is_filtered(boss, ledger):
    page = boss.get("/messages/").content.decode()
    assert "Hello Ada" in page
    assert "550 No such user" in page
    assert "is paused" in page
    for query, count in [("state=failed", 1), ("q=ADA@example.com", 2), ("channel=sms", 0), ("origin=scenario:2", 1),
                         ("origin=scenario:1:n2", 2), ("q=nobody", 0)]:  # fmt: skip
        assert len(boss.get(f"/messages/?{query}").context["lines"]) == count, query


def test_the_list_costs_the_same_for_any_number_of_rows(boss, ledger, django_assert_max_num_queries):
    letters.queue(make.contacts(60), letters.content(), visit=7)
    with django_assert_max_num_queries(8):
        assert len(boss.get("/messages/").context["lines"]) == 50


def test_the_page_shows_what_was_said_without_counting_the_look(boss, ledger):
    sent, failed, _held = ledger
    page = boss.get(f"/messages/{sent.pk}/").content.decode()
    assert "Hello Ada" in page
    assert "Send again" not in page
    assert "Tracked links (2)" in page
    body = boss.get(f"/messages/{sent.pk}/html/").content.decode()
    assert "https://shop.example/sale" in body
    assert ".gif" not in body
    assert "Send again" in boss.get(f"/messages/{failed.pk}/").content.decode()


def test_what_failed_can_be_sent_again_and_nothing_else(boss, ledger, mail_server):
    sent, failed, _held = ledger
    assert "goes back to the queue" in boss.get(f"/messages/{failed.pk}/send-again/").content.decode()
    boss.post(f"/messages/{sent.pk}/send-again/")
    boss.post(f"/messages/{failed.pk}/send-again/")
    failed.refresh_from_db()
    assert failed.state == "queued"
    assert Message.objects.get(pk=sent.pk).state == "sent"
    mail_server.refuse = {}
    Message.objects.filter(pk=failed.pk).update(due_at=NOW)
    sending.work(NOW)
    assert mail_server.to() == ["ada@example.com", "bob@example.com"]
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"] == {"queued": 2, "sent": 2}


def test_of_two_operators_one_sends_it_again(ledger):
    _sent, failed, _held = ledger
    failed.refresh_from_db()
    assert resending.send_again(failed, NOW)
    assert not resending.send_again(failed, NOW)


def test_people_without_permission_see_nothing(client, ledger):
    client.force_login(get_user_model().objects.create_user("guest", password="x"))
    assert client.get("/messages/").status_code == 403
    assert client.post(f"/messages/{ledger[1].pk}/send-again/").status_code == 403


def test_the_api_reads_and_filters(client, ledger):
    sent, failed, held = ledger
    key = ApiKey.objects.issue("test", ["messages:read"])[1]
    headers = {"Authorization": f"Bearer {key}"}

    def ids(query):
        response = client.get(f"/api/v1/messages/?{query}", headers=headers)
        assert response.status_code == 200, response.content
        return [row["id"] for row in response.json()["results"]]

    assert ids("") == [held.pk, failed.pk, sent.pk]
    assert ids("scenario=1") == [failed.pk, sent.pk]
    assert ids("scenario=1&node=n2&status=sent") == [sent.pk]
    assert ids("node=n5") == [held.pk]
    assert ids(f"contact={sent.contact_id}&channel=email") == [held.pk, sent.pk]
    assert ids("channel=sms") == []
    row = client.get(f"/api/v1/messages/{failed.pk}/", headers=headers).json()
    assert (row["status"], row["reason"], row["scenario"], row["node"]) == ("failed", "550 No such user", 1, "n2")
    assert (row["recipient"], row["subject"], row["contact"]) == ("bob@example.com", "Hello Bob", failed.contact_id)
    assert client.get("/api/v1/messages/?status=eaten", headers=headers).status_code == 400
    assert client.post("/api/v1/messages/", {}, headers=headers).status_code in (403, 405)


def test_counts_are_the_same_after_squashing(mail_server):
    letters.account(mail_server)
    for visit in range(40):
        letters.queue([make.contact(f"v{visit}@example.com").pk], letters.content(), visit=visit)
        sending.work(NOW + timedelta(seconds=visit))
    before = stats.counts(["scenario:1:n2"])
    assert before["scenario:1:n2"] == {"queued": 40, "sent": 40}
    counting.squash(NOW)
    assert stats.counts(["scenario:1:n2"]) == before
    assert OriginCount.objects.count() == 2


def test_without_a_provider_the_list_says_what_is_missing(boss):
    Provider.objects.update(enabled=False)
    letters.queue([make.contact("ada@example.com").pk], letters.content())
    assert "no enabled provider for Email" in boss.get("/messages/").content.decode()


def test_a_contacts_page_lists_their_messages(boss, ledger):
    sent, _failed, held = ledger
    page = boss.get(f"/contacts/{sent.contact_id}/").content.decode()
    assert f"/messages/{sent.pk}/" in page
    assert f"/messages/{held.pk}/" in page
    assert "Hello Ada" in page
    assert "Hello Bob" not in page
