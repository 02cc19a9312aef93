"""Whatever way an answer about being written to comes in, the history says when, how, by whom, and what proves it."""

import pytest
from django.test import Client
from django.utils import timezone

from campaigns import webhooks
from campaigns.models import Provider
from campaigns.notices import applying
from contacts import consent, consent_history, topic_consent
from contacts.consent import Proof
from contacts.consent_history import Entry
from contacts.people import joining, personal_data
from tests import make
from tests.campaigns.esp_webhooks import HOOK_OF
from tests.campaigns.telling import account, sent, tell, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]

PHONE = "+33612345678"


def history(contact_id: int) -> list[Entry]:
    return consent_history.told(contact_id)


@pytest.mark.parametrize("what", ["complained", "unsubscribed"])
def test_what_a_mail_service_says_is_proven_by_the_message_and_its_account(client: Client, what: str) -> None:
    now = timezone.now()
    provider = account("mailgun")
    first, other = sent(provider, now, "m1"), sent(provider, now, "m2", "bob@example.com")
    for message, id in ((first, "e1"), (other, "e2")):
        assert tell(client, provider, HOOK_OF["mailgun"].post(told(message, what, now, id), "")) == 200
    applying.apply(now)
    for message in (first, other):
        (entry,) = history(message.contact_id)
        assert (entry.channel, entry.was, entry.state, entry.source) == (
            "email", "unknown", "unsubscribed", "email service",
        )  # fmt: skip
        assert entry.by == "email service"
        assert entry.proof == {"message": message.pk, "provider": provider.name, "told": what.capitalize()}
        assert ("Told us", what.capitalize()) in entry.facts
    if what == "complained":
        assert consent.refusals("email", [first.contact_id]) == {first.contact_id: "suppressed"}
        assert consent.refusals("sms", [first.contact_id]) == {}


def test_an_answer_by_sms_is_kept_in_the_contacts_own_words() -> None:
    ada = make.contact(phone=PHONE)
    twilio = Provider.objects.create(channel="sms", kind="twilio", name="Our number", settings={})
    for text, key in (("Arrêt !\0", "1"), ("start", "2")):
        webhooks.answered(twilio, PHONE, text, key, "", timezone.now())
    back, left = history(ada.pk)
    assert (left.state, left.source, left.by) == ("unsubscribed", "SMS reply", "the contact")
    assert left.proof == {"text": "Arrêt !", "provider": "Our number"}
    assert (back.was, back.state, back.proof["text"]) == ("unsubscribed", "subscribed", "start")


def test_a_merge_keeps_all_that_either_of_the_two_had_said() -> None:
    make.topic("news", "Product news")
    ada, eve = make.contact("ada@example.com"), make.contact("eve@example.com")
    topic = make.topic("news")
    consent.set_state([ada.pk], "email", "unsubscribed", "page", make.NOW, Proof("ada"))
    consent.set_state([eve.pk], "email", "subscribed", "form", make.NOW, Proof("eve", {"ip": "203.0.113.9"}))
    consent.set_state([eve.pk], "sms", "unsubscribed", "SMS reply", make.NOW, Proof("eve"))
    topic_consent.say([ada.pk], topic, "email", "subscribed", "form", make.NOW, Proof("ada"))
    topic_consent.say([eve.pk], topic, "email", "unsubscribed", "page", make.NOW, Proof("eve"))
    joining.merge(ada.pk, eve.pk, {}, timezone.now())
    assert consent.states([ada.pk])[ada.pk] == {"email": "unsubscribed", "sms": "unsubscribed"}
    assert topic_consent.of([ada.pk])[ada.pk] == {"news": {"email": "unsubscribed"}}
    kept = {(entry.topic, entry.channel, entry.state, entry.by) for entry in history(ada.pk)}
    assert kept == {
        ("", "email", "unsubscribed", "ada"),
        ("", "email", "subscribed", "eve"),
        ("", "sms", "unsubscribed", "eve"),
        ("news", "email", "subscribed", "ada"),
        ("news", "email", "unsubscribed", "eve"),
    }
    assert {"ip": "203.0.113.9"} in [entry.proof for entry in history(ada.pk)]


def test_the_data_of_one_person_calls_topics_by_their_names() -> None:
    ada = make.contact("ada@example.com")
    topic = make.topic("news", "Product news")
    for state in ("subscribed", "unsubscribed"):
        topic_consent.say([ada.pk], topic, "email", state, "page", make.NOW)
    told = "".join(personal_data.pieces(ada, make.NOW))
    assert told.count('"topic_name": "Product news"') >= 2
    assert '"topic": "news"' in told
