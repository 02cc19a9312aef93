"""Says what an answer of a delivery service over HTTP, or its absence, means for a message."""

import json
import re
from collections.abc import Iterator
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from campaigns.providers.base import Result

# Under these names services put their words.
_WORDS = (
    "message", "Message", "error", "error_message", "ErrorMessage", "errors", "detail", "details", "description",
    "help_message", "reject_reason", "reason", "title", "code", "name",
)  # fmt: skip
# Some services answer 200 or 500 whatever it is, and say in words of their own that they refuse us.
_ACCOUNT = {"Invalid_Key", "PaymentRequired", "Unknown_Subaccount", "InvalidServerAPIKey", "AccessDenied",
            "ServerSuspended", "SendingPausedException", "AccountSuspendedException",
            "MailFromDomainNotVerifiedException"}  # fmt: skip
_MESSAGE = {"ValidationError", "NoRecipients", "NoContent", "TooManyToAddresses", "FromAddressMissing",
            "UnauthenticatedFromAddress", "MessageRejected", "parameter-error"}  # fmt: skip
_SENDER = re.compile(r"\b(from|sender|reply.?to)\b", re.I)
_PLACE = r"\b(to|recipients?|destination|mailbox|email|address(es)?|rcpt)\b"
_WRONG = r"\b(invalid|illegal|not.{0,3}valid|unknown|no valid)\b"
_RECIPIENT = re.compile(f"{_PLACE}.*{_WRONG}|{_WRONG}.*{_PLACE}", re.I | re.S)


def refused(response: requests.Response) -> Result:
    """What it means that the service did not answer that it took the message."""
    status, read = response.status_code, _read(response)
    reason = _reason(status, read, response)
    names = {value for value in _strings(read) if value in _ACCOUNT or value in _MESSAGE}
    if names & _ACCOUNT or status in (401, 402, 403, 404, 405, 407) or 300 <= status < 400:
        # The account's trouble or the address's: it is the same for every message.
        return Result("failed", reason=reason, temporary=True, outage=True)
    if names & _MESSAGE:
        return of_message(reason)
    if status in (425, 429):
        return Result("failed", reason=reason, temporary=True)
    if status == 503:
        return Result("failed", reason=reason, temporary=True, outage=True)
    if status >= 500 or status < 300:
        # No service promises that a request which ended so was not carried out.
        return Result("unknown", reason=reason, outage=True)
    return of_message(reason)


def of_message(reason: str) -> Result:
    """It was refused for its own sake: bounced where the words say that its address is none."""
    is_recipient = _RECIPIENT.search(reason) and not _SENDER.search(reason)
    return Result("bounced" if is_recipient else "failed", reason=reason)


def broken(error: Exception, label: str) -> Result:
    """What it means that there was no answer."""
    cause = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else error
    inner = cause.args[0] if cause.args else None
    never_reached = isinstance(
        cause,
        requests.ConnectTimeout
        | requests.exceptions.SSLError
        | requests.exceptions.ProxyError
        | requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema,
    ) or isinstance(getattr(inner, "reason", None), NewConnectionError)
    if never_reached:
        return Result("failed", reason=f"{label} cannot be reached.", temporary=True, outage=True)
    return Result("unknown", reason=f"The line to {label} broke after the message was handed over.", outage=True)


def words_of(response: requests.Response) -> str:
    return _reason(response.status_code, _read(response), response)


def _read(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _reason(status: int, read: Any, response: requests.Response) -> str:
    said = list(dict.fromkeys(words(read)))[:6]
    text = ": ".join(said) or " ".join(response.text.split())
    return f"{status}: {text}"[:500] if text else f"It answered {status} and nothing else."


def words(read: Any, depth: int = 0) -> Iterator[str]:
    """What an answer says to people."""
    if depth > 6:
        return
    if isinstance(read, dict):
        for name in _WORDS:
            value = read.get(name)
            if isinstance(value, str | int) and value not in ("", 0, True, False):
                yield " ".join(str(value).split())
        for value in read.values():
            if isinstance(value, dict | list):
                yield from words(value, depth + 1)
    elif isinstance(read, list):
        for value in read:
            if isinstance(value, str):
                yield value
            else:
                yield from words(value, depth + 1)


def _strings(read: Any) -> Iterator[str]:
    text = json.dumps(read)
    yield from re.findall(r'"([\w-]+)"', text)
