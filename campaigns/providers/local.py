"""The built-in outbox: messages stay here and are read in the browser, so that everything works without an account."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formataddr
from typing import Any

from django import forms
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from campaigns.models import InboxMessage, Provider
from campaigns.providers import _senders
from campaigns.providers.base import Kind, Outgoing, OutgoingEmail, Result, SettingsForm, one_line


class Form(SettingsForm):
    sender = forms.CharField(
        required=False,
        max_length=320,
        validators=[one_line],
        help_text="Who the messages seem to come from. Empty for the installation's own name.",
    )


class _Outbox:
    def __init__(self, provider: Provider, sender: str) -> None:
        self.provider = provider
        self.sender = sender

    def send(self, batch: Sequence[Outgoing]) -> list[Result]:
        now = timezone.now()
        rows: list[InboxMessage] = []
        results: list[Result | None] = []
        for outgoing in batch:
            row = InboxMessage(
                channel=self.provider.channel,
                message_id=outgoing.message_id,
                sender=outgoing.sender or self.sender,
                recipient=outgoing.recipient,
                at=now,
            )
            try:
                _fill(row, outgoing)
            except ValueError as error:  # a header that cannot be one
                results.append(Result("failed", reason=str(error)))
                continue
            rows.append(row)
            results.append(None)
        kept = iter(InboxMessage.objects.bulk_create(rows))
        return [result or Result("sent", provider_message_id=f"local-{next(kept).pk}") for result in results]


class Local(Kind):
    label = "Local outbox"
    hint = "Keeps messages in Waypost’s own inbox instead of delivering them. For trying things out."
    icon = "inbox"
    channels = ("email", "sms")
    order = 90
    asks_database = True
    Form = Form

    @contextmanager
    def connect(self, provider: Provider) -> Iterator[_Outbox]:
        yield _Outbox(provider, self.sender(provider))

    def summary(self, settings: Mapping[str, Any]) -> str:
        return "Messages are kept here and read in the inbox"

    def sender(self, provider: Provider) -> str:
        if provider.settings.get("sender"):
            return provider.settings["sender"]
        name = _senders.default_name()
        return formataddr((name, _senders.default_email())) if provider.channel == "email" else name


def _fill(row: InboxMessage, outgoing: Outgoing) -> None:
    if not isinstance(outgoing, OutgoingEmail):
        row.text = outgoing.text
        return
    message = outgoing.message
    message.from_email = row.sender
    # Building the whole MIME message only to read its headers would cost more than everything else here.
    row.subject, row.text, row.html = str(message.subject), str(message.body), _html(message)
    row.headers = {
        "From": row.sender,
        "To": ", ".join(message.to),
        "Subject": message.subject,
        **{name: str(value) for name, value in message.extra_headers.items()},
    }
    for name, value in row.headers.items():
        if "\n" in value or "\r" in value:
            raise ValueError(f"The header {name} cannot have more than one line.")


def _html(message: EmailMultiAlternatives) -> str:
    return next((str(content) for content, mimetype in message.alternatives if mimetype == "text/html"), "")


kind = Local()
