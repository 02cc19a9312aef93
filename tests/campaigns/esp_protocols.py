"""How an account calls each email service, and how that answers, as its API documentation says; a row for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.campaigns import esp_requests
from tests.campaigns.esp_requests import Mail, basic, bearer, header, signed_by_amazon
from tests.campaigns.esp_server import Call

Answer = tuple[int, Any]


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


def _mailjet_taken(mails: list[Mail], call: Call) -> Answer:
    said = [
        {"Status": "success", "To": [{"Email": mail.to, "MessageUUID": "u", "MessageID": 1000 + n}]}
        for n, mail in enumerate(mails)
    ]
    return 200, {"Messages": said}


PROTOCOLS = [
    Protocol(
        "mailgun", {"api_key": "s3cret-key", "sender_domain": "mail.example.com"}, "/mail.example.com/messages",
        basic("api", "s3cret-key"), esp_requests.mailgun,
        lambda mails, call: (200, {"id": "<1.a@mail.example.com>", "message": "Queued. Thank you."}),
        (400, {"message": "to parameter is not a valid address. please check documentation"}),
        (401, "Forbidden"), batch="/mail.example.com/messages",
        batch_taken=lambda mails, call: (200, {"id": "<1.a@mail.example.com>", "message": "Queued. Thank you."}),
    ),
    Protocol(
        "postmark", {"server_token": "s3cret-key", "message_stream": "broadcast"}, "/email",
        header("x-postmark-server-token", "s3cret-key"), esp_requests.postmark,
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
        "resend", {"api_key": "s3cret-key"}, "/emails", bearer("s3cret-key"), esp_requests.resend,
        lambda mails, call: (200, {"id": "re-1"}),
        (422, {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}),
        (403, {"statusCode": 403, "name": "invalid_api_key", "message": "API key is invalid"}),
        (429, {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many requests."}),
        batch="/emails/batch",
        batch_taken=lambda mails, call: (200, {"data": [{"id": f"re-{n}"} for n in range(len(mails))]}),
    ),
    Protocol(
        "brevo", {"api_key": "s3cret-key"}, "/smtp/email", header("api-key", "s3cret-key"), esp_requests.brevo,
        lambda mails, call: (201, {"messageId": "<1@smtp-relay.mailin.fr>"}),
        (400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
        (401, {"code": "unauthorized", "message": "Key not found"}),
        (429, {"code": "too_many_requests", "message": "Rate limit is reached"}),
    ),
    Protocol(
        "mailjet", {"api_key": "public-key", "secret_key": "s3cret-key"}, "/send", basic("public-key", "s3cret-key"),
        esp_requests.mailjet, _mailjet_taken,
        (400, {"Messages": [{"Status": "error", "Errors": [{
            "ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "\"gone\" is an invalid email address.",
            "ErrorRelatedTo": ["To[0].Email"]}]}]}),
        (401, {"ErrorIdentifier": "x", "ErrorCode": "mj-0002", "StatusCode": 401,
               "ErrorMessage": "API key authentication/authorization failure."}),
        (429, {"ErrorMessage": "Too many requests", "ErrorCode": "mj-0010", "StatusCode": 429}),
        refused_state="failed", batch="/send", batch_taken=_mailjet_taken,
    ),
    Protocol(
        "sendgrid", {"api_key": "s3cret-key"}, "/mail/send", bearer("s3cret-key"), esp_requests.sendgrid,
        lambda mails, call: (202, ""),
        (400, {"errors": [{"message": "Does not contain a valid address.", "field": "personalizations.0.to.0.email",
                           "help": None}]}),
        (401, {"errors": [{"message": "The provided authorization grant is invalid", "field": None, "help": None}]}),
        (429, {"errors": [{"message": "too many requests", "field": None}]}), refused_state="failed",
    ),
    Protocol(
        "sparkpost", {"api_key": "s3cret-key"}, "/transmissions/", header("authorization", "s3cret-key"),
        esp_requests.sparkpost,
        lambda mails, call: (200, {"results": {
            "total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "11668787484950529"}}),
        (400, {"errors": [{"message": "invalid data format/type", "code": "1300",
                           "description": "recipient address gone is not valid"}]}),
        (401, {"errors": [{"message": "Unauthorized."}]}), (429, {"errors": [{"message": "Too many requests"}]}),
    ),
    Protocol(
        "mandrill", {"api_key": "s3cret-key"}, "/messages/send.json",
        lambda call: call.json["key"] == "s3cret-key", esp_requests.mandrill,
        lambda mails, call: (200, [{"email": mails[0].to, "status": "sent", "_id": "md-1", "reject_reason": None}]),
        (200, [{"email": "gone@example.com", "status": "rejected", "_id": "md-2", "reject_reason": "hard-bounce"}]),
        (500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}),
        refused_state="failed",
    ),
    Protocol(
        "mailersend", {"api_token": "s3cret-key"}, "/email", bearer("s3cret-key"), esp_requests.mailersend,
        lambda mails, call: (202, ""),
        (422, {"message": "The to.0.email must be a valid email address.",
               "errors": {"to.0.email": ["The to.0.email is invalid."]}}),
        (401, {"message": "Unauthenticated."}), (429, {"message": "Too Many Attempts."}), keeps_headers=False,
    ),
    Protocol(
        "mailtrap", {"api_token": "s3cret-key"}, "/send", header("api-token", "s3cret-key"), esp_requests.mailtrap,
        lambda mails, call: (200, {"success": True, "message_ids": ["mt-0"]}),
        (400, {"success": False, "errors": ["'to' address is invalid"]}),
        (401, {"success": False, "errors": ["Unauthorized"]}), batch="/batch",
        batch_taken=lambda mails, call: (200, {"success": True, "responses": [
            {"success": True, "message_ids": [f"mt-{n}"]} for n in range(len(mails))]}),
    ),
    Protocol(
        "scaleway", {"secret_key": "s3cret-key", "project_id": "p-1", "region": "fr-par"}, "/emails",
        header("x-auth-token", "s3cret-key"), esp_requests.scaleway,
        lambda mails, call: (200, {"emails": [{"id": "sw-1", "mail_rcpt": mails[0].to, "status": "sending"}]}),
        (400, {"type": "invalid_arguments", "message": "invalid argument(s)", "details": [
            {"argument_name": "to", "reason": "constraint", "help_message": "recipient address is invalid"}]}),
        (403, {"type": "denied_authentication", "message": "authentication is denied"}),
    ),
    Protocol(
        "unisender_go", {"api_key": "s3cret-key"}, "/email/send.json", header("x-api-key", "s3cret-key"),
        esp_requests.unisender_go,
        lambda mails, call: (200, {"status": "success", "job_id": "1ZymBc-00041N-9X", "emails": [mails[0].to]}),
        (400, {"status": "error", "code": 204, "message": "Error ID:1. There is no valid recipients",
               "failed_emails": {"gone@example.com": "invalid"}}),
        (401, {"status": "error", "code": 102, "message": "Can not decode key"}),
    ),
    Protocol(
        "postal", {"api_key": "s3cret-key"}, "/api/v1/send/message", header("x-server-api-key", "s3cret-key"),
        esp_requests.postal,
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
        "/v2/email/outbound-emails", signed_by_amazon, esp_requests.amazon_ses,
        lambda mails, call: (200, {"MessageId": "0100-ses-000000"}),
        (400, {"__type": "BadRequestException", "message": "Illegal address in To"}),
        (403, {"__type": "InvalidSignatureException", "message": "The request signature we calculated does not match"}),
        (429, {"__type": "TooManyRequestsException", "message": "Maximum sending rate exceeded."}),
    ),
]  # fmt: skip
BY_KIND = {protocol.kind: protocol for protocol in PROTOCOLS}
