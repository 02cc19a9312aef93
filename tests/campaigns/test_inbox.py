"""The built-in outbox keeps messages, and the inbox shows them as their recipients would see them."""

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from campaigns import providers
from campaigns.models import InboxMessage
from campaigns.providers.base import OutgoingEmail, OutgoingSms
from tests import make

pytestmark = pytest.mark.django_db


def test_the_local_outbox_keeps_a_batch_in_one_statement(django_assert_max_num_queries: Any) -> None:
    batch = []
    for n in range(50):
        message = EmailMultiAlternatives(f"Hi {n}", "Text", to=[f"c{n}@example.com"], headers={"X-Tag": str(n)})
        message.attach_alternative("<p>Hi</p>", "text/html")
        batch.append(OutgoingEmail(n, f"c{n}@example.com", message))
    provider = providers.for_channel("email")
    with providers.of(provider).connect(provider) as connection, django_assert_max_num_queries(1):
        results = connection.send(batch)
    assert {result.state for result in results} == {"sent"}
    newest = InboxMessage.objects.first()
    assert (newest.message_id, newest.subject, newest.html, newest.headers["X-Tag"]) == (49, "Hi 49", "<p>Hi</p>", "49")
    assert results[49].provider_message_id == f"local-{newest.pk}"


def test_the_local_outbox_refuses_a_header_of_two_lines_and_keeps_the_rest() -> None:
    provider = providers.for_channel("email")
    bad = EmailMultiAlternatives("Hi\nBcc: all@example.com", "Text", to=["ann@example.com"])
    good = EmailMultiAlternatives("Hi", "Text", to=["bo@example.com"])
    with providers.of(provider).connect(provider) as connection:
        results = connection.send([OutgoingEmail(1, "ann@example.com", bad), OutgoingEmail(2, "bo@example.com", good)])
    assert [result.state for result in results] == ["failed", "sent"]
    assert InboxMessage.objects.get().recipient == "bo@example.com"


def test_a_mail_of_the_inbox_runs_nothing_and_its_links_open_elsewhere(keeper: Client) -> None:
    message = InboxMessage.objects.create(
        channel="email", sender="a@x.example", recipient="b@x.example", subject="Hi", at=make.NOW,
        html="<html><head></head><body><script>alert(1)</script><a href='https://x.example'>x</a></body></html>",
        text="See https://x.example/a?b=1&c=<2>.", headers={"List-Unsubscribe": "<https://x.example/u>"},
    )  # fmt: skip
    page = keeper.get(f"/inbox/{message.pk}/").content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "alert(1)" not in page
    mail = keeper.get(f"/inbox/{message.pk}/html/")
    assert mail["Content-Security-Policy"].startswith("sandbox allow-popups allow-popups-to-escape-sandbox;")
    assert "script" not in mail["Content-Security-Policy"]
    assert '<base target="_blank">' in mail.content.decode()
    text = keeper.get(f"/inbox/{message.pk}/?view=text").content.decode()
    assert '<a href="https://x.example/a?b=1&amp;c=" target="_blank" rel="noopener">' in text
    assert "&lt;2&gt;" in text
    assert "List-Unsubscribe" in keeper.get(f"/inbox/{message.pk}/?view=headers").content.decode()


def test_a_text_message_shows_as_a_bubble_with_links_that_work(keeper: Client) -> None:
    provider = providers.for_channel("sms")
    with providers.of(provider).connect(provider) as connection:
        connection.send([OutgoingSms(1, "+33612345678", "Look: https://x.example/s/1")])
    page = keeper.get(f"/inbox/{InboxMessage.objects.get().pk}/").content.decode()
    assert 'class="bubble"' in page
    assert 'href="https://x.example/s/1"' in page
