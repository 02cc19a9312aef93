"""What a kind of provider is: a settings form, and connections that hand messages over and say what came of each.

A connection never hands a message over twice. Where it cannot know whether the other side took one (the line broke
after the message was handed over), the result is "unknown", and nobody tries again by themselves.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django import forms
from django.core.mail import EmailMultiAlternatives

from campaigns.models import Provider


@dataclass(frozen=True)
class OutgoingEmail:
    """One email, ready to go. `message` has its recipient, subject, bodies and headers; a connection fills in the
    provider's From where `sender` is empty. `message_id` is the ledger's row, None for a test message."""

    message_id: int | None
    recipient: str
    message: EmailMultiAlternatives
    sender: str = ""


@dataclass(frozen=True)
class OutgoingSms:
    """One text message. `status_callback` is the URL at which we want to hear what became of it ("" for none)."""

    message_id: int | None
    recipient: str
    text: str
    sender: str = ""
    status_callback: str = ""


Outgoing = OutgoingEmail | OutgoingSms


@dataclass(frozen=True)
class Result:
    """What came of one hand-over.

    state: "sent" (the provider took it), "failed" (it did not) or "unknown" (nobody can tell).
    reason: the provider's own words where there are any.
    temporary: a failure that may pass, such as a busy server: the message was certainly not taken.
    outage: the provider itself could not be reached or refused us, whatever the message was.
    """

    state: str
    provider_message_id: str = ""
    reason: str = ""
    temporary: bool = False
    outage: bool = False


class Connection(Protocol):
    def send(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Hand over in order; one result per message, in the same order. Never raises for a message's sake."""
        ...


class SettingsForm(forms.Form):
    """The settings of a kind: one form for page and API. Fields named in `secrets` are kept encrypted."""

    secrets: ClassVar[tuple[str, ...]] = ()


class Kind:
    """A kind of provider. Subclass it, and put one instance called `kind` into a module of this package."""

    key: str  # the module's name
    label: ClassVar[str]
    hint: ClassVar[str] = ""
    icon: ClassVar[str] = "plug"  # a lucide name
    channels: ClassVar[tuple[str, ...]]
    order: ClassVar[int] = 50
    Form: ClassVar[type[SettingsForm]]

    def connect(self, provider: Provider) -> AbstractContextManager[Connection]:
        """A connection that is kept open for a batch, or for many."""
        raise NotImplementedError

    def summary(self, settings: dict[str, Any]) -> str:
        """One line that tells two accounts of the same kind apart."""
        return ""

    def sender(self, provider: Provider) -> str:
        """Who messages come from: an address with its name, or a phone number."""
        return ""
