"""Any mail server, spoken to over kept-open SMTP connections."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formataddr, parseaddr
from functools import lru_cache, partial
from typing import Any, ClassVar

from django import forms
from django.core.mail.message import sanitize_address

from campaigns import secrets, signing_keys
from campaigns.dkim import Signer
from campaigns.models import Provider
from campaigns.providers import _senders
from campaigns.providers._smtp_line import Line
from campaigns.providers._smtp_session import Letter
from campaigns.providers._unusable import Unusable
from campaigns.providers.base import Kind, OutgoingEmail, Result, SettingsForm, one_line

CONNECTIONS = 20
_PLAIN = re.compile(r"[\w.+'-]+@[\w.-]+", re.ASCII)


class Form(SettingsForm):
    secrets = ("password",)
    destinations = ("host", "port", "security")
    also_called: ClassVar[Mapping[str, str]] = {"user": "username", "from": "from_email"}

    host = forms.CharField(max_length=253, validators=[one_line], label="Server", help_text="As in smtp.example.com.")
    port = forms.IntegerField(min_value=1, max_value=65535, initial=587)
    security = forms.ChoiceField(
        choices=[("starttls", "STARTTLS"), ("tls", "TLS from the start"), ("none", "None")],
        initial="starttls",
        help_text="STARTTLS is usual on port 587, TLS from the start on port 465.",
    )
    username = forms.CharField(
        required=False, max_length=320, validators=[one_line], widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = forms.CharField(max_length=1000, strip=False)
    from_name = forms.CharField(
        required=False, max_length=200, validators=[one_line], initial=_senders.default_name, label="Sender’s name"
    )
    from_email = forms.EmailField(
        required=False,
        initial=_senders.default_email,
        label="Sender’s address",
        help_text="Mail servers usually accept only addresses of your own domains.",
    )
    timeout = forms.IntegerField(
        min_value=1, max_value=120, initial=10, help_text="Seconds to wait for an answer of the server."
    )
    connections = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=200,
        initial=CONNECTIONS,
        label="Connections at once",
        help_text="At most, for each worker. More of them are faster where the server is far away.",
    )

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Django's `use_tls` (which is STARTTLS) and `use_ssl` are understood too."""
        read = super().read(given)
        starttls, tls = read.pop("use_tls", None), read.pop("use_ssl", None)
        if starttls is not None or tls is not None:
            read.setdefault("security", "tls" if tls else "starttls" if starttls else "none")
        return read

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        defaults = super().defaults(given)
        # What the port is known for; any other one is somebody's own server.
        by_port = {"587": "starttls", "465": "tls"}
        return defaults | {"security": by_port.get(str(given.get("port", defaults["port"])), "none")}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "connections" not in self.errors:
            cleaned["connections"] = cleaned.get("connections") or CONNECTIONS
        username = cleaned.get("username") or ""
        if not username:
            cleaned["password"] = ""
            self.errors.pop("password", None)
        elif "password" not in self.errors and not cleaned.get("password"):
            self.add_error("password", "A user name needs a password.")
        if not cleaned.get("from_email") and "from_email" not in self.errors:
            cleaned["from_email"] = username if "@" in username else _senders.default_email()
        return cleaned


class _Connection:
    def __init__(self, line: Line, sender: str, signer: Signer | None = None) -> None:
        self.line = line
        self.sender = sender
        self.signer = signer

    def send(self, batch: Sequence[OutgoingEmail]) -> list[Result]:
        return self.line.send([partial(self._letter, outgoing) for outgoing in batch])

    def _letter(self, outgoing: OutgoingEmail) -> Letter:
        sender = outgoing.sender or self.sender
        mime = outgoing.mime(sender)
        content = self.signer.signed(mime.content) if self.signer else mime.content
        return Letter(_mailbox(sender), _mailbox(outgoing.recipient), content, mime.id, mime.is_dotless)


class Smtp(Kind):
    label = "SMTP server"
    hint = "Any mail server or delivery service that speaks SMTP."
    icon = "mail"
    channels = ("email",)
    order = 10
    Form = Form

    def probe(self, provider: Provider) -> Result | None:
        with self.connect(provider) as connection:
            return connection.line.reach() if isinstance(connection, _Connection) else connection.send([None])[0]

    @contextmanager
    def connect(self, provider: Provider) -> Iterator[_Connection | Unusable]:
        try:
            password = secrets.decrypt(provider.secrets).get("password", "")
            signer = signing_keys.signer(provider)
        except secrets.Unreadable as error:
            yield Unusable(str(error))
            return
        settings = provider.settings
        line = Line(
            settings["host"],
            settings["port"],
            settings["security"],
            settings.get("username", ""),
            password,
            settings["timeout"],
            settings.get("connections", CONNECTIONS),
        )
        try:
            yield _Connection(line, self.sender(provider), signer)
        finally:
            line.close()

    def summary(self, settings: Mapping[str, Any]) -> str:
        return f"{settings['host']}:{settings['port']}, from {settings['from_email']}"

    def sender(self, provider: Provider) -> str:
        return formataddr((provider.settings.get("from_name", ""), provider.settings["from_email"]))


def _mailbox(address: str) -> str:
    """The bare address for the envelope, in ASCII. Raises ValueError where it is none."""
    return address if _PLAIN.fullmatch(address) else _encoded(address)


@lru_cache(maxsize=100)
def _encoded(address: str) -> str:
    mailbox = parseaddr(sanitize_address(address, "utf-8"))[1]
    if not mailbox.isascii() or not mailbox.isprintable() or any(mark in mailbox for mark in " <>"):
        raise ValueError(f"“{address}” is no address of a mailbox.")
    return mailbox


kind = Smtp()
