"""Reads what a proven call says into notices: what happened to which message, in our words."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from anymail.exceptions import AnymailError
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.http import HttpRequest

from campaigns.models import Provider, What
from campaigns.notices import proving
from campaigns.tracking import signatures
from campaigns.tracking.devices import device_of

# What a call says of longer ago is known, or never will be; keys are kept for longer than that.
OLD = timedelta(days=7)
_WHAT = {
    EventType.SENT: What.TAKEN,
    EventType.QUEUED: What.TAKEN,
    EventType.DELIVERED: What.DELIVERED,
    EventType.COMPLAINED: What.COMPLAINED,
    EventType.OPENED: What.OPENED,
    EventType.CLICKED: What.CLICKED,
    EventType.UNSUBSCRIBED: What.UNSUBSCRIBED,
    EventType.FAILED: What.REFUSED,
}
_NONSENSE = (
    AnymailError, ValueError, LookupError, TypeError, AttributeError, AssertionError, OverflowError, OSError,
    RecursionError,
)  # fmt: skip


class Unreadable(Exception):
    """The call is the provider's, and nothing that its service is known to say."""


@dataclass(frozen=True)
class Read:
    """A notice to be; see models.Notice."""

    key: str
    what: str
    message_id: int | None
    provider_message_id: str
    recipient: str
    reason: str
    url: str
    agent: str
    device: str
    at: datetime


def read(provider: Provider, request: HttpRequest, now: datetime) -> list[Read]:
    """Raises Unreadable, and proving.Forged for a recording: services repeat nothing for as long as that."""
    try:
        events = proving.view_of(provider).parse_events(request)
        found = [_notice(provider, event, now) for event in events]
    except _NONSENSE as error:
        raise Unreadable(str(error)[:200]) from error
    told = [notice for notice in found if notice]
    fresh = [notice for notice in told if notice.at > now - OLD]
    if told and not fresh:
        raise proving.Forged("All of this is of too long ago.")
    return fresh


def _notice(provider: Provider, event: AnymailTrackingEvent, now: datetime) -> Read | None:
    what = _what(provider.kind, event)
    if what is None:
        return None
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    recipient = _plain(event.recipient)
    at = min(event.timestamp or now, now)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Read(
        key=_key(provider.kind, event, raw, what, recipient),
        what=what,
        message_id=signatures.message_of(_token(event, raw)),
        provider_message_id=_plain(event.message_id)[:255],
        recipient=recipient[:320],
        reason=_plain(event.mta_response or event.description or "")[:1000],
        url=_plain(event.click_url)[:2000],
        agent=_plain(event.user_agent)[:200],
        device=device_of(_plain(event.user_agent)),
        at=at,
    )


def _what(kind: str, event: AnymailTrackingEvent) -> str | None:
    """None for what is not final, such as a delay: the provider tries again by itself."""
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    reason = event.reject_reason
    if event.event_type == EventType.BOUNCED:
        if reason in (RejectReason.SPAM, RejectReason.BLOCKED, RejectReason.UNSUBSCRIBED):
            # It is the mail, or who sent it, that was not wanted there: the address may be a good one.
            return What.SOFT
        return What.HARD if _is_hard(kind, raw, event) else What.SOFT
    if event.event_type == EventType.REJECTED:
        # On the provider's own list of those who bounced before, or no address at all.
        return What.HARD if reason in (RejectReason.INVALID, RejectReason.BOUNCED) else What.REFUSED
    if kind == "postal" and event.event_type == EventType.FAILED:
        return What.HARD if _code(event) else What.REFUSED
    return _WHAT.get(event.event_type)


_HARD: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "amazon_ses": lambda raw: raw.get("bounce", {}).get("bounceType") == "Permanent",
    "mailgun": lambda raw: raw.get("event-data", {}).get("reason") in ("bounce", "suppress-bounce", "generic"),
    "postmark": lambda raw: raw.get("Type") in ("HardBounce", "BadEmailAddress"),
    "resend": lambda raw: raw.get("data", {}).get("bounce", {}).get("type") == "Permanent",
    "brevo": lambda raw: raw.get("event") in ("hard_bounce", "invalid_email"),
    "mailjet": lambda raw: bool(raw.get("hard_bounce")),
    "sendgrid": lambda raw: raw.get("type", "bounce") == "bounce",
    "mandrill": lambda raw: raw.get("event") == "hard_bounce",
    "mailersend": lambda raw: raw.get("data", {}).get("type") == "hard_bounced",
    "mailtrap": lambda raw: raw.get("event") == "bounce",
    "unisender_go": lambda raw: raw.get("delivery_info", {}).get("delivery_status") != "err_mailbox_full",
    "postal": lambda raw: True,
}
_SPARKPOST_HARD = {"10", "30", "90"}


def _is_hard(kind: str, raw: Mapping[str, Any], event: AnymailTrackingEvent) -> bool:
    if kind == "sparkpost":
        inner = raw.get("msys", raw)
        said: Any = next(iter(inner.values()), {}) if isinstance(inner, Mapping) else {}
        return isinstance(said, Mapping) and str(said.get("bounce_class")) in _SPARKPOST_HARD
    return _HARD[kind](raw)


def _code(event: AnymailTrackingEvent) -> bool:
    """Whether a server answered for good that there is no such mailbox (RFC 3463)."""
    return bool(re.search(r"\b5\.1\.\d+\b|\b550\b", f"{event.mta_response} {event.description}"))


def _token(event: AnymailTrackingEvent, raw: Mapping[str, Any]) -> str:
    metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
    token = metadata.get("waypost")
    if not token and isinstance(raw.get("mail"), Mapping):  # Amazon's tags come as lists
        token = (raw["mail"].get("tags", {}).get("waypost") or [""])[0]
    return token if isinstance(token, str) else ""


def _key(kind: str, event: AnymailTrackingEvent, raw: Mapping[str, Any], what: str, recipient: str) -> str:
    """The service's own number, for each recipient; where it has none, all that it says."""
    if kind in proving.TOKENS:
        return _plain(event.event_id)[:200]
    if event.event_id:
        return f"{_plain(event.event_id)[:120]}:{_hash(what + recipient)}"
    said = json.dumps(dict(raw), sort_keys=True, default=str)
    return _hash(f"{what}\0{recipient}\0{said}")


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _plain(value: object) -> str:
    """What a database takes: neither NUL nor half of a surrogate pair."""
    return str(value or "").encode("utf-8", "replace").decode().replace("\0", "").strip()
