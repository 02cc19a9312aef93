"""Clicks, openings and unsubscribing, from the mail as it arrived back to the ledger and the timeline."""

import html
import re
from urllib.parse import urlsplit

import pytest

from campaigns import stats
from campaigns.delivery import sending
from campaigns.models import Link, Message
from campaigns.tracking import signatures
from contacts import consent
from contacts.models import Event
from tests import make
from tests.campaigns import letters
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def arrived(mail_server):
    """A letter that reached Ada: (message, the paths of its links in order, of its pixel, of its unsubscribe page)."""
    letters.account(mail_server)
    ada = make.contact("ada@example.com", first_name="Ada", external_id="a&1")
    (message,) = letters.queue([ada.pk], letters.content())
    sending.work(NOW)
    body = mail_server.mails[0].get_body(["html"]).get_content()
    paths = [_path(html.unescape(url)) for url in re.findall(r'href="(http[^"]+)"', body)]
    pixel = _path(re.search(r'src="(http[^"]+\.gif)"', body)[1])
    clicks = [path for path in paths if path.startswith("/c/")]
    (unsubscribe,) = [path for path in paths if path.startswith("/u/")]
    return message, clicks, pixel, unsubscribe


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_a_click_leads_on_and_is_kept_once(arrived, client):
    message, clicks, _pixel, _unsubscribe = arrived
    for _ in range(2):
        response = client.get(clicks[0])
        assert response.status_code == 302
        assert response["Location"] == "https://shop.example/sale?a=1&b=2"
    message.refresh_from_db()
    assert message.clicked_at is not None
    assert message.opened_at is not None
    event = Event.objects.get(name="email.clicked")
    assert event.properties == {
        "message": message.pk, "origin": "scenario:1:n2", "url": "https://shop.example/sale?a=1&b=2", "link": 0,
    }  # fmt: skip
    counts = stats.counts(["scenario:1:n2"])["scenario:1:n2"]
    assert (counts["clicked"], counts["opened"]) == (1, 1)


def test_a_link_with_the_contacts_own_data_leads_to_their_own_page(arrived, client):
    _message, clicks, _pixel, _unsubscribe = arrived
    assert client.get(clicks[1])["Location"] == "https://shop.example/for/a&1"
    assert Event.objects.filter(name="email.clicked").count() == 1


@pytest.mark.parametrize("spoil", ["u=https%3A%2F%2Fevil.example", ""])
def test_nobody_can_make_a_link_lead_elsewhere(arrived, client, spoil):
    _message, clicks, _pixel, _unsubscribe = arrived
    path, query = clicks[1].split("?")
    signature = query.split("&")[0]
    assert client.get(f"{path}?{signature}&{spoil}").status_code == 404
    assert client.get(f"{path}?{spoil}").status_code == 404
    # A static link ignores what the address says besides.
    assert client.get(f"{clicks[0]}?{signature}&{spoil}")["Location"].startswith("https://shop.example/")


def test_forged_tokens_open_nothing(arrived, client):
    message, clicks, _pixel, _unsubscribe = arrived
    token = signatures.token(message.pk)
    other = signatures.token(message.pk + 1)
    forged = other[: -len(token) + 4] + token[4:]
    for bad in ("", "x", "AAAA", token[:-1], token + "A", forged, "é", "A" * 300):
        if bad == token:
            continue
        assert client.get(f"/c/{bad}/0").status_code == 404
        assert client.post(f"/u/{bad}").status_code == 404
        assert client.get(f"/s/{bad}").status_code == 404
        assert client.get(f"/o/{bad}.gif").status_code in (200, 404)
    assert client.get(clicks[0] + "9").status_code == 404
    assert not Event.objects.filter(name__in=["email.opened", "email.clicked", "email.unsubscribed"]).exists()


def test_a_changed_secret_key_still_opens_older_links(arrived, client, settings):
    _message, clicks, _pixel, _unsubscribe = arrived
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one, just as long and random as the first was, or so one hopes"
    assert client.get(clicks[0]).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(clicks[0]).status_code == 404


def test_the_pixel_counts_the_first_opening_by_a_person(arrived, client):
    message, _clicks, pixel, _unsubscribe = arrived
    client.head(pixel)
    client.get(pixel, headers={"Sec-Purpose": "prefetch"})
    client.get(pixel, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})
    assert Message.objects.get(pk=message.pk).opened_at is None
    response = client.get(pixel)
    client.get(pixel)
    assert response["Content-Type"] == "image/gif"
    assert "no-store" in response["Cache-Control"]
    assert Message.objects.get(pk=message.pk).opened_at is not None
    assert Event.objects.filter(name="email.opened").count() == 1
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"]["opened"] == 1


def test_looking_at_the_unsubscribe_page_changes_nothing(arrived, client):
    message, _clicks, _pixel, unsubscribe = arrived
    page = client.get(unsubscribe).content.decode()
    assert "ada@example.com" in page
    assert "<button" in page
    assert "sidebar" not in page
    assert consent.refusals("email", [message.contact_id]) == {}


def test_who_unsubscribes_gets_no_more_mail(arrived, client, mail_server):
    message, _clicks, _pixel, unsubscribe = arrived
    assert client.post(unsubscribe, {"answer": "unsubscribe"}, follow=True).status_code == 200
    client.post(unsubscribe, {"answer": "unsubscribe"})
    assert Event.objects.filter(name="email.unsubscribed").count() == 1
    message.refresh_from_db()
    assert message.unsubscribed_at is not None
    assert stats.counts(["scenario:1:n2"])["scenario:1:n2"]["unsubscribed"] == 1
    (second,) = letters.queue([message.contact_id], letters.content(), visit=2)
    sending.work(NOW)
    second.refresh_from_db()
    assert (second.state, second.reason) == ("skipped", "no consent")
    assert len(mail_server.mails) == 1
    assert "You are subscribed again" in client.post(unsubscribe, {"answer": "resubscribe"}, follow=True).text
    letters.queue([message.contact_id], letters.content(), visit=3)
    sending.work(NOW)
    assert len(mail_server.mails) == 2


def test_mail_programs_unsubscribe_in_one_click(arrived, client, mail_server):
    message, *_ = arrived
    path = _path(mail_server.mails[0]["List-Unsubscribe"].strip("<>"))
    response = client.post(
        path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded", enforce_csrf_checks=True
    )
    assert response.status_code == 200
    assert consent.refusals("email", [message.contact_id]) == {message.contact_id: "no consent"}
    assert Event.objects.get(name="email.unsubscribed").properties["source"] == "one-click unsubscribe"


def test_a_text_message_carries_short_links(client):
    ada = make.contact(phone="+33612345678", first_name="Ada", external_id="7")
    content = letters.content(
        "sms", body="Look: https://shop.example/{{ contact.external_id }}/x?a=1, or (https://b.example)."
    )
    assert list(Link.objects.filter(content=content).order_by("number").values_list("url", flat=True)) == [
        "https://shop.example/{{ contact.external_id }}/x?a=1", "https://b.example",
    ]  # fmt: skip
    (message,) = letters.queue([ada.pk], content)
    sending.work(NOW)
    message.refresh_from_db()
    assert message.state == "sent"
    from campaigns.models import InboxMessage

    text = InboxMessage.objects.get(message_id=message.pk).text
    first, second = (_path(url) for url in re.findall(r"http://[^\s,)]+", text))
    assert client.get(first)["Location"] == "https://shop.example/7/x?a=1"
    assert client.get(second)["Location"] == "https://b.example"
    assert Event.objects.filter(name="sms.clicked").count() == 2
    assert not Event.objects.filter(name="sms.opened").exists()
