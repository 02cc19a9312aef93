"""What is left alone is called on by a cheap request with the account's own key, before any message is tried."""

import base64
from collections.abc import Iterator

import pytest

from campaigns import providers
from tests.campaigns.esp_protocols import BY_KIND
from tests.campaigns.esp_server import EspServer, esp_server
from tests.campaigns.test_providers_esps import account, email
from tests.campaigns.test_providers_twilio import account as twilio_account
from tests.outside import twilio_server

pytestmark = pytest.mark.django_db
# Kind → where it is asked, by which header the key comes, and whether every key may ask.
ASKED = {
    "mailgun": ("/domains?limit=1", "authorization", False),
    "postmark": ("/server", "x-postmark-server-token", True),
    "resend": ("/domains", "authorization", False),
    "brevo": ("/account", "api-key", True),
    "mailjet": ("/v3/REST/apikey?Limit=1", "authorization", False),
    "sendgrid": ("/scopes", "authorization", True),
    "sparkpost": ("/account", "authorization", False),
    "mandrill": ("/users/ping2", "", True),
    "mailersend": ("/api-quota", "authorization", False),
    "amazon_ses": ("/v2/email/account", "authorization", False),
}


@pytest.fixture
def service() -> Iterator[EspServer]:
    with esp_server(lambda _call: (200, {})) as running:
        yield running


@pytest.mark.parametrize("kind", ASKED)
def test_an_account_is_called_on_with_its_key(kind: str, service: EspServer) -> None:
    protocol, (path, header, any_key) = BY_KIND[kind], ASKED[kind]
    # Of Mailjet's API one part has stayed at version 3.
    provider = account(protocol, f"{service.url}/v3.1/" if kind == "mailjet" else service.url)
    result = providers.of(provider).probe(provider)
    assert result and result.state == "sent"
    (call,) = service.calls
    assert call.path == path
    secrets = [str(value) for value in protocol.settings.values()]
    said = call.headers.get(header, "") if header else call.body.decode()
    if said.startswith("Basic "):
        said = base64.b64decode(said.removeprefix("Basic ")).decode()
    assert any(secret in said for secret in secrets), said
    for status, means in ((503, "outage"), (500, "outage"), (429, "outage"), (401, "refused"), (302, "refused")):
        service.answers = [(status, {"message": "No"})]
        result = providers.of(provider).probe(provider)
        if means == "refused" and not any_key:
            assert result is None, status  # it may be a key that may only send
        else:
            assert result and (result.state, result.outage) == ("failed", True), status
    service.drop = 1
    result = providers.of(provider).probe(provider)
    assert result and (result.state, result.outage) == ("failed", True)


def test_a_service_without_such_a_request_cannot_tell(service: EspServer) -> None:
    provider = account(BY_KIND["postal"], service.url)
    assert providers.of(provider).probe(provider) is None
    assert service.calls == []


def test_twilio_tells_of_its_account() -> None:
    with twilio_server() as server:
        provider = twilio_account(server.url)
        result = providers.of(provider).probe(provider)
        assert result and result.state == "sent" and server.messages == []
        assert server.authorizations == ["Basic " + base64.b64encode(b"AC1:t0ken").decode()]
        suspended = {"sid": "AC1", "status": "suspended"}
        for answer in ((401, {"code": 20003, "message": "Authenticate"}), (503, {}), (200, suspended)):
            server.answers = [answer]
            result = providers.of(provider).probe(provider)
            assert result and (result.state, result.outage) == ("failed", True), answer


@pytest.mark.parametrize("wanted", [True, False])
def test_mailersend_is_told_the_address_to_unsubscribe_at_where_the_plan_takes_it(wanted: bool) -> None:
    protocol = BY_KIND["mailersend"]
    with esp_server(lambda call: protocol.taken(protocol.mails(call), call)) as service:
        provider = account(protocol, service.url, list_unsubscribe=wanted)
        with providers.of(provider).connect(provider) as connection:
            assert connection.send([email()])[0].state == "sent"
        (call,) = service.calls
    assert call.json.get("list_unsubscribe") == ("https://waypost.example/u/abc" if wanted else None)
    assert "headers" not in call.json
