"""Email through Amazon SES: its API of version 2, with requests signed by our own hand.

Amazon's own library weighs more than all of Waypost and holds other packages back; what is needed of it is one request
and one signature (AWS Signature Version 4).
"""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formataddr
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from django import forms
from django.core.validators import RegexValidator
from requests.adapters import HTTPAdapter

from campaigns import secrets
from campaigns.models import Provider
from campaigns.providers import _esp_probes
from campaigns.providers._esp_forms import EspForm
from campaigns.providers._http_crew import Crew
from campaigns.providers._http_results import broken, refused
from campaigns.providers._unusable import Unusable
from campaigns.providers.base import Kind, Outgoing, OutgoingEmail, Result, one_line
from campaigns.tracking import signatures

PATH = "/v2/email/outbound-emails"


class Form(EspForm):
    secrets = ("secret_access_key",)
    required_secrets = ("secret_access_key",)
    field_order: ClassVar[list[str]] = ["region", "access_key_id", "secret_access_key", "from_name", "from_email"]

    region = forms.CharField(
        initial="eu-west-1", validators=[RegexValidator(r"\A[a-z]{2}(-[a-z]+)+-\d\Z", "Such as eu-west-1.")]
    )
    access_key_id = forms.CharField(
        max_length=128,
        label="Access key ID",
        validators=[RegexValidator(r"\A\w{16,128}\Z", "An access key ID has at least 16 letters and digits.")],
        help_text="Of a user who may ses:SendEmail.",
    )
    secret_access_key = forms.CharField(max_length=200, label="Secret access key", validators=[one_line])
    configuration_set = forms.CharField(
        required=False,
        max_length=64,
        validators=[RegexValidator(r"\A[\w-]*\Z", "Letters, digits, _ and -.")],
        label="Configuration set",
        help_text="The one that publishes events to the topic which tells Waypost what became of messages.",
    )


def signed(
    request: requests.PreparedRequest, key_id: str, secret: str, region: str, now: datetime
) -> requests.PreparedRequest:
    """AWS Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""
    parts = urlsplit(request.url or "")
    body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
    at, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {"content-type": "application/json", "host": parts.netloc, "x-amz-date": at}
    listed = ";".join(headers)
    lines = [
        request.method or "POST",
        parts.path or "/",
        parts.query,
        *(f"{k}:{v}" for k, v in headers.items()),
        "",
        listed,
    ]
    canonical = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/ses/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    request.headers["X-Amz-Date"] = at
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={listed}, Signature={signature}"
    )
    return request


class _Connection:
    def __init__(self, settings: Mapping[str, Any], secret: str, sender: str) -> None:
        self.settings, self.secret, self.sender = settings, secret, sender
        self.url = _base(settings) + PATH
        self.crew = Crew(settings["parallel"], _open, requests.Session.close, self._hand_over)

    def send(self, batch: Sequence[OutgoingEmail]) -> list[Result]:
        return [results[0] for results in self.crew.send([[outgoing] for outgoing in batch])]

    def close(self) -> None:
        self.crew.close()

    def _hand_over(self, session: requests.Session, unit: Sequence[Outgoing]) -> list[Result]:
        return [self._single(session, email) for email in unit if isinstance(email, OutgoingEmail)]

    def _single(self, session: requests.Session, email: OutgoingEmail) -> Result:
        try:
            body = self._body(email)
        except (ValueError, LookupError) as error:
            return Result("failed", reason=f"The message cannot be built: {error}")
        request = requests.Request("POST", self.url, data=body, headers={"Content-Type": "application/json"})
        settings = self.settings
        prepared = signed(
            session.prepare_request(request),
            settings["access_key_id"],
            self.secret,
            settings["region"],
            datetime.now(UTC),
        )
        try:
            response = session.send(prepared, timeout=settings["timeout"], allow_redirects=False)
        except requests.RequestException as error:
            return broken(error, Ses.label)
        try:
            if response.status_code == 200:
                return Result("sent", response.json()["MessageId"])
        except (ValueError, LookupError, TypeError):
            pass
        return refused(response)

    def _body(self, email: OutgoingEmail) -> str:
        mime = email.mime(email.sender or self.sender)
        said: dict[str, Any] = {
            "Content": {"Raw": {"Data": b64encode(mime.content).decode()}},
            "Destination": {"ToAddresses": [email.recipient]},
        }
        if self.settings.get("configuration_set"):
            said["ConfigurationSetName"] = self.settings["configuration_set"]
        if email.message_id is not None:
            said["EmailTags"] = [{"Name": "waypost", "Value": signatures.token(email.message_id)}]
        return json.dumps(said)


def _base(settings: Mapping[str, Any]) -> str:
    return (settings.get("api_url") or f"https://email.{settings['region']}.amazonaws.com").rstrip("/")


def _open() -> requests.Session:
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    return session


class Ses(Kind):
    label = "Amazon SES"
    hint = "Amazon’s Simple Email Service."
    icon = "mails"
    channels = ("email",)
    group = "Email services"
    order = 30
    Form = Form
    hears = True
    hearing = (
        "Make a topic in Amazon SNS with a subscription of the protocol HTTPS to this address: Waypost confirms it by"
        " itself. Then let the configuration set publish its events to the topic: deliveries, bounces, complaints and"
        " rejects; opens and clicks are counted by Waypost itself."
    )

    @contextmanager
    def connect(self, provider: Provider) -> Iterator[_Connection | Unusable]:
        try:
            secret = secrets.decrypt(provider.secrets).get("secret_access_key", "")
        except secrets.Unreadable as error:
            yield Unusable(str(error))
            return
        connection = _Connection(provider.settings, secret, self.sender(provider))
        try:
            yield connection
        finally:
            connection.close()

    def probe(self, provider: Provider) -> Result | None:
        """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html, for which users who may only send
        have no right."""
        settings = provider.settings
        try:
            secret = secrets.decrypt(provider.secrets).get("secret_access_key", "")
        except secrets.Unreadable as error:
            return Result("failed", reason=str(error), temporary=True, outage=True)
        url = f"{_base(settings)}/v2/email/account"
        asked = requests.Request("GET", url, headers={"Content-Type": "application/json"}).prepare()
        request = signed(asked, settings["access_key_id"], secret, settings["region"], datetime.now(UTC))
        return _esp_probes.called(self.label, request, settings["timeout"], any_key=False)

    def summary(self, settings: Mapping[str, Any]) -> str:
        return f"{settings['region']}, from {settings['from_email']}"

    def sender(self, provider: Provider) -> str:
        return formataddr((provider.settings.get("from_name", ""), provider.settings["from_email"]))


kind = Ses()
