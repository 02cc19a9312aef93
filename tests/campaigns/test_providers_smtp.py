"""What the SMTP kind says about every message, whatever the server does."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from campaigns import configuring, providers
from campaigns.models import Provider
from campaigns.providers.base import OutgoingEmail, Result
from tests.make import NOW
from tests.outside import MailServer, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[False, True], ids=["step by step", "pipelining"])
def server(request: pytest.FixtureRequest) -> Iterator[MailServer]:
    with mail_server() as running:
        running.pipelines = request.param
        yield running


def account(port: int, **settings: Any) -> Provider:
    form_class = providers.registry()["smtp"].Form
    given = {"host": "127.0.0.1", "port": port, "from_email": "shop@example.com", "from_name": "The Shop"} | settings
    form = configuring.settings_form("smtp", form_class.defaults(given) | given)
    assert form.is_valid(), form.errors
    return configuring.save(Provider(channel="email", kind="smtp", name="Mail"), form)


def mail(to: str, subject: str = "Hello", **headers: str) -> OutgoingEmail:
    message = EmailMultiAlternatives(subject, "Text", to=[to], headers=headers)
    message.attach_alternative("<p>Text</p>", "text/html")
    return OutgoingEmail(1, to, message)


def send(provider: Provider, *mails: OutgoingEmail) -> list[Result]:
    with providers.of(provider).connect(provider) as connection:
        return connection.send(mails)


def test_a_batch_leaves_over_one_connection_with_the_providers_sender(server: MailServer) -> None:
    results = send(account(server.port), *[mail(f"c{n}@example.com") for n in range(5)])
    assert [result.state for result in results] == ["sent"] * 5
    assert server.to() == [f"c{n}@example.com" for n in range(5)]
    assert server.connections == 1
    assert {mail["From"] for mail in server.mails} == {"The Shop <shop@example.com>"}
    assert results[0].provider_message_id == server.mails[0]["Message-ID"]


def test_headers_and_both_bodies_arrive(server: MailServer) -> None:
    send(account(server.port), mail("ann@example.com", **{"List-Unsubscribe": "<https://x.example/u>"}))
    arrived = server.mails[0]
    assert arrived["List-Unsubscribe"] == "<https://x.example/u>"
    assert [part.get_content_type() for part in arrived.iter_parts()] == ["text/plain", "text/html"]


def test_a_message_names_its_own_sender(server: MailServer) -> None:
    outgoing = mail("ann@example.com")
    send(account(server.port), OutgoingEmail(1, outgoing.recipient, outgoing.message, sender="Bo <bo@example.com>"))
    assert server.mails[0]["From"] == "Bo <bo@example.com>"


@pytest.mark.parametrize("words", ["550 5.7.1 Not you", "550 No such user", "550 5.1.8 Bad sender", "452 4.2.2 Full"])
def test_what_says_nothing_of_the_address_is_no_bounce(server: MailServer, words: str) -> None:
    server.refuse["ann@example.com"] = words
    (result,) = send(account(server.port), mail("ann@example.com"))
    assert (result.state, result.reason) == ("failed", words)


def test_a_recipient_who_does_not_exist_bounces_with_the_servers_words_and_the_others_go(server: MailServer) -> None:
    server.refuse["gone@example.com"] = "550 5.1.1 No such person here"
    results = send(account(server.port), mail("gone@example.com"), mail("ann@example.com"))
    assert results[0] == Result("bounced", reason="550 5.1.1 No such person here")
    assert results[1].state == "sent"
    assert server.connections == 1


def test_a_busy_server_is_a_temporary_failure(server: MailServer) -> None:
    server.refuse["ann@example.com"] = "451 4.7.1 Greylisted, try again"
    server.answer_data = ["452 4.3.1 Disk full"]
    results = send(account(server.port), mail("ann@example.com"), mail("bo@example.com"), mail("cy@example.com"))
    assert [(result.state, result.temporary, result.outage) for result in results] == [
        ("failed", True, False),
        ("failed", True, False),
        ("sent", False, False),
    ]
    assert results[1].reason == "452 4.3.1 Disk full"


def test_a_refused_content_fails_for_good(server: MailServer) -> None:
    server.answer_data = ["554 5.7.1 Looks like spam"]
    (result,) = send(account(server.port), mail("ann@example.com"))
    assert (result.state, result.temporary, result.reason) == ("failed", False, "554 5.7.1 Looks like spam")


def test_a_line_that_breaks_after_the_hand_over_leaves_the_message_unknown_and_it_is_not_sent_again(
    server: MailServer,
) -> None:
    server.drop_after_data = 1
    results = send(account(server.port), mail("ann@example.com"), mail("bo@example.com"))
    assert [result.state for result in results] == ["unknown", "sent"]
    assert "after the message was handed over" in results[0].reason
    assert server.to() == ["ann@example.com", "bo@example.com"]
    assert server.connections == 2


def test_a_line_that_breaks_before_the_hand_over_is_opened_again(server: MailServer) -> None:
    provider = account(server.port)
    with providers.of(provider).connect(provider) as connection:
        connection.send([mail("ann@example.com")])
        server.drop_before_data = 1
        (result,) = connection.send([mail("bo@example.com")])
    assert result.state == "sent"
    assert server.to() == ["ann@example.com", "bo@example.com"]


def test_a_fresh_line_that_breaks_before_the_hand_over_is_a_temporary_failure(server: MailServer) -> None:
    server.drop_before_data = 1
    results = send(account(server.port), mail("ann@example.com"), mail("bo@example.com"))
    assert [(result.state, result.temporary) for result in results] == [("failed", True), ("sent", False)]
    assert server.to() == ["bo@example.com"]


def test_a_server_that_hangs_up_after_every_second_mail_still_gets_each_mail_once(server: MailServer) -> None:
    server.hang_up_after = 2
    results = send(account(server.port), *[mail(f"c{n}@example.com") for n in range(7)])
    assert [result.state for result in results] == ["sent"] * 7
    assert server.to() == [f"c{n}@example.com" for n in range(7)]


def test_a_server_that_is_not_there_is_an_outage_asked_once_per_batch() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        results = send(account(taken.getsockname()[1]), *[mail(f"c{n}@example.com") for n in range(3)])
    assert {(result.state, result.temporary, result.outage) for result in results} == {("failed", True, True)}
    assert results[0].reason == "The server refused the connection."


def test_a_server_that_never_answers_is_an_outage_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        results = send(account(silent.getsockname()[1], timeout=1), mail("ann@example.com"), mail("bo@example.com"))
    assert [result.outage for result in results] == [True, True]
    assert results[0].reason == "The server did not answer in time."


def test_the_password_opens_the_server_and_a_wrong_one_gives_its_words() -> None:
    with mail_server(login=("ann", "s3cret")) as server:
        provider = account(server.port, username="ann", password="s3cret")
        assert send(provider, mail("bo@example.com"))[0].state == "sent"
        form = configuring.settings_form("smtp", provider.settings | {"password": "wrong"}, provider)
        assert form.is_valid()
        (result,) = send(configuring.change(provider, NOW, form=form), mail("bo@example.com"))
    assert (result.state, result.outage) == ("failed", True)
    assert result.reason.startswith("535")


def test_a_server_without_starttls_is_not_spoken_to_in_clear(server: MailServer) -> None:
    (result,) = send(account(server.port, security="starttls"), mail("ann@example.com"))
    assert (result.state, result.outage) == ("failed", True)
    assert "STARTTLS" in result.reason
    assert server.mails == []


@pytest.mark.parametrize(
    "outgoing",
    [
        mail("ann@example.com", subject="Hi\r\nBcc: everybody@example.com"),
        mail("ann@example.com", **{"X-Name": "Ann\nBcc: everybody@example.com"}),
        mail("ann@example.com\r\nRCPT TO:<everybody@example.com>"),
    ],
    ids=["subject", "header", "recipient"],
)
def test_nothing_can_be_smuggled_into_the_headers(server: MailServer, outgoing: OutgoingEmail) -> None:
    results = send(account(server.port), outgoing, mail("bo@example.com"))
    assert [(result.state, result.temporary) for result in results] == [("failed", False), ("sent", False)]
    assert server.to() == ["bo@example.com"]


def test_a_line_that_starts_with_a_dot_arrives_whole(server: MailServer) -> None:
    message = EmailMultiAlternatives("Dots", "a\n.\n..b\n.c", to=["ann@example.com"])
    send(account(server.port), OutgoingEmail(1, "ann@example.com", message))
    assert server.mails[0].get_content().splitlines() == ["a", ".", "..b", ".c"]


def test_a_password_of_a_lost_key_is_an_outage_and_not_a_crash(server: MailServer, settings: Any) -> None:
    provider = account(server.port, username="ann", password="s3cret")
    settings.SECRET_KEY = "another"
    (result,) = send(provider, mail("bo@example.com"))
    assert (result.state, result.temporary, result.outage) == ("failed", True, True)
    assert "secret key" in result.reason


def test_a_former_key_still_opens_the_password(server: MailServer, settings: Any) -> None:
    provider = account(server.port, username="ann", password="s3cret")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    form = configuring.settings_form("smtp", provider.settings | {"password": ""}, provider)
    assert form.is_valid()
    assert form.cleaned_data["password"] == "s3cret"
