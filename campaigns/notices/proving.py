"""Finds out whether a call really comes from a provider: by the signature of its service, else by the password."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailError
from anymail.utils import get_request_basic_auth
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from campaigns import secrets
from campaigns.models import Provider
from campaigns.notices import passwords, sns
from campaigns.providers._esp_specs import SPECS

# A signature with a date is good for so long: services repeat a call that was not answered for about a day.
FRESH = timedelta(hours=26)
# Svix signs each try anew: https://docs.svix.com/receiving/verifying-payloads/how-manual
JUST_NOW = timedelta(minutes=5)
# Those whose signature stands in the JSON, which has to be read before anything is proven, send little at once.
SIGNED_INSIDE = ("mailgun", "unisender_go")
LONGEST_UNPROVEN = 1024 * 1024
# Mailgun signs a token and the time, and nothing of what it says: a token is good for one call, whatever is in it.
# https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks
TOKENS = {"mailgun"}
KNOWN = 200  # accounts whose secrets and readers a process keeps at hand
_BY_KEY = {spec.key: spec for spec in SPECS}


class Forged(Exception):
    """The call does not prove that the provider made it. `ask`: whether it may still give the password."""

    def __init__(self, sentence: str, ask: bool = False) -> None:
        super().__init__(sentence)
        self.ask = ask


def signature_of(provider: Provider) -> str:
    """The secret by which the service signs; "" where it signs nothing, or we were not given it."""
    name = _signs_with(provider.kind)
    return _decrypted(provider.secrets, settings.SECRET_KEY).get(name, "") if name else ""


def _signs_with(kind: str) -> str:
    spec = _BY_KEY.get(kind)
    return spec.signs_with or (spec.signing[0] if spec.signing else "") if spec else ""


@lru_cache(maxsize=KNOWN)
def _decrypted(token: str, _key: str) -> Mapping[str, str]:
    try:
        return secrets.decrypt(token)
    except secrets.Unreadable:
        return {}


def is_signed(provider: Provider) -> bool:
    return provider.kind == "amazon_ses" or bool(signature_of(provider))


def view_of(provider: Provider) -> AnymailBaseWebhookView:
    """What reads the calls of a kind. It verifies nothing here: `proven` does, with the provider's own secret."""
    return _view(provider.kind)


def prove(provider: Provider, request: HttpRequest, now: datetime) -> None:
    """Raises Forged."""
    if provider.kind == "amazon_ses":
        # Anybody may have Amazon sign for them: the password says that it is our topic.
        _password(provider, request)
        _checked(lambda: sns.verify(request.body))
        return
    secret = signature_of(provider)
    if not secret:
        _password(provider, request)
        return
    if provider.kind in SIGNED_INSIDE and len(request.body) > LONGEST_UNPROVEN:
        raise Forged("So much is not said in one call.")
    _checked(lambda: _SIGNATURES.get(provider.kind, _by_anymail)(provider, request, secret, now))


def _checked(check: Callable[[], None]) -> None:
    try:
        check()
    except (AnymailError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Forged("The signature does not fit.") from error


def _password(provider: Provider, request: HttpRequest) -> None:
    given = get_request_basic_auth(request)
    if given is None:
        raise Forged("Give the password.", ask=True)
    known = [f"{passwords.USER}:{password}" for password in passwords.valid(provider)]
    if not any(constant_time_compare(given, each) for each in known):
        raise Forged("The password is another one.")


@lru_cache(maxsize=KNOWN)
def _view(kind: str, secret: str | None = None, url: str = "") -> AnymailBaseWebhookView:
    """Without a secret it only reads. Views keep nothing of a request, so that threads share them."""
    module = import_module(f"anymail.webhooks.{kind}")
    found = next(
        value
        for name, value in vars(module).items()
        if name.endswith("TrackingWebhookView") and getattr(value, "__module__", "") == module.__name__
    )
    if kind == "amazon_ses":
        view = found.__new__(found)  # its constructor asks for Amazon's library, which reading needs nothing of
        view.basic_auth = None
        return view
    # It warns where nothing proves a call; here something always does, before it is asked.
    options: dict[str, Any] = {"webhook_secret": "-" if secret is None else []}
    if name := _signs_with(kind):
        unsigned = None if kind in ("resend", "sendgrid", "mailtrap") else "-"
        options[name] = unsigned if secret is None else secret
    return found(**options, **({"webhook_url": url} if url else {}))


def _by_anymail(provider: Provider, request: HttpRequest, secret: str, now: datetime) -> None:
    _view(provider.kind, secret).run_validators(request)


def _by_mandrill(provider: Provider, request: HttpRequest, secret: str, now: datetime) -> None:
    """It signs the address that it was given: with the password in it, or without."""
    wrong: Exception | None = None
    for with_password in (False, True):
        try:
            _view(provider.kind, secret, passwords.address(provider, with_password)).run_validators(request)
            return
        except AnymailError as error:
            wrong = error
    raise wrong or ValueError


def _by_mailgun(provider: Provider, request: HttpRequest, secret: str, now: datetime) -> None:
    _by_anymail(provider, request, secret, now)
    signed = json.loads(request.body)["signature"] if request.content_type == "application/json" else request.POST
    _fresh(float(signed["timestamp"]), now, FRESH)


def _by_sendgrid(provider: Provider, request: HttpRequest, secret: str, now: datetime) -> None:
    _by_anymail(provider, request, secret, now)
    _fresh(float(request.headers["X-Twilio-Email-Event-Webhook-Timestamp"]), now, FRESH)


def _by_svix(provider: Provider, request: HttpRequest, secret: str, now: datetime) -> None:
    """Signatures are listed with blanks between, as in "v1,BASE64"."""
    id, at = request.headers["svix-id"], request.headers["svix-timestamp"]
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("The secret is none of Svix.") from error
    wanted = base64.b64encode(hmac.digest(key, f"{id}.{at}.".encode() + request.body, "sha256")).decode()
    given = [each.partition(",") for each in request.headers["svix-signature"].split()]
    if not any(version == "v1" and constant_time_compare(value, wanted) for version, _comma, value in given):
        raise ValueError("The signature does not fit.")
    _fresh(float(at), now, JUST_NOW)


def _fresh(epoch: float, now: datetime, within: timedelta) -> None:
    try:
        age = now - datetime.fromtimestamp(epoch, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("This is no date.") from error
    if not -JUST_NOW <= age <= within:
        raise ValueError("The signature is too old.")


_SIGNATURES = {"mailgun": _by_mailgun, "mandrill": _by_mandrill, "sendgrid": _by_sendgrid, "resend": _by_svix}
