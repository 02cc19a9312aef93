"""Email: HTML with its text alternative, tracked links, an open pixel, and a way to unsubscribe in one click."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from campaigns.channels import links, list_headers, mime
from campaigns.channels.base import Channel, Composer, Refused, confirm_url
from campaigns.channels.bodies import Addresses, Body
from campaigns.models import Content
from campaigns.providers.base import Mime, OutgoingEmail
from campaigns.skip_reasons import INVALID_ADDRESS, NO_ADDRESS
from contacts.addressees import AnyContact
from templates_app import rendering

# Whether a mail server takes it is the server's business; what could end the header or add a second recipient is ours.
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")
_PIXEL = f'<img src="{links.PIXEL}" width="1" height="1" alt="" border="0" style="display:block">'


class Email(Channel):
    key = "email"

    def address(self, contact: AnyContact) -> str:
        if not contact.email:
            raise Refused(NO_ADDRESS)
        if not _ADDRESS.fullmatch(contact.email):
            raise Refused(INVALID_ADDRESS)
        return contact.email

    def composer(self, content: Content) -> "EmailComposer":
        return EmailComposer(content)


class EmailComposer(Composer):
    def __init__(self, content: Content) -> None:
        marked, self.urls = links.mark_html(rendering.html_of(content.markup, content.body, content.preheader))
        self.subject = rendering.compile(content.subject, escape=False)
        self.html = Body(rendering.compile(_with_pixel(marked), escape=True), escape=True)
        self.text = Body(rendering.compile(rendering.text_of(marked), escape=False), escape=False)
        self.domain = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        self.skeleton = mime.Skeleton()
        self.asks = "confirm_url" in f"{content.subject} {content.body}"
        self.list_headers = list_headers.of(content, self.domain)

    def bodies(self, mark: Callable[[str], str]) -> tuple[str, str]:
        """Text and HTML with marks in place of each message's own, under the names that `own` has for it."""
        text, html = (
            body.framed([mark(f"{key}{n}") for n in range(body.places)])
            for key, body in (("t", self.text), ("h", self.html))
        )
        return text, html

    def compose(self, message_id: int, contact: AnyContact, context: dict[str, Any]) -> OutgoingEmail:
        addresses = Addresses.of(message_id)
        context["unsubscribe_url"] = addresses.unsubscribe
        context["preferences_url"] = addresses.preferences
        if self.asks:
            context["confirm_url"] = confirm_url(message_id, contact.email or "")
        # One line: a header ends where its line ends, whatever a contact's name says.
        subject = " ".join(self.subject.render(context).replace("\0", "").split())
        headers = {
            "Message-ID": f"<{message_id}.{addresses.token[-16:]}@{self.domain}>",
            "List-Unsubscribe": f"<{addresses.unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
            **self.list_headers,
        }
        recipient = contact.email or ""
        mail = self.skeleton.pieces(
            {"Subject": subject, "To": recipient} | headers,
            self.text.quoted(context, addresses),
            self.html.quoted(context, addresses),
        )
        return ComposedEmail(message_id, recipient, subject, headers, mail, (self, context, addresses))


class ComposedEmail(OutgoingEmail):
    """An email written as bytes already. Django's message is made only for the kinds that want one."""

    _subject: str
    _mail: list[bytes]
    _source: tuple[EmailComposer, dict[str, Any], Addresses]

    def __init__(
        self, message_id: int, recipient: str, subject: str, headers: dict[str, str], mail: list[bytes],
        source: tuple[EmailComposer, dict[str, Any], Addresses],
    ) -> None:  # fmt: skip
        # `message` is left out: it is made when it is first asked for.
        vars(self).update(
            message_id=message_id, recipient=recipient, sender="", headers=headers, _subject=subject, _mail=mail,
            _source=source,
        )  # fmt: skip

    @property
    def subject(self) -> str:
        return self._subject

    def mime(self, sender: str) -> Mime:
        return Mime(mime.signed(sender, self._mail), self.headers["Message-ID"], is_dotless=True)

    @property
    def frame(self) -> EmailComposer | None:
        composer = self._source[0]
        return composer if composer.text.is_spliced and composer.html.is_spliced else None

    def own(self) -> dict[str, str]:
        composer, context, addresses = self._source
        bodies = {"t": composer.text, "h": composer.html}
        return {
            f"{key}{n}": text for key, body in bodies.items() for n, text in enumerate(body.own(context, addresses))
        }

    @cached_property
    def message(self) -> EmailMultiAlternatives:
        composer, context, addresses = self._source
        message = EmailMultiAlternatives(
            self.subject, composer.text.text(context, addresses), to=[self.recipient], headers=dict(self.headers)
        )
        message.attach_alternative(composer.html.text(context, addresses), "text/html")
        return message


def _with_pixel(source: str) -> str:
    """The pixel stands last in the body, so that nothing waits for it."""
    end = source.lower().rfind("</body")
    return source + _PIXEL if end < 0 else source[:end] + _PIXEL + source[end:]
