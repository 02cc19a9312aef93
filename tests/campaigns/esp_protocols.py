"""What email services expect of a request and how they answer, as their API documentation says; a row for each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from tests.campaigns.esp_server import Call

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Mail:
    """What the service would send: read out of a request in its own words."""

    sender: str
    to: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    token: str | None


@dataclass(frozen=True)
class Protocol:
    """`settings`: of an account. `path`: of a single send. `allowed`: whether the request carries the account's key.
    `mails`: what it asks to be sent. `taken`: the answer, given the mails. `refused`: the answer to a bad recipient.
    `denied`, `busy`: to a bad key, and to too much at once."""

    kind: str
    settings: Mapping[str, str]
    path: str
    allowed: Callable[[Call], bool]
    mails: Callable[[Call], list[Mail]]
    taken: Callable[[list[Mail], Call], Answer]
    refused: Answer
    denied: Answer = (401, {"message": "Invalid API key"})
    busy: Answer = (429, {"message": "Too many requests"})
    refused_state: str = "bounced"
    keeps_headers: bool = True
    batch: str = ""  # the path of its call for many
    batch_taken: Callable[[list[Mail], Call], Answer] | None = None
    secret: Mapping[str, str] = field(default_factory=dict)


def bearer(key: str) -> Callable[[Call], bool]:
    return lambda call: call.headers.get("authorization") == f"Bearer {key}"


def header(name: str, value: str) -> Callable[[Call], bool]:
    return lambda call: call.headers.get(name) == value


def _named(address: Mapping[str, str], email: str = "email", name: str = "name") -> str:
    return f"{address[name]} <{address[email]}>" if address.get(name) else address[email]


# Mailgun: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
def _mailgun(call: Call) -> list[Mail]:
    form = call.form
    variables = json.loads(form["recipient-variables"][0]) if "recipient-variables" in form else {}
    mails = []
    for to in form["to"]:
        own = variables.get(to, {})

        def filled(name: str, own: Mapping[str, str] = own) -> str:
            text = form.get(name, [""])[0]
            for key, value in own.items():
                text = text.replace(f"%recipient.{key}%", value)
            return text

        headers = {name[2:]: filled(name) for name in form if name.startswith("h:")}
        token = filled("v:waypost") or None
        mails.append(Mail(filled("from"), to, filled("subject"), filled("html"), filled("text"), headers, token))
    return mails


# Postmark: https://postmarkapp.com/developer/api/email-api
def _postmark(call: Call) -> list[Mail]:
    return [
        Mail(
            each["From"], each["To"], each["Subject"], each["HtmlBody"], each["TextBody"],
            {one["Name"]: one["Value"] for one in each["Headers"]}, each.get("Metadata", {}).get("waypost"),
        )
        for each in call.listed
    ]  # fmt: skip


# Resend: https://resend.com/docs/api-reference/emails/send-email
def _resend(call: Call) -> list[Mail]:
    return [
        Mail(
            each["from"], each["to"][0], each["subject"], each["html"], each["text"], each["headers"],
            json.loads(each["headers"].get("X-Metadata", "{}")).get("waypost"),
        )
        for each in call.listed
    ]  # fmt: skip


# Brevo: https://developers.brevo.com/reference/sendtransacemail
def _brevo(call: Call) -> list[Mail]:
    each = call.json
    token = json.loads(each["headers"].get("X-Mailin-custom", "{}")).get("waypost")
    to = _named(each["to"][0])
    sender = _named(each["sender"])
    return [Mail(sender, to, each["subject"], each["htmlContent"], each["textContent"], each["headers"], token)]


# Mailjet: https://dev.mailjet.com/email/guides/send-api-v31/
def _mailjet(call: Call) -> list[Mail]:
    shared = call.json.get("Globals", {})
    return [
        Mail(
            _named(each["From"], "Email", "Name"), _named(each["To"][0], "Email", "Name"), each["Subject"],
            each["HTMLPart"], each["TextPart"], each.get("Headers", {}),
            json.loads(each.get("EventPayload", "{}")).get("waypost"),
        )
        for each in (shared | one for one in call.json["Messages"])
    ]  # fmt: skip


# SendGrid: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
def _sendgrid(call: Call) -> list[Mail]:
    each = call.json
    own = each["personalizations"][0]
    content = {part["type"]: part["value"] for part in each["content"]}
    headers = each.get("headers", {}) | own.get("headers", {})
    token = (each.get("custom_args", {}) | own.get("custom_args", {})).get("waypost")
    subject = own.get("subject") or each["subject"]
    return [
        Mail(_named(each["from"]), _named(own["to"][0]), subject, content["text/html"], content["text/plain"], headers,
             token)
    ]  # fmt: skip


# SparkPost: https://developers.sparkpost.com/api/transmissions/
def _sparkpost(call: Call) -> list[Mail]:
    content = call.json["content"]
    to = call.json["recipients"][0]["address"]
    token = call.json.get("metadata", {}).get("waypost")
    return [
        Mail(content["from"], to["email"], content["subject"], content["html"], content["text"], content["headers"],
             token)
    ]  # fmt: skip


# Mandrill: https://mailchimp.com/developer/transactional/api/messages/send-new-message/
def _mandrill(call: Call) -> list[Mail]:
    each = call.json["message"]
    sender = f"{each['from_name']} <{each['from_email']}>"
    token = each.get("metadata", {}).get("waypost")
    return [Mail(sender, each["to"][0]["email"], each["subject"], each["html"], each["text"], each["headers"], token)]


# MailerSend: https://developers.mailersend.com/api/v1/email.html
def _mailersend(call: Call) -> list[Mail]:
    each = call.json
    return [
        Mail(_named(each["from"]), _named(each["to"][0]), each["subject"], each["html"], each["text"],
             {one["name"]: one["value"] for one in each.get("headers", [])}, None)
    ]  # fmt: skip


# Mailtrap: https://api-docs.mailtrap.io/docs/mailtrap-api-docs/67f1d70aeb62c-send-email
def _mailtrap(call: Call) -> list[Mail]:
    return [
        Mail(_named(each["from"]), _named(each["to"][0]), each["subject"], each["html"], each["text"],
             each["headers"], each.get("custom_variables", {}).get("waypost"))
        for each in call.json.get("requests", [call.json])
    ]  # fmt: skip


# Scaleway: https://www.scaleway.com/en/developers/api/transactional-email/
def _scaleway(call: Call) -> list[Mail]:
    each = call.json
    headers = {one["key"]: one["value"] for one in each["additional_headers"]}
    token = json.loads(headers.get("X-Metadata", "{}")).get("waypost")
    return [
        Mail(_named(each["from"]), _named(each["to"][0]), each["subject"], each["html"], each["text"], headers, token)
    ]


# Unisender Go: https://godocs.unisender.ru/web-api-ref#email-send
def _unisender_go(call: Call) -> list[Mail]:
    each = call.json["message"]
    sender = f"{each['from_name']} <{each['from_email']}>"
    token = each.get("global_metadata", {}).get("waypost")
    body = each["body"]
    return [
        Mail(sender, each["recipients"][0]["email"], each["subject"], body["html"], body["plaintext"],
             each["headers"], token)
    ]  # fmt: skip


# Postal: https://docs.postalserver.io/developer/api
def _postal(call: Call) -> list[Mail]:
    each = call.json
    return [
        Mail(each["from"], each["to"][0], each["subject"], each["html_body"], each["plain_body"], each["headers"], None)
    ]


# Amazon SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
def _amazon_ses(call: Call) -> list[Mail]:
    from base64 import b64decode

    mail = message_from_bytes(b64decode(call.json["Content"]["Raw"]["Data"]), policy=policy.default)
    bodies = {kind: mail.get_body((kind,)).get_content().strip() for kind in ("html", "plain")}
    (to,) = call.json["Destination"]["ToAddresses"]
    tags = {tag["Name"]: tag["Value"] for tag in call.json.get("EmailTags", [])}
    return [
        Mail(mail["From"], to, mail["Subject"], bodies["html"], bodies["plain"],
             {name: str(value) for name, value in mail.items()}, tags.get("waypost"))
    ]  # fmt: skip


def _signed_by_amazon(call: Call) -> bool:
    """Signature Version 4, worked out anew from what arrived."""
    import hashlib
    import hmac
    import re

    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/ses/aws4_request, SignedHeaders=([\w;-]+),"
        r" Signature=([0-9a-f]{64})",
        call.headers.get("authorization", ""),
    )
    if not found or found[1] != "AKIAIOSFODNN7EXAMPLE":
        return False
    _key, day, region, listed, signature = found.groups()
    names = "".join(f"{name}:{call.headers[name]}\n" for name in listed.split(";"))
    digest = hashlib.sha256(call.body).hexdigest()
    canonical = f"POST\n{call.path}\n\n{names}\n{listed}\n{digest}"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{call.headers['x-amz-date']}\n{day}/{region}/ses/aws4_request\n{hashed}"
    key = b"AWS4s3cret-key"
    for part in (day, region, "ses", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == signature


def _basic(user: str, password: str) -> Callable[[Call], bool]:
    from base64 import b64encode

    return header("authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())


def _mailjet_taken(mails: list[Mail], call: Call) -> Answer:
    said = [
        {"Status": "success", "To": [{"Email": mail.to, "MessageUUID": "u", "MessageID": 1000 + n}]}
        for n, mail in enumerate(mails)
    ]
    return 200, {"Messages": said}


PROTOCOLS = [
    Protocol(
        "mailgun", {"api_key": "s3cret-key", "sender_domain": "mail.example.com"}, "/mail.example.com/messages",
        _basic("api", "s3cret-key"), _mailgun,
        lambda mails, call: (200, {"id": "<1.a@mail.example.com>", "message": "Queued. Thank you."}),
        (400, {"message": "to parameter is not a valid address. please check documentation"}),
        (401, "Forbidden"), batch="/mail.example.com/messages",
        batch_taken=lambda mails, call: (200, {"id": "<1.a@mail.example.com>", "message": "Queued. Thank you."}),
    ),
    Protocol(
        "postmark", {"server_token": "s3cret-key", "message_stream": "broadcast"}, "/email",
        header("x-postmark-server-token", "s3cret-key"), _postmark,
        lambda mails, call: (200, {"To": mails[0].to, "MessageID": "pm-1", "ErrorCode": 0, "Message": "OK"}),
        (422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'gone@example.com'."}),
        (401, {"ErrorCode": 10, "Message": "The server token you provided was not valid."}),
        (429, {"ErrorCode": 429, "Message": "Too many requests"}), batch="/email/batch",
        batch_taken=lambda mails, call: (
            200, [{"To": mail.to, "MessageID": f"pm-{n}", "ErrorCode": 0, "Message": "OK"}
                  for n, mail in enumerate(mails)],
        ),
    ),
    Protocol(
        "resend", {"api_key": "s3cret-key"}, "/emails", bearer("s3cret-key"), _resend,
        lambda mails, call: (200, {"id": "re-1"}),
        (422, {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}),
        (403, {"statusCode": 403, "name": "invalid_api_key", "message": "API key is invalid"}),
        (429, {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests."}),
        batch="/emails/batch",
        batch_taken=lambda mails, call: (200, {"data": [{"id": f"re-{n}"} for n in range(len(mails))]}),
    ),
    Protocol(
        "brevo", {"api_key": "s3cret-key"}, "/smtp/email", header("api-key", "s3cret-key"), _brevo,
        lambda mails, call: (201, {"messageId": "<1@smtp-relay.mailin.fr>"}),
        (400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
        (401, {"code": "unauthorized", "message": "Key not found"}),
        (429, {"code": "too_many_requests", "message": "Rate limit is reached"}),
    ),
    Protocol(
        "mailjet", {"api_key": "public-key", "secret_key": "s3cret-key"}, "/send", _basic("public-key", "s3cret-key"),
        _mailjet, _mailjet_taken,
        (400, {"Messages": [{"Status": "error", "Errors": [{
            "ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "\"gone\" is an invalid email address.",
            "ErrorRelatedTo": ["To[0].Email"]}]}]}),
        (401, {"ErrorIdentifier": "x", "ErrorCode": "mj-0002", "StatusCode": 401,
               "ErrorMessage": "API key authentication/authorization failure."}),
        (429, {"ErrorMessage": "Too many requests", "ErrorCode": "mj-0010", "StatusCode": 429}),
        refused_state="failed", batch="/send", batch_taken=_mailjet_taken,
    ),
    Protocol(
        "sendgrid", {"api_key": "s3cret-key"}, "/mail/send", bearer("s3cret-key"), _sendgrid,
        lambda mails, call: (202, ""),
        (400, {"errors": [{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email",
                           "help": None}]}),
        (401, {"errors": [{"message": "The provided authorization grant is invalid", "field": None, "help": None}]}),
        (429, {"errors": [{"message": "too many requests", "field": None}]}), refused_state="failed",
    ),
    Protocol(
        "sparkpost", {"api_key": "s3cret-key"}, "/transmissions/", header("authorization", "s3cret-key"), _sparkpost,
        lambda mails, call: (200, {"results": {
            "total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "11668787484950529"}}),
        (400, {"errors": [{"message": "invalid data format/type", "code": "1300",
                           "description": "recipient address gone is not valid"}]}),
        (401, {"errors": [{"message": "Unauthorized."}]}), (429, {"errors": [{"message": "Too many requests"}]}),
    ),
    Protocol(
        "mandrill", {"api_key": "s3cret-key"}, "/messages/send.json",
        lambda call: call.json["key"] == "s3cret-key", _mandrill,
        lambda mails, call: (200, [{"email": mails[0].to, "status": "sent", "_id": "md-1", "reject_reason": None}]),
        (200, [{"email": "gone@example.com", "status": "rejected", "_id": "md-2", "reject_reason": "hard-bounce"}]),
        (500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}),
        refused_state="failed",
    ),
    Protocol(
        "mailersend", {"api_token": "s3cret-key"}, "/email", bearer("s3cret-key"), _mailersend,
        lambda mails, call: (202, ""),
        (422, {"message": "The to.0.email must be a valid email address.",
               "errors": {"to.0.email": ["The to.0.email is invalid."]}}),
        (401, {"message": "Unauthenticated."}), (429, {"message": "Too Many Attempts."}), keeps_headers=False,
    ),
    Protocol(
        "mailtrap", {"api_token": "s3cret-key"}, "/send", header("api-token", "s3cret-key"), _mailtrap,
        lambda mails, call: (200, {"success": True, "message_ids": ["mt-0"]}),
        (400, {"success": False, "errors": ["'to' address is invalid"]}),
        (401, {"success": False, "errors": ["Unauthorized"]}), batch="/batch",
        batch_taken=lambda mails, call: (200, {"success": True, "responses": [
            {"success": True, "message_ids": [f"mt-{n}"]} for n in range(len(mails))]}),
    ),
    Protocol(
        "scaleway", {"secret_key": "s3cret-key", "project_id": "p-1", "region": "fr-par"}, "/emails",
        header("x-auth-token", "s3cret-key"), _scaleway,
        lambda mails, call: (200, {"emails": [{"id": "sw-1", "mail_rcpt": mails[0].to, "status": "sending"}]}),
        (400, {"type": "invalid_arguments", "message": "invalid argument(s)", "details": [
            {"argument_name": "to", "reason": "constraint", "help_message": "recipient address is invalid"}]}),
        (403, {"type": "denied_authentication", "message": "authentication is denied"}),
    ),
    Protocol(
        "unisender_go", {"api_key": "s3cret-key"}, "/email/send.json", header("x-api-key", "s3cret-key"),
        _unisender_go,
        lambda mails, call: (200, {"status": "success", "job_id": "1ZymBc-00041N-9X", "emails": [mails[0].to]}),
        (400, {"status": "error", "code": 204, "message": "Error ID:1. There is no valid recipients",
               "failed_emails": {"gone@example.com": "invalid"}}),
        (401, {"status": "error", "code": 102, "message": "Can not decode key"}),
    ),
    Protocol(
        "postal", {"api_key": "s3cret-key"}, "/api/v1/send/message", header("x-server-api-key", "s3cret-key"),
        _postal,
        lambda mails, call: (200, {"status": "success", "time": 0.1, "flags": {}, "data": {
            "message_id": "x@postal", "messages": {mails[0].to: {"id": 33, "token": "t"}}}}),
        (200, {"status": "error", "time": 0.1, "flags": {}, "data": {
            "code": "ValidationError", "message": "The recipient address is not valid"}}),
        (200, {"status": "error", "time": 0.1, "flags": {}, "data": {
            "code": "InvalidServerAPIKey", "message": "The API token provided in X-Server-API-Key was not valid."}}),
    ),
    Protocol(
        "amazon_ses", {"region": "eu-west-1", "access_key_id": "AKIAIOSFODNN7EXAMPLE",
                       "secret_access_key": "s3cret-key", "configuration_set": "marketing"},
        "/v2/email/outbound-emails", _signed_by_amazon, _amazon_ses,
        lambda mails, call: (200, {"MessageId": "0100-ses-000000"}),
        (400, {"__type": "BadRequestException", "message": "Illegal address in To"}),
        (403, {"__type": "InvalidSignatureException", "message": "The request signature we calculated does not match"}),
        (429, {"__type": "TooManyRequestsException", "message": "Maximum sending rate exceeded."}),
    ),
]  # fmt: skip
BY_KIND = {protocol.kind: protocol for protocol in PROTOCOLS}
