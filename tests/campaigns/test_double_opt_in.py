"""Contacts confirm by the link in a mail, pressing a button, that they want to be written to."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from campaigns import asking_consent
from campaigns.delivery import sending
from campaigns.models import DoubleOptIn, Message
from campaigns.tracking import signatures
from contacts import consent, consent_history, topic_consent
from contacts.consent import Proof
from contacts.models import Contact, Event, Installation
from templates_app import publishing
from tests import make
from tests.campaigns import courtesies, letters
from tests.outside import MailServer

pytestmark = pytest.mark.django_db
YES = {"answer": "yes"}


@pytest.fixture
def ada(db: None) -> Contact:
    cache.clear()
    return make.contact("ada@example.com", first_name="Ada")


def ask(contact: Contact, *topics: str, minutes: int = 0) -> Message | None:
    now = timezone.now() + timedelta(minutes=minutes)
    return asking_consent.ask(contact.pk, topics, now, "asked by email", Proof("mia"))


def link_in(server: MailServer, number: int = -1) -> str:
    body = server.mails[number].get_body(["html"]).get_content()
    (found,) = re.findall(r'href="(http[^"]+/y/[^"]+)"', body)
    return urlsplit(found).path


def state(contact: Contact) -> str:
    return consent.states([contact.pk])[contact.pk]["email"]


def test_who_presses_the_button_is_subscribed_with_proof(ada, client: Client, smtp_server: MailServer) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"consent_policy": "opt_in", "name": "Ada’s {{ shop }}"})
    make.topic("news", "<i>News</i>")
    letters.account(smtp_server)
    courtesies.rules(quiet={"email": {"whole_days": [1, 2, 3, 4, 5, 6]}})
    message = ask(ada, "news")
    assert state(ada) == "pending"
    sending.work(timezone.now())
    (mail,) = smtp_server.mails
    assert mail["Subject"] == "Please confirm: emails from Ada’s shop" or "Ada’s" in mail["Subject"]
    path = link_in(smtp_server)
    for look in (client.get, client.head, client.options):
        look(path)
    assert state(ada) == "pending"
    page = client.get(path).text
    assert "ada@example.com" in page
    assert "&lt;i&gt;News" in page
    page = client.post(path, YES, headers={"User-Agent": "Firefox"}, follow=True).text
    assert "Thank you" in page
    assert state(ada) == "subscribed"
    assert topic_consent.of([ada.pk])[ada.pk] == {"news": {"email": "subscribed"}}
    told = [(entry.topic, entry.was, entry.state, entry.by) for entry in consent_history.told(ada.pk)]
    assert sorted(told) == sorted([
        ("", "unknown", "pending", "mia"), ("news", "unknown", "pending", "mia"),
        ("", "pending", "subscribed", "the contact"), ("news", "pending", "subscribed", "the contact"),
    ])  # fmt: skip
    proof = consent_history.told(ada.pk)[0].proof
    assert proof == {"ip": "127.0.0.1", "agent": "Firefox", "message": message.pk}
    before = Event.objects.count()
    client.post(path, YES)
    assert Event.objects.count() == before
    assert ask(ada, "news") is None


def test_the_link_is_of_no_use_to_anybody_else(ada, client: Client, smtp_server: MailServer) -> None:
    letters.account(smtp_server)
    message = ask(ada)
    (other,) = letters.queue([ada.pk], letters.content(), now=timezone.now())
    sending.work(timezone.now())
    path = link_in(smtp_server)
    forged = [
        f"/y/{signatures.token(message.pk)}", f"/y/{signatures.confirm_token(other.pk, 'ada@example.com')}",
        f"/y/{signatures.confirm_token(message.pk, 'eve@example.com')}", f"{path[:-2]}AA", "/y/AAAA",
    ]  # fmt: skip
    for link in forged:
        assert client.get(link).status_code == 404
        assert client.post(link, YES).status_code == 404
    # The mail went to an address that is no longer the contact's.
    Contact.objects.update(email="new@example.com")
    assert client.post(path, YES).status_code == 404
    assert state(ada) == "pending"


def test_a_link_that_is_too_old_confirms_nothing(ada, client: Client, smtp_server: MailServer) -> None:
    DoubleOptIn.objects.create(pk=1, days=2)
    letters.account(smtp_server)
    message = ask(ada)
    sending.work(timezone.now())
    long_ago = timezone.now() - timedelta(days=2, minutes=1)
    Message.objects.filter(pk=message.pk).update(queued_at=long_ago)
    consent.Consent.objects.update(at=long_ago)
    answer = client.post(link_in(smtp_server), YES)
    assert answer.status_code == 410
    assert "too old" in answer.text
    assert state(ada) == "pending"


def test_who_left_since_is_not_brought_back_by_an_older_link(ada, client: Client, smtp_server: MailServer) -> None:
    letters.account(smtp_server)
    ask(ada)
    sending.work(timezone.now())
    consent.set_state([ada.pk], "email", "unsubscribed", "page", timezone.now())
    client.post(link_in(smtp_server), YES)
    assert state(ada) == "unsubscribed"


def test_nobody_is_asked_more_often_than_allowed_nor_at_a_suppressed_address(ada) -> None:
    for minute in range(3):
        assert ask(ada, minutes=minute)
    with pytest.raises(asking_consent.NotAsked, match="3 times in the last 24 hours"):
        ask(ada, minutes=4)
    assert ask(ada, minutes=60 * 25)
    consent.suppress("email", ["@example.com"], "list", timezone.now())
    with pytest.raises(asking_consent.NotAsked, match="suppressed"):
        ask(ada, minutes=60 * 50)
    with pytest.raises(asking_consent.NotAsked, match="no email"):
        ask(make.contact(phone="+33612345678"))
    with pytest.raises(asking_consent.NotAsked, match="no topic “nope”"):
        ask(ada, "nope")


def test_suppression_is_honoured_when_the_mail_leaves_and_consent_is_not_asked(ada) -> None:
    bob = make.contact("bob@example.org")
    consent.set_state([bob.pk], "email", "unsubscribed", "page", timezone.now())
    ask(ada)
    ask(bob)
    consent.suppress("email", ["@example.com"], "list", timezone.now())
    sending.work(timezone.now())
    found = set(Message.objects.values_list("contact__email", "state", "reason"))
    assert found == {("ada@example.com", "skipped", "suppressed"), ("bob@example.org", "sent", "")}


def test_the_mail_can_be_a_template_of_ones_own(ada, marketer: Client, smtp_server: MailServer) -> None:
    boss = Client()
    boss.force_login(make_boss())
    words = {"subject": "Really?", "body": '<p><a href="{{ confirm_url }}">Yes</a></p>', "markup": "html"}
    good = publishing.create("Confirm", "email", words, None)
    publishing.publish(good.versions.get(), None, timezone.now())
    bad = publishing.create("Bad", "email", {**words, "body": "<p>{{ unsubscribe_url }}</p>"}, None)
    publishing.publish(bad.versions.get(), None, timezone.now())
    url, given = "/settings/double-opt-in/", {"days": "3", "most_a_day": "1", "programs": "on"}
    assert "no confirmation link" in boss.post(url, {**given, "template": bad.pk}).text
    assert boss.post(url, {**given, "template": good.pk}).status_code == 302
    assert Installation.current().double_opt_in
    assert marketer.get(url).status_code == 200
    assert marketer.post(url, given).status_code == 403
    letters.account(smtp_server)
    assert marketer.post(f"/contacts/{ada.pk}/ask-consent/").status_code == 302
    sending.work(timezone.now())
    assert smtp_server.mails[0]["Subject"] == "Really?"
    assert link_in(smtp_server)
    assert "once in the last 24 hours" in marketer.post(f"/contacts/{ada.pk}/ask-consent/", follow=True).text


def make_boss():
    from config.models import User

    return User.objects.create_superuser("boss", "boss@example.com")


def test_programs_ask_and_are_told_what_hinders(ada, api: APIClient) -> None:
    make.topic()
    url = f"/api/v1/contacts/{ada.pk}/ask-consent/"
    answer = api.post(url, {"topics": ["news"]}, format="json")
    assert (answer.status_code, answer.json()) == (202, {"asked": True, "message": Message.objects.get().pk})
    assert "no topic" in api.post(url, {"topics": ["nope"]}, format="json").json()["detail"][0]
    assert api.post("/api/v1/contacts/999999/ask-consent/", {}, format="json").status_code == 404
    assert APIClient().post(url).status_code == 401
