"""One body of an email, HTML or text: what is the same for everybody is encoded once, and the rest put between."""

import html
import re
from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote

from campaigns.channels import links, mime
from campaigns.tracking import addresses, signatures
from templates_app.rendering import Compiled

# Between the fixed texts: a link rendered for each contact, an output, what tracked links begin with, the pixel.
_SLOT = re.compile("(\0f\\d+\0=.*?\0\\.|\0v\\d+;|\0c|\0o)", re.DOTALL)
_VALUE = re.compile("\0v(\\d+);")


class Addresses(NamedTuple):
    """The addresses in one message that belong to it alone. `click` is what those of tracked links begin with."""

    message_id: int
    token: str
    click: str
    pixel: str
    unsubscribe: str
    preferences: str

    @classmethod
    def of(cls, message_id: int) -> "Addresses":
        token, url = signatures.token(message_id), addresses.base()
        return cls(
            message_id, token, f"{url}/c/{token}/", f"{url}/o/{token}.gif", f"{url}/u/{token}", f"{url}/p/{token}"
        )


class Body:
    """A compiled source whose links are marked (see links.py)."""

    def __init__(self, source: Compiled, escape: bool) -> None:
        self.source, self.escape = source, escape
        if source.pieces is None:
            return
        numbers = count()
        tokens = _SLOT.split(
            "".join(piece if isinstance(piece, str) else f"\0v{next(numbers)};" for piece in source.pieces)
        )
        fixed = [text.replace("\0", "") for text in tokens[::2]]
        self._may_be_empty = not any(fixed)
        self._texts = tokens[:]
        self._texts[::2] = fixed
        self._parts: list[Any] = tokens[:]
        self._parts[::2] = mime.quoted_around(fixed)
        self._fresh = list(dict.fromkeys(slot for slot in tokens[1::2] if slot.startswith(links.FRESH)))
        # What `own` lists, by the slots' own words.
        order = {f"\0v{n};": n for n in range(next(numbers))}
        for slot in (links.CLICK, links.PIXEL, *self._fresh):
            order[slot] = len(order)
        self.places = len(order)
        self._order = [order[slot] for slot in tokens[1::2]]

    def quoted(self, context: dict[str, Any], addresses: Addresses) -> list[bytes]:
        """The body as quoted-printable, in pieces; none only if the text is empty. Raises RenderError."""
        if self.source.pieces is None:
            text = mime.quoted(self.text(context, addresses))
            return [text] if text else []
        own = [mime.quoted(text) for text in self.own(context, addresses)]
        parts = self._parts[:]
        parts[1::2] = map(own.__getitem__, self._order)
        return [] if self._may_be_empty and mime.is_empty(b"".join(parts)) else parts

    def text(self, context: dict[str, Any], addresses: Addresses) -> str:
        """The body as text, with this message's own addresses in place of the marks. Raises RenderError."""
        if self.is_spliced:
            return self.framed(self.own(context, addresses))
        text = self.source.render(context)
        if links.FRESH in text:
            text = links.FRESH_LINK.sub(lambda match: _fresh(match, addresses, self.escape), text)
        return text.replace(links.CLICK, addresses.click).replace(links.PIXEL, addresses.pixel).replace("\0", "")

    @property
    def is_spliced(self) -> bool:
        """Whether all that differs from message to message is what `own` lists."""
        return self.source.pieces is not None

    def framed(self, own: Sequence[str]) -> str:
        """The text with these in the places of what is a message's own."""
        parts = self._texts[:]
        parts[1::2] = map(own.__getitem__, self._order)
        return "".join(parts)

    def own(self, context: dict[str, Any], addresses: Addresses) -> list[str]:
        """What is this message's own, in a spliced body. Raises RenderError."""
        values = self.source.values(context)
        texts = [*values, addresses.click, addresses.pixel]
        for slot in self._fresh:
            written = _VALUE.sub(lambda match: values[int(match[1])], slot)
            texts.append(links.FRESH_LINK.sub(lambda match: _fresh(match, addresses, self.escape), written))
        return [text.replace("\0", "") for text in texts]


def _fresh(match: re.Match[str], addresses: Addresses, escape: bool) -> str:
    """A link whose address was rendered for this contact: the address travels along, and a signature vouches for it."""
    number, written = int(match[1]), match[2]
    url = (html.unescape(written) if escape else written).strip()
    if url.lower().startswith(("mailto:", "tel:", "sms:")):
        return written
    if not url.lower().startswith(("http://", "https://")):
        return "#"  # Nothing that a contact's data says becomes a script or a local file.
    signature = signatures.url_signature(addresses.message_id, number, url)
    address = f"{addresses.click}{number}?s={signature}&u={quote(url, safe='')}"
    return html.escape(address) if escape else address
