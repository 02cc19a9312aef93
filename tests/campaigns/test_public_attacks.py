"""Neither scanners nor strangers nor who reads an old mailbox change what a contact gets, nor learn who they are."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns import asking_consent
from campaigns.models import Message
from campaigns.tracking import signatures
from campaigns.views import public_pages
from contacts import consent, consent_history, saving, suppressing, topic_consent
from contacts.consent import Proof
from contacts.models import Contact, Event, Installation, PastConsent, Suppression
from contacts.people import erasing, joining
from tests import make
from tests.campaigns import letters

pytestmark = pytest.mark.django_db

SAVE = {"answer": "save"}


@pytest.fixture
def message() -> Message:
    """A mail of an hour ago about “news” to Ada."""
    cache.clear()
    make.topic("news", "News")
    ada = make.contact("ada@example.com", phone="+33612345678", timezone="Europe/Paris")
    (sent,) = letters.queue([ada.pk], letters.content(topic="news"), now=timezone.now() - timedelta(hours=1))
    return sent


def at(place: str, message: Message) -> str:
    return f"/{place}/{signatures.token(message.pk)}"


def asked(message: Message) -> tuple[Message, str]:
    """Ada is asked to confirm; the mail, and where its link leads."""
    mail = asking_consent.ask(message.contact_id, ["news"], timezone.now(), "asked by email", Proof("mia"))
    assert mail
    return mail, f"/y/{signatures.confirm_token(mail.pk, 'ada@example.com')}"


def said(message: Message) -> tuple[dict, dict]:
    pk = message.contact_id
    return consent.states([pk])[pk], topic_consent.of([pk])[pk]


NOTHING = ({"email": "unknown", "sms": "unknown"}, {})
PRESSES = [{}, {"answer": ""}, {"answer": "submit"}, {"submit": "1"}, {"choice": "channel:email"}, {"language": "de"},
           {"List-Unsubscribe": "Two-Click"}]  # fmt: skip


def test_who_presses_whatever_they_find_changes_nothing(message: Message, client: Client) -> None:
    _, confirm = asked(message)
    before, events = said(message), Event.objects.count()
    for path in (at("u", message), at("p", message), confirm):
        for body in PRESSES:
            assert client.post(path, body).status_code == 200
        assert client.post(path).status_code == 200
        assert client.get(path, {"answer": "yes", "List-Unsubscribe": "One-Click"}).status_code == 200
        assert client.get(path, headers={"Sec-Purpose": "prefetch", "User-Agent": "Barracuda"}).status_code == 200
        assert client.head(path).status_code == 200
        for ask in (client.put, client.delete, client.patch):
            assert ask(path).status_code == 405
    assert said(message) == before
    assert Event.objects.count() == events


def test_the_pages_are_not_kept_nor_shown_elsewhere_nor_told_to_others(message: Message, client: Client) -> None:
    _, confirm = asked(message)
    for path in (at("u", message), at("p", message), confirm, "/p/AAAA"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
        assert 'content="noindex"' in answer.text
        assert not answer.cookies


def test_a_page_of_another_site_needs_the_token_and_nothing_else_helps(message: Message) -> None:
    strict = Client(enforce_csrf_checks=True)
    headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    assert strict.post("/p/", SAVE, headers=headers).status_code == 404
    assert strict.post(f"/p/{message.pk}", SAVE, headers=headers).status_code == 404
    assert said(message) == NOTHING


def test_the_time_zone_is_chosen_and_told(message: Message, client: Client) -> None:
    page = client.get(at("p", message)).text
    assert page.count('<option value="Europe/Paris" selected>') == 1
    Installation.objects.update_or_create(pk=1, defaults={"name": "Tea", "timezone": "Europe/London"})
    boxes = ["channel:email", "channel:sms", "topic:news:email", "topic:news:sms"]
    client.post(at("p", message), {**SAVE, "choice": boxes, "language": "", "timezone": "America/New_York"})
    assert Contact.objects.get().timezone == "America/New_York"
    (event,) = Event.objects.all()
    assert (event.name, event.properties) == (
        "contact.updated",
        {"changed": ["timezone"], "source": "preference page"},
    )
    for nonsense in ("Mars/Base", "../../etc/passwd", "US/Pacific", "\0", "x" * 500):
        client.post(at("p", message), {**SAVE, "choice": boxes, "timezone": nonsense})
    assert Contact.objects.get().timezone == "America/New_York"
    client.post(at("p", message), {**SAVE, "choice": boxes, "timezone": ""})
    assert Contact.objects.get().timezone == ""
    assert '<option value="">Same as Tea (London)</option>' in client.get(at("p", message)).text
    assert said(message) == NOTHING


def test_who_reads_the_old_mailbox_may_leave_and_nothing_else(message: Message, client: Client) -> None:
    saving.update(message.contact, {"email": "secret@elsewhere.example"}, timezone.now(), "api")
    answer = client.get(at("p", message))
    assert answer.status_code == 410
    assert "secret@" not in answer.text
    assert client.post(at("p", message), {**SAVE, "choice": "channel:email"}).status_code == 410
    page = client.get(at("u", message)).text
    assert "secret@" not in page
    assert "s…@elsewhere.example" in page
    client.post(at("u", message), {"answer": "unsubscribe_all"})
    assert said(message)[0]["email"] == "unsubscribed"
    page = client.get(at("u", message)).text
    assert "resubscribe" not in page
    client.post(at("u", message), {"answer": "resubscribe"})
    assert said(message)[0]["email"] == "unsubscribed"


def test_a_newer_mail_to_the_new_address_opens_everything(message: Message, client: Client) -> None:
    saving.update(message.contact, {"email": "new@example.com"}, timezone.now() - timedelta(minutes=5), "api")
    (newer,) = letters.queue([message.contact_id], letters.content(), visit=2, now=timezone.now())
    assert "new@example.com" in client.get(at("p", newer)).text


@pytest.mark.parametrize("theirs", ["other@example.com", None])
def test_after_a_merge_only_mails_that_may_have_gone_elsewhere_are_closed(
    message: Message, client: Client, theirs: str | None
) -> None:
    other = make.contact(theirs, external_id="7")
    mail, confirm = asked(message)
    joining.merge(other.pk, message.contact_id, {"email": "kept" if theirs else "gone"}, timezone.now())
    message.refresh_from_db()
    assert message.contact_id == other.pk
    if theirs:
        assert client.get(at("p", message)).status_code == 410
        assert client.post(confirm, {"answer": "yes"}).status_code == 404
        assert said(message)[0]["email"] == "pending"
    else:
        client.post(confirm, {"answer": "yes"})
        assert said(message)[0]["email"] == "subscribed"
    assert mail.pk


def test_whoever_was_erased_is_not_known_any_more(message: Message, client: Client) -> None:
    _, confirm = asked(message)
    erasing.erase([message.contact_id], timezone.now(), "test")
    for path in (at("p", message), at("u", message)):
        answer = client.get(path)
        assert answer.status_code == 410
        assert "We no longer know you" in answer.text
        assert "None" not in answer.text
    assert client.post(at("p", message), {**SAVE, "choice": "channel:email", "language": "de"}).status_code == 410
    assert client.post(at("u", message), {"List-Unsubscribe": "One-Click"}).status_code == 200
    client.post(at("u", message), {"answer": "resubscribe"})
    assert client.post(confirm, {"answer": "yes"}).status_code == 404
    row = Contact.with_erased.get(pk=message.contact_id)
    assert (row.language, row.timezone, row.email) == ("", "", None)
    assert said(message) == NOTHING
    assert not consent_history.told(message.contact_id)


def test_either_of_two_mails_that_ask_can_be_answered(message: Message, client: Client) -> None:
    _, older = asked(message)
    asked(message)
    assert "Would you like emails" in client.get(older).text
    client.post(older, {"answer": "yes"})
    assert said(message)[0]["email"] == "subscribed"
    told = consent_history.told(message.contact_id)
    assert [entry.state for entry in told if not entry.topic] == ["subscribed", "pending", "pending"]


def test_who_confirms_at_a_suppressed_address_still_gets_nothing(message: Message, client: Client) -> None:
    _, confirm = asked(message)
    consent.suppress("email", ["@EXAMPLE.com"], "complaint", timezone.now())
    client.post(confirm, {"answer": "yes"})
    assert consent.refusals("email", [message.contact_id]) == {message.contact_id: "suppressed"}


def test_coming_and_going_has_an_end_and_leaving_never_fails(message: Message, client: Client, monkeypatch) -> None:
    monkeypatch.setattr(public_pages, "MOST_AN_HOUR", 2)
    codes = []
    for _ in range(4):
        codes.append(client.post(at("u", message), {"answer": "unsubscribe_all"}).status_code)
        codes.append(client.post(at("u", message), {"answer": "resubscribe"}).status_code)
    assert codes == [302, 302, 302, 302, 302, 429, 302, 429]
    assert said(message)[0]["email"] == "unsubscribed"
    assert PastConsent.objects.count() == 4


@pytest.mark.parametrize(
    ("listed", "contact", "caught"),
    [
        ("ADA@Example.COM", "ada@example.com", True),
        ("ada@example.com", "Ada@EXAMPLE.com", True),
        ("@example.com", "ada@EXAMPLE.com", True),
        ("@example.com", "ada@mail.example.com", False),
        ("@example.com", "ada@badexample.com", False),
        ("ada@example.com", "ada+news@example.com", False),
        ("@münchen.example", "ada@xn--mnchen-3ya.example", True),
        ("@xn--mnchen-3ya.example", "ada@MÜNCHEN.example", True),
        ("ada@xn--mnchen-3ya.example", "ada@münchen.example", True),
        ("@xn--zzzzzz.example", "ada@example.com", False),
    ],
)
def test_an_address_is_caught_however_it_is_written(listed: str, contact: str, caught: bool) -> None:
    pk = saving.create({"email": contact}, timezone.now()).pk
    kept = suppressing.clean_address("email", listed)
    assert consent.suppress("email", [kept], "list", timezone.now()) == 1
    assert bool(consent.refusals("email", [pk])) is caught
    assert suppressing.lift(suppressing.kept("email", kept), "asked by phone", "mia", timezone.now())
    assert not consent.refusals("email", [pk])
    assert not Suppression.objects.exists()
