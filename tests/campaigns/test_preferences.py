"""Contacts leave a topic, come back and choose what they get, by the links in their messages alone."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns.models import Message
from campaigns.tracking import signatures
from campaigns.views import public_pages
from contacts import consent, consent_history, topic_consent
from contacts.models import Contact, Event, Installation
from tests import make
from tests.campaigns import letters

pytestmark = pytest.mark.django_db

BROWSER = {"User-Agent": "Mozilla/5.0 <script>", "X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
def message() -> Message:
    """A mail about the topic “news” to Ada, who has a phone, too."""
    cache.clear()
    make.topic("news", "Product <b>news</b>", description="<script>alert(1)</script>")
    make.topic("offers")
    make.topic("receipts", public=False)
    ada = make.contact("ada@example.com", phone="+33612345678", language="en")
    (message,) = letters.queue([ada.pk], letters.content(topic="news"), now=timezone.now())
    return message


def at(place: str, message: Message) -> str:
    return f"/{place}/{signatures.token(message.pk)}"


def topics_of(message: Message) -> dict:
    return topic_consent.of([message.contact_id])[message.contact_id]


def channels_of(message: Message) -> dict:
    return consent.states([message.contact_id])[message.contact_id]


def ticked(*left_out: str) -> list[str]:
    every = ["channel:email", "channel:sms"]
    every += [f"topic:{key}:{channel}" for key in ("news", "offers") for channel in ("email", "sms")]
    return [name for name in every if name not in left_out]


def test_looking_at_the_pages_changes_nothing(message: Message, client: Client) -> None:
    for place in ("u", "p"):
        for ask in (client.get, client.head, client.options):
            ask(at(place, message), {"answer": "none", "choice": "channel:email"})
    assert topics_of(message) == {}
    assert set(channels_of(message).values()) == {"unknown"}
    assert not Event.objects.exists()


def test_the_link_leaves_the_topic_and_the_page_offers_everything(message: Message, client: Client) -> None:
    page = client.get(at("u", message)).text
    assert "Unsubscribe from “Product &lt;b&gt;news&lt;/b&gt;”?" in page
    assert "Unsubscribe from all emails" in page
    page = client.post(at("u", message), {"answer": "unsubscribe"}, follow=True).text
    assert "You are unsubscribed from “Product &lt;b&gt;news" in page
    assert topics_of(message) == {"news": {"email": "unsubscribed"}}
    assert channels_of(message)["email"] == "unknown"
    (event,) = Event.objects.all()
    assert (event.name, event.properties["message"]) == ("topic.unsubscribed", message.pk)
    message.refresh_from_db()
    assert message.unsubscribed_at is not None
    assert "You are subscribed again" in client.post(at("u", message), {"answer": "resubscribe"}, follow=True).text
    assert topics_of(message) == {"news": {"email": "subscribed"}}
    page = client.post(at("u", message), {"answer": "unsubscribe_all"}, follow=True).text
    assert "You are unsubscribed</h1>" in page
    assert channels_of(message)["email"] == "unsubscribed"


def test_the_one_click_of_a_mail_with_a_topic_leaves_the_topic(message: Message) -> None:
    answer = Client(enforce_csrf_checks=True).post(at("u", message), {"List-Unsubscribe": "One-Click"}, headers=BROWSER)
    assert answer.status_code == 200
    assert topics_of(message) == {"news": {"email": "unsubscribed"}}
    assert channels_of(message)["email"] == "unknown"
    (told,) = consent_history.told(message.contact_id)
    assert (told.source, told.by) == ("one-click unsubscribe", "the contact")
    assert told.proof == {"ip": "127.0.0.1", "agent": BROWSER["User-Agent"], "message": message.pk}


def test_the_page_keeps_what_was_changed_and_only_that(message: Message, client: Client) -> None:
    page = client.get(at("p", message)).text
    assert "<script>" not in page
    assert "<b>news" not in page
    assert "receipts" not in page.lower()
    assert page.count(" checked") == len(ticked())
    client.post(
        at("p", message), {"answer": "save", "choice": ticked("topic:news:email"), "language": "en"}, follow=True
    )
    assert topics_of(message) == {"news": {"email": "unsubscribed"}}
    assert set(channels_of(message).values()) == {"unknown"}
    client.post(at("p", message), {"answer": "save", "choice": ticked("channel:sms"), "language": "de"})
    assert topics_of(message) == {"news": {"email": "subscribed"}}
    assert channels_of(message) == {"email": "unknown", "sms": "unsubscribed"}
    assert Contact.objects.get().language == "de"
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names == ["topic.unsubscribed", "topic.subscribed", "sms.unsubscribed", "contact.updated"]
    assert {told.source for told in consent_history.told(message.contact_id)} == {"preference page"}


def test_one_button_ends_everything_and_the_way_back_is_open(message: Message, client: Client) -> None:
    page = client.post(at("p", message), {"answer": "none"}, follow=True).text
    assert "You get nothing more" in page
    assert set(channels_of(message).values()) == {"unsubscribed"}
    assert "Unsubscribe from everything" not in page
    client.post(at("p", message), {"answer": "save", "choice": ticked("channel:sms"), "language": ""})
    assert channels_of(message) == {"email": "subscribed", "sms": "unsubscribed"}


def test_where_consent_is_needed_nothing_is_ticked_before_it_is_given(message: Message, client: Client) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"consent_policy": "opt_in"})
    make.Topic.objects.filter(key="offers").update(policy="opt_in")
    page = client.get(at("p", message)).text
    assert page.count(" checked") == 2  # the topic “news” on both channels
    client.post(
        at("p", message), {"answer": "save", "choice": ["channel:email", "topic:offers:email", "topic:news:email"]}
    )
    assert channels_of(message) == {"email": "subscribed", "sms": "unknown"}
    assert topics_of(message) == {"news": {"sms": "unsubscribed"}, "offers": {"email": "subscribed"}}


def test_a_topic_that_is_not_shown_can_be_left_and_is_offered_then(message: Message, client: Client) -> None:
    content = letters.content(topic="receipts")
    (receipt,) = letters.queue([message.contact_id], content, visit=2, now=timezone.now())
    client.post(at("u", receipt), {"answer": "unsubscribe"})
    assert topics_of(message) == {"receipts": {"email": "unsubscribed"}}
    assert "Receipts" in client.get(at("p", message)).text


def test_nothing_but_what_is_offered_can_be_changed(message: Message, client: Client) -> None:
    make.topic("old", archived_at=timezone.now())
    posted = ["topic:receipts:email", "topic:old:email", "topic:nope:email", "channel:fax", "\0", "topic:news:fax"]
    client.post(at("p", message), {"answer": "save", "choice": [*ticked(), *posted], "language": "<script>"})
    assert topics_of(message) == {}
    assert Contact.objects.get().language == "en"


def test_only_the_address_that_the_message_went_to_is_shown(message: Message, client: Client) -> None:
    page = client.get(at("p", message)).text
    assert "ada@example.com" in page
    assert "+33612345678" not in page
    assert "+33…78" in page


def test_forged_old_and_foreign_links_tell_nothing(message: Message, client: Client) -> None:
    good = signatures.token(message.pk)
    confirm = signatures.confirm_token(message.pk, "ada@example.com")
    forged = [
        f"{good[:-1]}{'A' if good[-1] != 'A' else 'B'}",
        signatures.token(message.pk + 1),
        confirm,
        "AAAA",
        "x" * 64,
    ]
    for token in forged:
        for ask in (client.get, client.post):
            answer = ask(f"/p/{token}", {"answer": "none"})
            assert answer.status_code == 404
            assert "ada" not in answer.text.lower()
    Message.objects.update(queued_at=timezone.now() - timedelta(days=731))
    for ask in (client.get, client.post):
        answer = ask(at("p", message), {"answer": "none"})
        assert answer.status_code == 410
        assert "ada@" not in answer.text
    assert client.get(at("u", message)).status_code == 200
    assert set(channels_of(message).values()) == {"unknown"}


def test_who_changes_far_too_much_is_asked_to_wait(message: Message, client: Client, monkeypatch) -> None:
    monkeypatch.setattr(public_pages, "MOST_AN_HOUR", 3)
    codes = [client.post(at("p", message), {"answer": "save", "choice": ticked()}).status_code for _ in range(4)]
    assert codes == [302, 302, 302, 429]


def test_behind_a_proxy_the_proof_has_the_visitors_address(message: Message, client: Client, settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {"X-Forwarded-For": "10.0.0.1, 203.0.113.9", "X-Forwarded-Proto": "https"}
    client.post(at("u", message), {"answer": "unsubscribe"}, headers=headers)
    assert consent_history.told(message.contact_id)[0].proof["ip"] == "203.0.113.9"
