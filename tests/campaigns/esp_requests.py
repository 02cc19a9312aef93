"""What arrives at email services, read in the words of each: whose call it is, and the mails it asks for."""

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy

from tests.campaigns.esp_server import Call


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


def bearer(key: str) -> Callable[[Call], bool]:
    return lambda call: call.headers.get("authorization") == f"Bearer {key}"


def header(name: str, value: str) -> Callable[[Call], bool]:
    return lambda call: call.headers.get(name) == value


def basic(user: str, password: str) -> Callable[[Call], bool]:
    return header("authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())


def signed_by_amazon(call: Call) -> bool:
    """Signature Version 4, worked out anew from what arrived."""
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


def _named(address: Mapping[str, str], email: str = "email", name: str = "name") -> str:
    return f"{address[name]} <{address[email]}>" if address.get(name) else address[email]


# Mailgun: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
def mailgun(call: Call) -> list[Mail]:
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
def postmark(call: Call) -> list[Mail]:
    return [
        Mail(
            each["From"], each["To"], each["Subject"], each["HtmlBody"], each["TextBody"],
            {one["Name"]: one["Value"] for one in each["Headers"]}, each.get("Metadata", {}).get("waypost"),
        )
        for each in call.listed
    ]  # fmt: skip


# Resend: https://resend.com/docs/api-reference/emails/send-email
def resend(call: Call) -> list[Mail]:
    return [
        Mail(
            each["from"], each["to"][0], each["subject"], each["html"], each["text"], each["headers"],
            json.loads(each["headers"].get("X-Metadata", "{}")).get("waypost"),
        )
        for each in call.listed
    ]  # fmt: skip


# Brevo: https://developers.brevo.com/reference/sendtransacemail
def brevo(call: Call) -> list[Mail]:
    each = call.json
    token = json.loads(each["headers"].get("X-Mailin-custom", "{}")).get("waypost")
    to = _named(each["to"][0])
    sender = _named(each["sender"])
    return [Mail(sender, to, each["subject"], each["htmlContent"], each["textContent"], each["headers"], token)]


# Mailjet: https://dev.mailjet.com/email/guides/send-api-v31/
def mailjet(call: Call) -> list[Mail]:
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
def sendgrid(call: Call) -> list[Mail]:
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
def sparkpost(call: Call) -> list[Mail]:
    content = call.json["content"]
    to = call.json["recipients"][0]["address"]
    token = call.json.get("metadata", {}).get("waypost")
    return [
        Mail(content["from"], to["email"], content["subject"], content["html"], content["text"], content["headers"],
             token)
    ]  # fmt: skip


# Mandrill: https://mailchimp.com/developer/transactional/api/messages/send-new-message/
def mandrill(call: Call) -> list[Mail]:
    each = call.json["message"]
    sender = f"{each['from_name']} <{each['from_email']}>"
    token = each.get("metadata", {}).get("waypost")
    return [Mail(sender, each["to"][0]["email"], each["subject"], each["html"], each["text"], each["headers"], token)]


# MailerSend: https://developers.mailersend.com/api/v1/email.html
def mailersend(call: Call) -> list[Mail]:
    each = call.json
    return [
        Mail(_named(each["from"]), _named(each["to"][0]), each["subject"], each["html"], each["text"],
             {one["name"]: one["value"] for one in each.get("headers", [])}, None)
    ]  # fmt: skip


# Mailtrap: https://api-docs.mailtrap.io/docs/mailtrap-api-docs/67f1d70aeb62c-send-email
def mailtrap(call: Call) -> list[Mail]:
    return [
        Mail(_named(each["from"]), _named(each["to"][0]), each["subject"], each["html"], each["text"],
             each["headers"], each.get("custom_variables", {}).get("waypost"))
        for each in call.json.get("requests", [call.json])
    ]  # fmt: skip


# Scaleway: https://www.scaleway.com/en/developers/api/transactional-email/
def scaleway(call: Call) -> list[Mail]:
    each = call.json
    headers = {one["key"]: one["value"] for one in each["additional_headers"]}
    token = json.loads(headers.get("X-Metadata", "{}")).get("waypost")
    return [
        Mail(_named(each["from"]), _named(each["to"][0]), each["subject"], each["html"], each["text"], headers, token)
    ]


# Unisender Go: https://godocs.unisender.ru/web-api-ref#email-send
def unisender_go(call: Call) -> list[Mail]:
    each = call.json["message"]
    sender = f"{each['from_name']} <{each['from_email']}>"
    token = each.get("global_metadata", {}).get("waypost")
    body = each["body"]
    return [
        Mail(sender, each["recipients"][0]["email"], each["subject"], body["html"], body["plaintext"],
             each["headers"], token)
    ]  # fmt: skip


# Postal: https://docs.postalserver.io/developer/api
def postal(call: Call) -> list[Mail]:
    each = call.json
    return [
        Mail(each["from"], each["to"][0], each["subject"], each["html_body"], each["plain_body"], each["headers"], None)
    ]


# Amazon SES: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
def amazon_ses(call: Call) -> list[Mail]:
    mail = message_from_bytes(b64decode(call.json["Content"]["Raw"]["Data"]), policy=policy.default)
    bodies = {kind: mail.get_body((kind,)).get_content().strip() for kind in ("html", "plain")}
    (to,) = call.json["Destination"]["ToAddresses"]
    tags = {tag["Name"]: tag["Value"] for tag in call.json.get("EmailTags", [])}
    return [
        Mail(mail["From"], to, mail["Subject"], bodies["html"], bodies["plain"],
             {name: str(value) for name, value in mail.items()}, tags.get("waypost"))
    ]  # fmt: skip
