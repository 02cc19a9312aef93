"""Calls of email services that take many messages at once, each with words of its own."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote, urljoin

from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.backends.mailgun import MailgunPayload
from anymail.exceptions import AnymailRequestsAPIError
from django.core.mail import EmailMultiAlternatives

from campaigns.providers._esp_addressing import Addressing
from campaigns.providers._http_results import of_message, words
from campaigns.providers.base import Outgoing, OutgoingEmail, Result

Post = Callable[[], list[Result]]
Prepare = Callable[[AnymailRequestsBackend, Sequence[OutgoingEmail], Addressing], Post]

# What Mailgun itself would put something in the place of.
_SERVICE_WORDS = re.compile(r"%(recipient|[a-z_]*unsubscribe)", re.IGNORECASE)


@dataclass(frozen=True)
class Batch:
    """`prepare` writes the call and raises where that cannot be; what it returns makes it, and raises an
    AnymailRequestsAPIError where the whole call was refused. `key`: what messages must agree in."""

    size: int
    prepare: Prepare
    key: Callable[[Outgoing], Any] | None = None


class _Multipart(MailgunPayload):
    """As form data: quoting half a megabyte of HTML for a URL costs more than everything else about it."""

    def get_request_params(self, api_url: str) -> dict[str, Any]:
        params = super().get_request_params(api_url)
        fields = params.pop("data")
        params["files"] = [
            (name, (None, value.encode() if isinstance(value, str) else str(value)))
            for name, values in fields.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        return params


def _mailgun(backend: AnymailRequestsBackend, emails: Sequence[OutgoingEmail], addressing: Addressing) -> Post:
    """One mail with variables, and for each recipient what stands in them. What all have in common goes along once."""
    addresses = [email.recipient for email in emails]
    if len({address.lower() for address in addresses}) < len(emails):
        raise ValueError("Variables belong to an address, which may be there once.")
    bodies, owns = _framed(emails)
    headers = [addressing.headers_of(email) for email in emails]
    names = list(dict.fromkeys(name for each in headers for name in each))
    metadata = [addressing.metadata_of(email) for email in emails]
    together = EmailMultiAlternatives("%recipient.subject%", bodies[0], addressing.sender_of(emails[0]), addresses[:1])
    together.attach_alternative(bodies[1], "text/html")
    payload = _Multipart(together, backend.send_defaults, backend)
    payload.data["to"] = addresses
    payload.data |= {f"h:{name.title()}": f"%recipient.h:{name.title()}%" for name in names}
    payload.data |= {f"v:{name}": f"%recipient.v:{name}%" for each in metadata[:1] for name in each}
    variables = {
        email.recipient: {
            **own,
            "subject": email.subject,
            **{f"h:{name.title()}": header.get(name, "") for name in names},
            **{f"v:{name}": value for name, value in known.items()},
        }
        for email, own, header, known in zip(emails, owns, headers, metadata, strict=True)
    }
    payload.data["recipient-variables"] = json.dumps(variables)
    payload.get_request_params(backend.api_url)  # whatever cannot be written says so here

    def post() -> list[Result]:
        response = backend.post_to_esp(payload, together)
        statuses = backend.parse_recipient_status(response, payload, together)
        known = {str(status.message_id or "") for status in statuses.values()}
        return [Result("sent", known.pop())] * len(emails)

    return post


def _framed(emails: Sequence[OutgoingEmail]) -> tuple[tuple[str, str], list[dict[str, str]]]:
    """Text and HTML with variables, and what stands in them for each; all of it where that is what they differ in."""
    frame = emails[0].frame
    if frame and not any(map(_SERVICE_WORDS.search, frame.bodies(lambda name: ""))):
        return frame.bodies(lambda name: f"%recipient.{name}%"), [email.own() for email in emails]
    owns = [{"text": str(email.message.body), "html": _html(email.message)} for email in emails]
    return ("%recipient.text%" if any(own["text"] for own in owns) else "", "%recipient.html%"), owns


def _mailgun_key(outgoing: Outgoing) -> Any:
    """Its variables are found by the plain address; whoever has another one gets a call of their own."""
    if not isinstance(outgoing, OutgoingEmail):
        return None
    address = outgoing.recipient
    plain = address.isascii() and parseaddr(address)[1] == address
    frame = id(outgoing.frame) if outgoing.frame else 0
    return (outgoing.sender, frame, "") if plain else (outgoing.sender, frame, address)


def _html(message: EmailMultiAlternatives) -> str:
    return next((str(content) for content, kind in message.alternatives if kind == "text/html"), "")


@dataclass(frozen=True)
class _Listed:
    """A call that takes the very messages of the single call as a list, and answers with a list in their order."""

    endpoint: str
    wrap: Callable[[list[Any]], Any]
    unwrap: Callable[[Any], list[Any]]
    read: Callable[[Any], Result]

    def __call__(
        self, backend: AnymailRequestsBackend, emails: Sequence[OutgoingEmail], addressing: Addressing
    ) -> Post:
        messages = [addressing.message_of(email) for email in emails]
        payloads = [backend.build_message_payload(message, backend.send_defaults) for message in messages]
        params = payloads[0].get_request_params(backend.api_url)
        endpoint = self.endpoint
        if getattr(backend, "sandbox_id", None):
            endpoint += f"/{quote(str(backend.sandbox_id), safe='')}"
        params |= {
            "url": urljoin(backend.api_url, endpoint),
            "data": json.dumps(self.wrap([json.loads(payload.serialize_data()) for payload in payloads])),
            "timeout": backend.timeout,
        }

        def post() -> list[Result]:
            response = backend.session.request(**params)
            try:
                answers = self.unwrap(response.json())
                if len(answers) != len(messages):
                    raise ValueError("There is not one answer for each message.")
                return [self.read(answer) for answer in answers]
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise AnymailRequestsAPIError(str(error), response=response, backend=backend) from error

        return post


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("The answer is no list.")
    return value


def _of_postmark(answer: Any) -> Result:
    code, words = answer.get("ErrorCode", 0), answer["Message"]
    return Result("sent", answer["MessageID"]) if code == 0 else of_message(f"{code}: {words}")


def _of_mailjet(answer: Any) -> Result:
    if answer["Status"] == "success":
        return Result("sent", str(answer["To"][0]["MessageID"]))
    return of_message(": ".join(words(answer["Errors"])))


def _of_mailtrap(answer: Any) -> Result:
    return Result("sent", answer["message_ids"][0]) if answer["success"] else of_message(": ".join(words(answer)))


BATCHES = {
    "mailgun": Batch(1000, _mailgun, _mailgun_key),
    "postmark": Batch(500, _Listed("email/batch", lambda each: each, _list, _of_postmark)),
    "resend": Batch(
        100,
        _Listed("emails/batch", lambda each: each, lambda said: said["data"], lambda one: Result("sent", one["id"])),
    ),
    "mailjet": Batch(
        50,
        _Listed(
            "send",
            lambda each: {"Messages": [data["Globals"] | message for data in each for message in data["Messages"]]},
            lambda said: said["Messages"],
            _of_mailjet,
        ),
    ),
    "mailtrap": Batch(
        500, _Listed("batch", lambda each: {"requests": each}, lambda said: said["responses"], _of_mailtrap)
    ),
}
