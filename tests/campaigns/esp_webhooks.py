"""What email services call us with, as their documentation says; a row for each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.campaigns import esp_signatures
from tests.campaigns.esp_signatures import EC, RSA, public

# What happens to a mail, in our words (campaigns.models.What) and "later" for a delay that is not final.
HAPPENINGS = ("delivered", "hard", "soft", "complained", "unsubscribed", "opened", "later")
ADA = "ada@example.com"


@dataclass(frozen=True)
class Told:
    """One thing that happened. `id` makes it another one; `mail` is the service's number of the mail."""

    what: str
    token: str
    at: datetime
    id: str = "e1"
    mail: str = "m1"
    url: str = ""

    @property
    def epoch(self) -> int:
        return int(self.at.timestamp())


@dataclass(frozen=True)
class Post:
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


@dataclass(frozen=True)
class Hook:
    """`say` writes a call that tells of one thing (None: the service never does). `sign` adds the signature.
    `secret`: as it stands in the account; "" where the password in the address is all."""

    kind: str
    say: Callable[[Told], Any]
    sign: Callable[[bytes, str, datetime, str], Mapping[str, str]] | None = None
    secret_name: str = ""
    secret: str = ""
    ages: bool = False  # whether the signature has a date
    form: str = ""  # the field of a form in which the call comes

    def post(self, told: Told, url: str, signed_at: datetime | None = None, secret: str | None = None) -> Post | None:
        said = self.say(told)
        if said is None:
            return None
        at = signed_at or told.at
        if self.kind == "mailgun":
            said = said | {"signature": esp_signatures.mailgun(told.id, at, secret or self.secret)}
        if self.kind == "unisender_go":
            return Post(esp_signatures.unisender_go(said, secret or self.secret))
        body = json.dumps(said).encode()
        content_type = "application/json"
        if self.form:
            body, content_type = urlencode({self.form: json.dumps(said)}).encode(), "application/x-www-form-urlencoded"
            return Post(body, self.sign(json.dumps(said).encode(), secret or self.secret, at, url), content_type)
        return Post(body, self.sign(body, secret or self.secret, at, told.id) if self.sign else {}, content_type)


# https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks
def _mailgun(told: Told) -> Any:
    more: dict[str, Any] = {
        "delivered": {"event": "delivered"},
        "hard": {"event": "failed", "severity": "permanent", "reason": "bounce"},
        "soft": {"event": "failed", "severity": "permanent", "reason": "old"},
        "later": {"event": "failed", "severity": "temporary", "reason": "generic"},
        "complained": {"event": "complained"},
        "unsubscribed": {"event": "unsubscribed"},
        "opened": {"event": "opened", "client-info": {"user-agent": "Mozilla/5.0 (iPhone)"}},
        "clicked": {"event": "clicked", "url": told.url},
    }[told.what]
    return {
        "event-data": {
            "id": told.id, "timestamp": told.at.timestamp(), "recipient": ADA,
            "delivery-status": {"code": 550, "message": "5.1.1 No such user", "description": ""},
            "message": {"headers": {"message-id": told.mail}}, "user-variables": {"waypost": told.token}, **more,
        }
    }  # fmt: skip


# https://postmarkapp.com/developer/webhooks/webhooks-overview
def _postmark(told: Told) -> Any:
    stamp = told.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    more: dict[str, Any] = {
        "delivered": {"RecordType": "Delivery", "DeliveredAt": stamp, "Recipient": ADA},
        "hard": {"RecordType": "Bounce", "Type": "HardBounce", "BouncedAt": stamp, "ID": told.id, "Email": ADA,
                 "Details": "5.1.1 No such user"},
        "soft": {"RecordType": "Bounce", "Type": "SoftBounce", "BouncedAt": stamp, "ID": told.id, "Email": ADA},
        "later": {"RecordType": "Bounce", "Type": "Transient", "BouncedAt": stamp, "ID": told.id, "Email": ADA},
        "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "BouncedAt": stamp, "ID": told.id,
                       "Email": ADA},
        "unsubscribed": {"RecordType": "SubscriptionChange", "ChangedAt": stamp, "Recipient": ADA,
                         "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
        "opened": {"RecordType": "Open", "ReceivedAt": stamp, "Recipient": ADA, "UserAgent": "Mozilla/5.0 (iPhone)"},
        "clicked": {"RecordType": "Click", "ReceivedAt": stamp, "Recipient": ADA, "OriginalLink": told.url},
    }[told.what]  # fmt: skip
    return {"MessageID": told.mail, "Metadata": {"waypost": told.token}, "Tag": "", "N": told.id, **more}


# https://resend.com/docs/webhooks/event-types
def _resend(told: Told) -> Any:
    kinds = {"delivered": "delivered", "hard": "bounced", "soft": "bounced", "later": "delivery_delayed",
             "complained": "complained", "opened": "opened", "clicked": "clicked"}  # fmt: skip
    if told.what not in kinds:
        return None
    more: dict[str, Any] = {}
    if told.what in ("hard", "soft"):
        kind = "Permanent" if told.what == "hard" else "Transient"
        more = {"bounce": {"message": "sent a bounce message", "type": kind, "subType": "General"}}
    if told.what == "clicked":
        more = {"click": {"link": told.url, "userAgent": "Mozilla/5.0 (iPhone)"}}
    metadata = [{"name": "X-Metadata", "value": json.dumps({"waypost": told.token})}]
    return {
        "type": f"email.{kinds[told.what]}", "created_at": told.at.isoformat(),
        "data": {"email_id": told.mail, "to": [ADA], "headers": metadata, **more},
    }  # fmt: skip


# https://developers.brevo.com/docs/transactional-webhooks
def _brevo(told: Told) -> Any:
    kinds = {"delivered": "delivered", "hard": "hard_bounce", "soft": "soft_bounce", "later": "deferred",
             "complained": "spam", "unsubscribed": "unsubscribe", "opened": "unique_opened",
             "clicked": "click"}  # fmt: skip
    return {
        "event": kinds[told.what], "email": ADA, "message-id": told.mail, "ts_epoch": told.epoch * 1000, "id": told.id,
        "reason": "No such user", "X-Mailin-custom": json.dumps({"waypost": told.token}), "link": told.url,
    }  # fmt: skip


# https://dev.mailjet.com/email/guides/webhooks/
def _mailjet(told: Told) -> Any:
    more: dict[str, Any] = {
        "delivered": {"event": "sent"},
        "hard": {"event": "bounce", "hard_bounce": True, "error": "user unknown"},
        "soft": {"event": "bounce", "hard_bounce": False, "error": "quota exceeded"},
        "later": {"event": "bounce", "hard_bounce": False, "error": "greylisted"},
        "complained": {"event": "spam"},
        "unsubscribed": {"event": "unsub"},
        "opened": {"event": "open", "agent": "Mozilla/5.0 (iPhone)"},
        "clicked": {"event": "click", "url": told.url},
    }[told.what]
    return [
        {"time": told.epoch, "MessageID": told.mail, "email": ADA, "CustomID": told.id,
         "Payload": json.dumps({"waypost": told.token}), **more}
    ]  # fmt: skip


# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
def _sendgrid(told: Told) -> Any:
    more: dict[str, Any] = {
        "delivered": {"event": "delivered", "response": "250 OK"},
        "hard": {"event": "bounce", "type": "bounce", "reason": "550 5.1.1 No such user"},
        "soft": {"event": "bounce", "type": "blocked", "reason": "552 full"},
        "later": {"event": "deferred", "response": "451 later"},
        "complained": {"event": "spamreport"},
        "unsubscribed": {"event": "unsubscribe"},
        "opened": {"event": "open", "useragent": "Mozilla/5.0 (iPhone)"},
        "clicked": {"event": "click", "url": told.url},
    }[told.what]
    return [{"timestamp": told.epoch, "email": ADA, "sg_event_id": told.id, "smtp-id": told.mail,
             "waypost": told.token, **more}]  # fmt: skip


# https://developers.sparkpost.com/api/webhooks/
def _sparkpost(told: Told) -> Any:
    kinds = {"delivered": "delivery", "hard": "bounce", "soft": "bounce", "later": "delay",
             "complained": "spam_complaint", "unsubscribed": "list_unsubscribe", "opened": "open",
             "clicked": "click"}  # fmt: skip
    group = {"opened": "track_event", "clicked": "track_event", "unsubscribed": "unsubscribe_event"}
    event = {
        "type": kinds[told.what], "timestamp": str(told.epoch), "event_id": told.id, "transmission_id": told.mail,
        "raw_rcpt_to": ADA, "rcpt_meta": {"waypost": told.token}, "target_link_url": told.url,
        "raw_reason": "550 No such user",
    }  # fmt: skip
    if told.what in ("hard", "soft"):
        event["bounce_class"] = "10" if told.what == "hard" else "22"
    return [{"msys": {group.get(told.what, "message_event"): event}}]


# https://mailchimp.com/developer/transactional/docs/webhooks/
def _mandrill(told: Told) -> Any:
    kinds = {"delivered": "send", "hard": "hard_bounce", "soft": "soft_bounce", "later": "deferral",
             "complained": "spam", "unsubscribed": "unsub", "opened": "open", "clicked": "click"}  # fmt: skip
    if told.what == "delivered":
        return None  # It only says that it has sent.
    message = {"email": ADA, "metadata": {"waypost": told.token}, "diag": "5.1.1 No such user", "tags": [told.id]}
    return [{"event": kinds[told.what], "ts": told.epoch, "_id": told.mail, "msg": message, "url": told.url}]


# https://developers.mailersend.com/api/v1/webhooks.html
def _mailersend(told: Told) -> Any:
    kinds = {"delivered": "delivered", "hard": "hard_bounced", "soft": "soft_bounced", "complained": "spam_complaint",
             "unsubscribed": "unsubscribed", "opened": "opened", "clicked": "clicked"}  # fmt: skip
    if told.what not in kinds:
        return None
    return {
        "type": f"activity.{kinds[told.what]}",
        "data": {
            "id": told.id, "type": kinds[told.what], "created_at": told.at.isoformat(),
            "email": {"message": {"id": told.mail}, "recipient": {"email": ADA}, "tags": None},
            "morph": {"object": "recipient_bounce", "reason": "No such user", "url": told.url},
        },
    }  # fmt: skip


# https://help.mailtrap.io/article/102-webhooks
def _mailtrap(told: Told) -> Any:
    kinds = {"delivered": "delivery", "hard": "bounce", "later": "soft bounce", "complained": "spam",
             "unsubscribed": "unsubscribe", "opened": "open", "clicked": "click"}  # fmt: skip
    if told.what not in kinds:
        return None
    event = {
        "event": kinds[told.what], "message_id": told.mail, "email": ADA, "timestamp": told.epoch, "event_id": told.id,
        "sending_stream": "bulk", "custom_variables": {"waypost": told.token}, "response": "No such user",
        "url": told.url,
    }  # fmt: skip
    return {"events": [event]}


# https://godocs.unisender.ru/web-api-ref#callback-format
def _unisender(told: Told) -> Any:
    kinds = {"delivered": "delivered", "hard": "hard_bounced", "later": "soft_bounced", "complained": "spam",
             "unsubscribed": "unsubscribed", "opened": "opened", "clicked": "clicked"}  # fmt: skip
    if told.what not in kinds:
        return None
    status = "err_user_unknown" if told.what == "hard" else ""
    data = {
        "job_id": told.mail, "email": ADA, "status": kinds[told.what], "metadata": {"waypost": told.token},
        "event_time": told.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"), "url": told.url, "id": told.id,
        "delivery_info": {"delivery_status": status, "destination_response": "No such user"},
    }  # fmt: skip
    event = {"event_name": "transactional_email_status", "event_data": data}
    return {"events_by_user": [{"user_id": 1, "events": [event]}]}


# https://docs.postalserver.io/developer/webhooks
def _postal(told: Told) -> Any:
    message = {"id": told.mail, "to": ADA, "direction": "outgoing", "tag": None}
    payload: dict[str, Any] | None = {
        "delivered": {"message": message, "status": "Sent", "details": "", "output": "250 OK"},
        "hard": {"original_message": message, "bounce": {"id": 9}},
        "later": {"message": message, "status": "SoftFail", "details": "later", "output": ""},
        "clicked": {"message": message, "url": told.url, "user_agent": "Mozilla/5.0 (iPhone)"},
    }.get(told.what)
    if payload is None:
        return None
    return {"event": "Message", "timestamp": told.at.timestamp(), "uuid": told.id, "payload": payload}


HOOKS = [
    Hook("mailgun", _mailgun, None, "webhook_signing_key", "mg-signing-key", ages=True),
    Hook("postmark", _postmark),
    Hook("resend", _resend, esp_signatures.svix, "signing_secret", "whsec_c2VjcmV0LXdpdGgtMzItY2hhcmFjdGVycyE=",
         ages=True),
    Hook("brevo", _brevo),
    Hook("mailjet", _mailjet),
    Hook("sendgrid", _sendgrid, esp_signatures.ecdsa, "tracking_webhook_verification_key", public(EC), ages=True),
    Hook("sparkpost", _sparkpost),
    Hook("mandrill", _mandrill, esp_signatures.mandrill, "webhook_key", "md-key", form="mandrill_events"),
    Hook("mailersend", _mailersend, esp_signatures.hex_in("Signature"), "signing_secret", "ms-secret"),
    Hook("mailtrap", _mailtrap, esp_signatures.hex_in("Mailtrap-Signature"), "tracking_secret", "mt-secret"),
    Hook("unisender_go", _unisender, None, "api_key", "s3cret-key"),
    Hook("postal", _postal, esp_signatures.postal, "webhook_key", public(RSA)),
]  # fmt: skip
HOOK_OF = {hook.kind: hook for hook in HOOKS}
