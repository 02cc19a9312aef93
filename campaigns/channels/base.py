"""What a channel is: where its messages go, and how the words of a content become one contact's message."""

from abc import ABC, abstractmethod
from typing import Any

from campaigns.models import Content
from campaigns.providers.base import Outgoing
from campaigns.tracking import addresses, signatures
from contacts.addressees import AnyContact


class Refused(Exception):
    """This contact's message cannot be made or sent; the text is the reason that the ledger keeps."""


class Composer(ABC):
    """One content, parsed and with marks in place of its links: made once, then asked once per contact."""

    @abstractmethod
    def compose(self, message_id: int, contact: AnyContact, context: dict[str, Any]) -> Outgoing:
        """The contact's own message. `context` is that of `rendering.context_of`. Raises rendering.RenderError."""

    def parts(self, outgoing: Outgoing) -> int:
        """How many messages the provider will bill."""
        return 1


class Channel(ABC):
    key: str

    @abstractmethod
    def address(self, contact: AnyContact) -> str:
        """Where messages to a contact go. Raises Refused where there is no such place."""

    @abstractmethod
    def composer(self, content: Content) -> Composer:
        """Raises rendering.RenderError or mjml.MjmlError, with a sentence, for a content that is not well-formed."""


def unsubscribe_url(message_id: int) -> str:
    return f"{addresses.base()}/u/{signatures.token(message_id)}"


def preferences_url(message_id: int) -> str:
    return f"{addresses.base()}/p/{signatures.token(message_id)}"


def confirm_url(message_id: int, email: str) -> str:
    return f"{addresses.base()}/y/{signatures.confirm_token(message_id, email)}"
