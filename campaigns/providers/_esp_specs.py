"""The email services that are spoken to through django-anymail: what their accounts need, and what they can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wanted:
    """A setting, under the name that anymail knows it by."""

    label: str
    help: str = ""
    required: bool = True
    initial: str = ""


@dataclass(frozen=True)
class Spec:
    """One service.

    key: also anymail's module name, of its backend and of its webhooks.
    api_url: what anymail speaks to unless the account says otherwise; "" where the operator has to say it.
    secrets, settings: what the backend is made with.
    signing: the secret that proves webhooks, by the name that anymail's view knows it by; None where the service
        signs nothing, and only the password in the address proves them.
    signs_with: the secret that proves webhooks where it is one of the account's own.
    hearing: what the operator does at the service, so that it tells us what became of messages; "" where it cannot.
    refuses: headers that it refuses to take.
    unsubscribes: the parameter that takes the address of List-Unsubscribe where that header is refused, and what the
        operator is asked of it, for not every account may use it.
    metadata: whether what we hang on a message comes back in its webhooks.
    """

    key: str
    label: str
    hint: str
    api_url: str
    secrets: Mapping[str, Wanted]
    settings: Mapping[str, Wanted] = field(default_factory=dict)
    signing: tuple[str, Wanted] | None = None
    signs_with: str = ""
    hearing: str = ""
    refuses: tuple[str, ...] = ()
    unsubscribes: tuple[str, Wanted] | None = None
    where: str = "Of your server, as in https://postal.example.com."  # where `api_url` is ""
    metadata: bool = True


_KEY = Wanted("API key")
_ALL = "Choose deliveries, bounces, complaints and unsubscribes; opens and clicks are counted by Waypost itself."

SPECS = (
    Spec(
        "mailgun",
        "Mailgun",
        "Sends up to 1,000 personal mails in one call.",
        "https://api.mailgun.net/v3/",
        {"api_key": Wanted("API key", "A sending key of the domain, or the account’s own.")},
        {"sender_domain": Wanted("Sending domain", "Empty: the domain of the sender’s address.", required=False)},
        ("webhook_signing_key", Wanted("Webhook signing key", "Under “API security”.", required=False)),
        hearing=f"Sending → Webhooks → Add webhook, once per event. {_ALL}",
    ),
    Spec(
        "postmark",
        "Postmark",
        "Sends up to 500 mails in one call.",
        "https://api.postmarkapp.com/",
        {"server_token": Wanted("Server API token")},
        {"message_stream": Wanted("Message stream", "Marketing goes through “broadcast”.", False, "broadcast")},
        hearing=f"Your server → the message stream → Webhooks → Add webhook. {_ALL}",
    ),
    Spec(
        "resend",
        "Resend",
        "Sends up to 100 mails in one call.",
        "https://api.resend.com/",
        {"api_key": _KEY},
        signing=("signing_secret", Wanted("Webhook signing secret", "Begins with whsec_.", required=False)),
        hearing=f"Webhooks → Add webhook. {_ALL}",
    ),
    Spec(
        "brevo",
        "Brevo",
        "Formerly Sendinblue.",
        "https://api.brevo.com/v3/",
        {"api_key": Wanted("API key", "A key of version 3.")},
        hearing=f"Transactional → Settings → Webhook → Add a new webhook. {_ALL}",
    ),
    Spec(
        "mailjet",
        "Mailjet",
        "Sends up to 50 mails in one call.",
        "https://api.mailjet.com/v3.1/",
        {"secret_key": Wanted("Secret key")},
        {"api_key": _KEY},
        hearing=f"Account settings → Event notifications (webhooks); “group events” may be on. {_ALL}",
        # “List of forbidden headers” in https://dev.mailjet.com/email/guides/send-api-v31/#add-email-headers
        refuses=("message-id", "list-id"),
    ),
    Spec(
        "sendgrid",
        "SendGrid",
        "Twilio’s email service.",
        "https://api.sendgrid.com/v3/",
        {"api_key": Wanted("API key", "With the permission “Mail Send”.")},
        signing=(
            "tracking_webhook_verification_key",
            Wanted("Webhook verification key", "Shown when “Signed event webhook” is on.", required=False),
        ),
        hearing=f"Settings → Mail settings → Event webhooks; turn “Signed event webhook” on. {_ALL}",
    ),
    Spec(
        "sparkpost",
        "SparkPost",
        "Bird’s email service.",
        "https://api.sparkpost.com/api/v1/",
        {"api_key": Wanted("API key", "With the permission “Transmissions: read/write”.")},
        {"subaccount": Wanted("Subaccount", required=False)},
        hearing=f"Configuration → Webhooks → Create webhook, with basic authentication. {_ALL}",
    ),
    Spec(
        "mandrill",
        "Mandrill",
        "Mailchimp Transactional.",
        "https://mandrillapp.com/api/1.0/",
        {"api_key": _KEY},
        signing=("webhook_key", Wanted("Webhook key", "Shown beside the webhook once it is made.", required=False)),
        hearing=f"Settings → Webhooks → Add a webhook, then copy its key to here. {_ALL}",
    ),
    Spec(
        "mailersend",
        "MailerSend",
        "From the makers of MailerLite.",
        "https://api.mailersend.com/v1/",
        {"api_token": Wanted("API token", "With full access to “Email”.")},
        signing=("signing_secret", Wanted("Webhook signing secret", "Shown with the webhook.", required=False)),
        hearing=f"Domains → Manage → Webhooks → Add webhook. {_ALL}",
        # Other headers are for its larger plans, and an error for the others: www.mailersend.com/help/custom-headers,
        # which has a parameter for the address to unsubscribe at besides.
        refuses=("message-id", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"),
        unsubscribes=(
            "list_unsubscribe",
            Wanted(
                "Tell mail programs how to unsubscribe",
                "Of a Professional or Enterprise plan: mails of other accounts are refused with it.",
                required=False,
            ),
        ),
        metadata=False,
    ),
    Spec(
        "mailtrap",
        "Mailtrap",
        "Sends up to 500 mails in one call.",
        "https://send.api.mailtrap.io/api/",
        {"api_token": Wanted("API token")},
        {"sandbox_id": Wanted("Sandbox", "The number of a test inbox that catches everything.", required=False)},
        ("tracking_secret", Wanted("Webhook signature key", "Shown with the webhook.", required=False)),
        hearing=f"Settings → Webhooks → Create new webhook, in JSON. {_ALL}",
    ),
    Spec(
        "scaleway",
        "Scaleway",
        "Transactional Email, hosted in Europe.",
        "https://api.scaleway.com/transactional-email/v1alpha1/regions/{region}/",
        {"secret_key": Wanted("Secret key")},
        {"project_id": Wanted("Project ID"), "region": Wanted("Region", "", False, "fr-par")},
    ),
    Spec(
        "unisender_go",
        "Unisender Go",
        "Transactional mail of Unisender.",
        "",
        {"api_key": _KEY},
        signs_with="api_key",
        hearing=f"Settings → Webhooks, in JSON. {_ALL}",
        refuses=("message-id",),
        where="Of your account’s data centre: https://go1.unisender.ru/ru/transactional/api/v1/, or go2.",
    ),
    Spec(
        "postal",
        "Postal",
        "The open-source mail server that you host yourself.",
        "",
        {"api_key": Wanted("API key", "A credential of the type “API”.")},
        signing=(
            "webhook_key",
            Wanted("Webhook public key", "The p= part of the DKIM record of your Postal server.", required=False),
        ),
        hearing=f"Your mail server → Webhooks → Add webhook, for all events. {_ALL}",
        metadata=False,
    ),
)
