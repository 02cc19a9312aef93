"""What the Twilio kind says about every message, whatever Twilio answers."""

import base64
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from campaigns import configuring, providers
from campaigns.models import Provider
from campaigns.providers.base import OutgoingSms, Result
from tests.outside import TwilioServer, twilio_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with twilio_server() as running:
        yield running


def account(url: str, **settings: str) -> Provider:
    given = {"account_sid": "AC1", "auth_token": "t0ken", "from_number": "+15005550006", "api_base_url": url} | settings
    form = configuring.settings_form("twilio", given)
    assert form.is_valid(), form.errors
    return configuring.save(Provider(channel="sms", kind="twilio", name="Texts"), form)


def sms(to: str = "+33612345678", **fields: Any) -> OutgoingSms:
    return OutgoingSms(1, to, "Hello", **fields)


def send(provider: Provider, *batch: OutgoingSms) -> list[Result]:
    with providers.of(provider).connect(provider) as connection:
        return connection.send(batch)


def test_a_message_reaches_twilio_with_all_it_needs(twilio: TwilioServer) -> None:
    (result,) = send(account(twilio.url), sms(status_callback="https://waypost.example/hooks/1"))
    assert result == Result("sent", "SM" + "1".zfill(32))
    assert twilio.messages == [
        {
            "path": "/2010-04-01/Accounts/AC1/Messages.json",
            "To": "+33612345678",
            "From": "+15005550006",
            "Body": "Hello",
            "StatusCallback": "https://waypost.example/hooks/1",
        }
    ]
    assert base64.b64decode(twilio.authorizations[0].split()[1]) == b"AC1:t0ken"


def test_a_messaging_service_takes_the_place_of_the_number(twilio: TwilioServer) -> None:
    send(account(twilio.url, messaging_service_sid="MG7"), sms())
    assert twilio.messages[0]["MessagingServiceSid"] == "MG7"
    assert "From" not in twilio.messages[0]


def test_a_refusal_fails_with_twilios_words_and_the_others_go(twilio: TwilioServer) -> None:
    twilio.answers = [(400, {"code": 21211, "message": "Invalid 'To' Phone Number: +1", "status": 400})]
    results = send(account(twilio.url), sms("+1"), sms())
    assert (results[0].state, results[0].temporary) == ("failed", False)
    assert results[0].reason == "21211: Unable to create record: Invalid 'To' Phone Number: +1"
    assert results[1].state == "sent"


def test_too_many_requests_is_a_temporary_failure(twilio: TwilioServer) -> None:
    twilio.answers = [(429, {"code": 20429, "message": "Too Many Requests", "status": 429})]
    (result,) = send(account(twilio.url), sms())
    assert (result.state, result.temporary, result.outage) == ("failed", True, False)


def test_a_wrong_token_is_an_outage_asked_once_per_batch(twilio: TwilioServer) -> None:
    twilio.answers = [(401, {"code": 20003, "message": "Authenticate", "status": 401})]
    results = send(account(twilio.url), sms(), sms(), sms())
    assert {(result.state, result.temporary, result.outage) for result in results} == {("failed", True, True)}
    assert len(twilio.messages) == 1


def test_a_line_that_breaks_after_the_hand_over_leaves_the_message_unknown_and_spares_the_others(
    twilio: TwilioServer,
) -> None:
    twilio.drop = 1
    results = send(account(twilio.url), sms(), sms())
    assert [(result.state, result.temporary) for result in results] == [("unknown", False), ("failed", True)]
    assert len(twilio.messages) == 1


@pytest.mark.parametrize("answer", [(500, {"message": "Oops"}), (503, "busy"), (201, "not JSON")])
def test_an_answer_that_settles_nothing_leaves_the_message_unknown(
    twilio: TwilioServer, answer: tuple[int, Any]
) -> None:
    twilio.answers = [answer]
    (result,) = send(account(twilio.url), sms())
    assert (result.state, result.outage) == ("unknown", True)
    assert len(twilio.messages) == 1


def test_twilio_that_is_not_there_is_an_outage() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        results = send(account(f"http://127.0.0.1:{taken.getsockname()[1]}"), sms(), sms())
    assert {(result.state, result.temporary, result.outage) for result in results} == {("failed", True, True)}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"from_number": ""}, "from_number"),
        ({"from_number": "+1\r\nx"}, "from_number"),
        ({"account_sid": "AC1/../../x"}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"api_base_url": "ftp:/x"}, "api_base_url"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], field: str) -> None:
    given = {"account_sid": "AC1", "auth_token": "t", "from_number": "+15005550006"} | settings
    form = configuring.settings_form("twilio", given)
    assert list(form.errors) == [field]
