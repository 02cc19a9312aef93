"""Text messages through Twilio's Messages API."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import requests
from django import forms
from django.core.validators import RegexValidator
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from campaigns import secrets
from campaigns.models import Provider
from campaigns.providers._unusable import Unusable
from campaigns.providers.base import Kind, OutgoingSms, Result, SettingsForm

TWILIO = "https://api.twilio.com"
TIMEOUT = 15.0  # seconds


class Form(SettingsForm):
    secrets = ("auth_token",)
    required_secrets = ("auth_token",)
    destinations = ("api_base_url",)
    also_called: ClassVar[Mapping[str, str]] = {"from": "from_number"}

    account_sid = forms.CharField(
        label="Account SID", validators=[RegexValidator(r"\AAC[0-9a-zA-Z]{1,62}\Z", "An account SID starts with AC.")]
    )
    auth_token = forms.CharField(label="Auth token", max_length=200)
    from_number = forms.CharField(
        required=False,
        label="From",
        max_length=16,
        validators=[
            RegexValidator(
                r"\A(\+[1-9]\d{4,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})\Z",
                "Write a number such as +15005550006, a short code, or a name of up to 11 letters and digits.",
            )
        ],
        help_text="A number such as +15005550006, a short code, or a sender name.",
    )
    messaging_service_sid = forms.CharField(
        required=False,
        label="Messaging service SID",
        validators=[RegexValidator(r"\AMG[0-9a-zA-Z]{1,62}\Z", "A messaging service SID starts with MG.")],
        help_text="Instead of a number: Twilio chooses one of the service’s senders.",
    )
    api_base_url = forms.URLField(
        required=False,
        label="API address",
        assume_scheme="https",
        help_text="Empty for Twilio itself; another address for a proxy or a test server.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("from_number") and not cleaned.get("messaging_service_sid") and not self.errors:
            self.add_error("from_number", "Give a number to send from, or a messaging service.")
        return cleaned


class _HttpClient(TwilioHttpClient):
    """Twilio's client, led to another host. It never follows redirects and never tries a request twice."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=TIMEOUT)
        self.base_url = base_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self.base_url:
            url = url.replace(TWILIO, self.base_url, 1)
        return super().request(method, url, *args, **kwargs)


class _Connection:
    def __init__(self, client: Client, settings: Mapping[str, Any]) -> None:
        self.client = client
        self.settings = settings

    def send(self, batch: Sequence[OutgoingSms]) -> list[Result]:
        results: list[Result] = []
        down = ""
        for outgoing in batch:
            if down:
                # Not asked again within a batch; these were certainly not handed over.
                result = Result("failed", reason=down, temporary=True, outage=True)
            else:
                result = self._send(outgoing)
                down = result.reason if result.outage else ""
            results.append(result)
        return results

    def _send(self, outgoing: OutgoingSms) -> Result:
        parameters: dict[str, Any] = {"to": outgoing.recipient, "body": outgoing.text}
        if outgoing.sender:
            parameters["from_"] = outgoing.sender
        elif self.settings.get("messaging_service_sid"):
            parameters["messaging_service_sid"] = self.settings["messaging_service_sid"]
        else:
            parameters["from_"] = self.settings["from_number"]
        if outgoing.status_callback:
            parameters["status_callback"] = outgoing.status_callback
        try:
            message = self.client.messages.create(**parameters)
        except TwilioRestException as error:
            return _refused(error)
        except (requests.RequestException, OSError) as error:
            return _broken(error)
        except (TwilioException, ValueError, KeyError) as error:
            return Result("unknown", reason=f"Twilio’s answer cannot be read: {error}", outage=True)
        if message.status in ("failed", "undelivered"):
            return Result("failed", message.sid or "", message.error_message or f"Error {message.error_code}")
        return Result("sent", message.sid or "")


class Twilio(Kind):
    label = "Twilio"
    hint = "Text messages through your Twilio account."
    icon = "message-square"
    channels = ("sms",)
    inbound = "twilio_inbound"
    order = 20
    Form = Form

    @contextmanager
    def connect(self, provider: Provider) -> Iterator[_Connection | Unusable]:
        settings = provider.settings
        try:
            token = secrets.decrypt(provider.secrets).get("auth_token", "")
        except secrets.Unreadable as error:
            yield Unusable(str(error))
            return
        http = _HttpClient(settings.get("api_base_url", ""))
        try:
            yield _Connection(Client(settings["account_sid"], token, http_client=http), settings)
        finally:
            if http.session is not None:
                http.session.close()

    def probe(self, provider: Provider) -> Result | None:
        """https://www.twilio.com/docs/iam/api/account: every token may fetch its own account."""
        with self.connect(provider) as connection:
            if isinstance(connection, Unusable):
                return connection.send([None])[0]
            try:
                account = connection.client.api.v2010.accounts(provider.settings["account_sid"]).fetch()
            except TwilioRestException as error:
                return Result("failed", reason=_refused(error).reason, temporary=True, outage=True)
            except (requests.RequestException, OSError):
                return Result("failed", reason="Twilio cannot be reached.", temporary=True, outage=True)
            except (TwilioException, ValueError, KeyError) as error:
                reason = f"Twilio’s answer cannot be read: {error}"
                return Result("failed", reason=reason, temporary=True, outage=True)
        if account.status != "active":
            return Result("failed", reason=f"The Twilio account is {account.status}.", temporary=True, outage=True)
        return Result("sent")

    def summary(self, settings: Mapping[str, Any]) -> str:
        return f"{settings['account_sid']}, from {self._from(settings)}"

    def sender(self, provider: Provider) -> str:
        return self._from(provider.settings)

    def _from(self, settings: Mapping[str, Any]) -> str:
        return settings.get("messaging_service_sid") or settings.get("from_number") or ""


def _refused(error: TwilioRestException) -> Result:
    reason = f"{error.code}: {error.msg}" if error.code else error.msg or f"Twilio answered {error.status}."
    if error.status >= 500:
        # Twilio does not promise that a request which ended so was not carried out.
        return Result("unknown", reason=reason, outage=True)
    account = error.status in (401, 403)
    return Result("failed", reason=reason, temporary=account or error.status == 429, outage=account)


def _broken(error: Exception) -> Result:
    cause = error.args[0] if error.args else None
    never_reached = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError) or isinstance(
        getattr(cause, "reason", None), NewConnectionError
    )
    if never_reached:
        return Result("failed", reason="Twilio cannot be reached.", temporary=True, outage=True)
    return Result("unknown", reason="The line to Twilio broke after the message was handed over.", outage=True)


kind = Twilio()
