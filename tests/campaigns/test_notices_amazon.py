"""What Amazon SES tells through a topic of SNS: signed by Amazon, and proven to be our topic by the password."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone

from campaigns import configuring
from campaigns.models import Notice, Provider
from campaigns.notices import applying, passwords, sns
from campaigns.tracking import signatures
from contacts.models import Suppression
from tests import make
from tests.campaigns.telling import account, sent

pytestmark = pytest.mark.django_db
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc.pem"
CONFIRMATION = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t1"
KEY = rsa.generate_private_key(65537, 2048)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
PEM = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(KEY.public_key())
    .serial_number(1)
    .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
    .sign(KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
)


@pytest.fixture(autouse=True)
def amazon() -> Iterator[responses.RequestsMock]:
    """Amazon's own hosts, which no test may really ask."""
    sns._key.cache_clear()
    with (
        time_machine.travel(make.NOW, tick=False),
        responses.RequestsMock(assert_all_requests_are_fired=False) as hosts,
    ):
        hosts.add(responses.GET, CERTIFICATE, body=PEM)
        hosts.add(responses.GET, CONFIRMATION, body="<ok/>")
        yield hosts


def envelope(message: Any, type: str = "Notification", version: str = "2", **changed: str) -> dict[str, str]:
    said = {
        "Type": type, "MessageId": "n1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": json.dumps(message),
        "Timestamp": timezone.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
    }  # fmt: skip
    if type != "Notification":
        said |= {"Token": "t1", "SubscribeURL": CONFIRMATION}
    said |= changed
    names = sorted(set(said) & {"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"})
    text = "".join(f"{name}\n{said[name]}\n" for name in names)
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    return said | {"Signature": base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()}


def post(client: Client, provider: Provider, said: Any, password: str | None = None, header: str = "") -> int:
    login = f"waypost:{next(passwords.valid(provider)) if password is None else password}"
    headers = {
        "x-amz-sns-message-type": header or said.get("Type", "?"),
        "x-amz-sns-message-id": said.get("MessageId", ""),
        "Authorization": "Basic " + base64.b64encode(login.encode()).decode(),
    }
    path = f"/webhooks/amazon_ses/{provider.pk}/"
    return client.post(path, json.dumps(said), content_type="text/plain; charset=UTF-8", headers=headers).status_code


def bounce(token: str, kind: str = "Permanent") -> dict[str, Any]:
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind, "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": "ada@example.com", "diagnosticCode": "smtp; 550 5.1.1 unknown"}],
        },
        "mail": {"messageId": "m1", "destination": ["ada@example.com"], "tags": {"waypost": [token]}},
    }  # fmt: skip


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(("kind", "suppressed"), [("Permanent", True), ("Transient", False)])
def test_a_bounce_is_applied(client: Client, version: str, kind: str, suppressed: bool) -> None:
    provider = account("amazon_ses")
    message = sent(provider, timezone.now())
    said = envelope(bounce(signatures.token(message.pk), kind), version=version)
    assert post(client, provider, said) == 200
    applying.apply(timezone.now())
    message.refresh_from_db()
    assert (message.state, message.reason) == ("bounced", "smtp; 550 5.1.1 unknown")
    assert Suppression.objects.exists() == suppressed
    assert post(client, provider, said) == 200  # our answer was lost
    assert Notice.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "{}"},
        {"Timestamp": "2026-03-01T00:00:00.000Z"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "http://169.254.169.254/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/../x.pem"},
        {"Signature": "!"},
        {"SignatureVersion": "9"},
    ],
)
def test_what_amazon_has_not_signed_is_refused(client: Client, change: dict[str, str]) -> None:
    provider = account("amazon_ses")
    message = sent(provider, timezone.now())
    assert post(client, provider, envelope(bounce(signatures.token(message.pk))) | change) == 403
    assert not Notice.objects.exists()


def test_an_old_call_is_refused_though_amazon_signed_it(client: Client) -> None:
    provider = account("amazon_ses")
    message = sent(provider, timezone.now())
    then = (timezone.now() - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert post(client, provider, envelope(bounce(signatures.token(message.pk)), Timestamp=then)) == 403


def test_another_topic_that_amazon_signs_for_is_refused(client: Client) -> None:
    provider = account("amazon_ses")
    message = sent(provider, timezone.now())
    assert post(client, provider, envelope(bounce(signatures.token(message.pk))), password="guessed") == 403


def test_the_subscription_is_confirmed_and_only_at_amazon(client: Client, amazon: responses.RequestsMock) -> None:
    provider = account("amazon_ses")
    assert post(client, provider, envelope({}, "SubscriptionConfirmation")) == 200
    assert amazon.calls[-1].request.url == CONFIRMATION
    elsewhere = envelope({}, "SubscriptionConfirmation", SubscribeURL="https://evil.example/?Action=x")
    assert post(client, provider, elsewhere) == 400
    assert not any("evil" in str(call.request.url) for call in amazon.calls)


def test_an_address_that_amazon_has_not_signed_is_not_confirmed(client: Client, amazon: responses.RequestsMock) -> None:
    """The signature of a notification covers no SubscribeURL, whatever a header says that it is."""
    provider = account("amazon_ses")
    said = envelope({}) | {"SubscribeURL": f"{CONFIRMATION}&evil=1"}
    post(client, provider, said, header="SubscriptionConfirmation")
    assert [call.request.url for call in amazon.calls] == [CERTIFICATE]
    assert post(client, provider, envelope({}, "SubscriptionConfirmation"), header="Notification") == 200
    assert amazon.calls[-1].request.url == CONFIRMATION


def test_the_address_to_give_to_amazon_holds_the_password() -> None:
    provider = account("amazon_ses")
    hook = configuring.hook(provider)
    assert hook
    assert next(passwords.valid(provider)) in hook.url
    assert hook.signed
