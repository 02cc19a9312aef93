"""Email: HTML with its text alternative, tracked links, an open pixel, and a way to unsubscribe in one click."""

import html
import re
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from campaigns import signatures
from campaigns.channels import links
from campaigns.channels.base import Channel, Composer, Refused
from campaigns.models import Content
from campaigns.providers.base import OutgoingEmail
from contacts.models import Contact
from templates_app import rendering

# Whether a mail server takes it is the server's business; what could end the header or add a second recipient is ours.
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+@[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+")
_PIXEL = f'<img src="{links.PIXEL}" width="1" height="1" alt="" border="0" style="display:block">'


class Email(Channel):
    key = "email"

    def address(self, contact: Contact) -> str:
        if not contact.email:
            raise Refused("no address")
        if not _ADDRESS.fullmatch(contact.email):
            raise Refused("invalid address")
        return contact.email

    def composer(self, content: Content) -> "EmailComposer":
        return EmailComposer(content)


class EmailComposer(Composer):
    def __init__(self, content: Content) -> None:
        marked, self.urls = links.mark_html(rendering.html_of(content.markup, content.body, content.preheader))
        self.subject = rendering.compile(content.subject, escape=False)
        self.html = rendering.compile(_with_pixel(marked), escape=True)
        self.text = rendering.compile(rendering.text_of(marked), escape=False)
        self.domain = urlsplit(settings.PUBLIC_URL).hostname or "localhost"

    def compose(self, message_id: int, contact: Contact, context: dict[str, Any]) -> OutgoingEmail:
        token = signatures.token(message_id)
        unsubscribe = f"{settings.PUBLIC_URL}/u/{token}"
        context["unsubscribe_url"] = unsubscribe
        recipient = contact.email or ""
        message = EmailMultiAlternatives(
            # One line: a header ends where its line ends, whatever a contact's name says.
            subject=" ".join(self.subject.render(context).replace("\0", "").split()),
            body=_linked(self.text.render(context), message_id, token, escape=False),
            to=[recipient],
            headers={
                "Message-ID": f"<{message_id}.{token[-16:]}@{self.domain}>",
                "List-Unsubscribe": f"<{unsubscribe}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
            },
        )
        message.attach_alternative(_linked(self.html.render(context), message_id, token, escape=True), "text/html")
        return OutgoingEmail(message_id=message_id, recipient=recipient, message=message)


def _with_pixel(source: str) -> str:
    """The pixel stands last in the body, so that nothing waits for it."""
    end = source.lower().rfind("</body")
    return source + _PIXEL if end < 0 else source[:end] + _PIXEL + source[end:]


def _linked(text: str, message_id: int, token: str, escape: bool) -> str:
    """The text with this message's own addresses in place of the marks."""
    base = f"{settings.PUBLIC_URL}/c/{token}/"
    if links.FRESH in text:
        text = links.FRESH_LINK.sub(lambda match: _fresh(match, message_id, base, escape), text)
    text = text.replace(links.CLICK, base).replace(links.PIXEL, f"{settings.PUBLIC_URL}/o/{token}.gif")
    return text.replace("\0", "")


def _fresh(match: re.Match[str], message_id: int, base: str, escape: bool) -> str:
    """A link whose address was rendered for this contact: the address travels along, and a signature vouches for it."""
    number, written = int(match[1]), match[2]
    url = (html.unescape(written) if escape else written).strip()
    if url.lower().startswith(("mailto:", "tel:", "sms:")):
        return written
    if not url.lower().startswith(("http://", "https://")):
        return "#"  # Nothing that a contact's data says becomes a script or a local file.
    signature = signatures.url_signature(message_id, number, url)
    address = f"{base}{number}?s={signature}&u={quote(url, safe='')}"
    return html.escape(address) if escape else address
