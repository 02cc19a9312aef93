"""Calls on the accounts of email services without a message, by the cheapest request of their APIs that needs the key.

Each is from the service's public reference. Keys may be limited to sending, which is no reason not to send: where a
service refuses such a key, that says nothing, unless it lets every key ask this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests

from campaigns.providers._http_results import broken, refused, words_of
from campaigns.providers.base import Result


@dataclass(frozen=True)
class Ask:
    """`path` follows the API's address; `header` is the name and the words of the one that holds the key ("{}"),
    `basic` the settings of user name and password (":api" is that word), `told` the name under which the body has it.
    `any_key`: whether each key may ask, so that a refusal means that the account is refused."""

    path: str
    header: tuple[str, str] = ("", "")
    basic: tuple[str, str] = ("", "")
    told: str = ""
    any_key: bool = False


BEARER = ("Authorization", "Bearer {}")
ASKS = {
    # https://documentation.mailgun.com/docs/mailgun/api-reference/openapi-final/tag/Domains/
    "mailgun": Ask("domains?limit=1", basic=(":api", "api_key")),
    # https://postmarkapp.com/developer/api/server-api
    "postmark": Ask("server", header=("X-Postmark-Server-Token", "{}"), any_key=True),
    # https://resend.com/docs/api-reference/domains/list-domains
    "resend": Ask("domains", header=BEARER),
    # https://developers.brevo.com/reference/getaccount
    "brevo": Ask("account", header=("api-key", "{}"), any_key=True),
    # https://dev.mailjet.com/email/reference/settings/#v3_get_apikey, which has stayed at version 3
    "mailjet": Ask("../v3/REST/apikey?Limit=1", basic=("api_key", "secret_key")),
    # https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions
    "sendgrid": Ask("scopes", header=BEARER, any_key=True),
    # https://developers.sparkpost.com/api/account/
    "sparkpost": Ask("account", header=("Authorization", "{}")),
    # https://mailchimp.com/developer/transactional/api/users/ping-2/
    "mandrill": Ask("users/ping2", told="key", any_key=True),
    # https://developers.mailersend.com/api/v1/api-quota.html
    "mailersend": Ask("api-quota", header=BEARER),
}
_KEYS = ("api_key", "api_token", "server_token")


def probe(key: str, label: str, url: str, options: Mapping[str, Any]) -> Result | None:
    """As Kind.probe; `options` are what the service's backend is made with."""
    ask = ASKS.get(key)
    if ask is None or not url:
        return None
    secret = next((str(options[name]) for name in _KEYS if options.get(name)), "")
    headers = {ask.header[0]: ask.header[1].format(secret)} if ask.header[0] else {}
    auth = tuple(name[1:] if name.startswith(":") else str(options.get(name, "")) for name in ask.basic)
    return called(
        label,
        requests.Request(
            "POST" if ask.told else "GET",
            urljoin(url.rstrip("/") + "/", ask.path),
            headers={"Accept": "application/json", **headers},
            auth=(auth[0], auth[1]) if auth[0] else None,
            json={ask.told: secret} if ask.told else None,
        ).prepare(),
        options.get("timeout", 20),
        ask.any_key,
    )


def called(label: str, request: requests.PreparedRequest, timeout: float, any_key: bool) -> Result | None:
    """Nothing was handed over, so that nothing is unknown."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no other key than this one
            response = session.send(request, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        return Result("failed", reason=_reason(label, error), temporary=True, outage=True)
    if response.status_code < 300:
        return Result("sent")
    if response.status_code == 429 or response.status_code >= 500:
        return Result("failed", reason=words_of(response), temporary=True, outage=True)
    result = refused(response)
    return Result("failed", reason=result.reason, temporary=True, outage=True) if any_key else None


def _reason(label: str, error: requests.RequestException) -> str:
    found = broken(error, label)
    return f"{label} does not answer." if found.state == "unknown" else found.reason
