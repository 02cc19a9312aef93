"""Writes mails as bytes, piece by piece: texts as quoted-printable (RFC 2045), headers with encoded words (RFC 2047).

Quoted-printable passes every server, and its pieces can be joined: each ends in a soft line break, so that what is the
same for every contact is encoded once.
"""

from binascii import b2a_base64, b2a_qp
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from functools import lru_cache
from secrets import token_hex
from time import time

from django.conf import settings
from django.core.mail.message import ADDRESS_HEADERS, forbid_multi_line_headers

LINE = 76  # characters, in quoted-printable and beside encoded words
LONGEST_LINE = 900  # of a header that has no blanks to be folded at; RFC 5322 allows 998
_WORD_BYTES = 39  # of UTF-8 in an encoded word: with the longest of our names before it the line has LINE characters
_JOINT = b"=\r\n"  # ends a line of quoted-printable, and means nothing


def quoted(text: str) -> bytes:
    """The text as quoted-printable, beginning at the start of a line. Line ends of any sort become CRLF.

    No line begins with a dot, so that nobody has to look for those that SMTP wants doubled.
    """
    if len(text) < LINE - 2 and text.isascii() and text.isprintable() and "=" not in text and text[-1:] != " ":
        return text.encode() if text[:1] != "." else b"=2E" + text[1:].encode()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _without_dots(b2a_qp(text.encode()).replace(b"\n", b"\r\n"))


def _without_dots(quoted_text: bytes) -> bytes:
    """A dot at the start of a line stands encoded, on a line of its own so that none becomes too long."""
    while quoted_text.startswith(b"."):
        quoted_text = b"=2E" + _JOINT + quoted_text[1:]
    while b"\r\n." in quoted_text:
        quoted_text = quoted_text.replace(b"\r\n.", b"\r\n=2E" + _JOINT)
    return quoted_text


def quoted_around(fixed: Sequence[str]) -> list[bytes]:
    """Fixed texts as quoted-printable, between any two of which something `quoted` may be put."""
    last = len(fixed) - 1
    pieces = []
    for n, text in enumerate(fixed):
        # The letter is taken off again: it makes sure that the last line has room for the joint.
        piece = quoted(text) if n == last else quoted(text + "x")[:-1] + _JOINT
        pieces.append(_JOINT + piece if n else piece)
    return pieces


def is_empty(quoted_text: bytes) -> bool:
    return not quoted_text.replace(_JOINT, b"")


def header(name: str, value: str) -> bytes:
    """One header with its line end. Raises ValueError for a value of more than one line."""
    if not (value.isascii() and value.isprintable()):
        return b"%b: %b\r\n" % (name.encode(), _encoded(name, value))
    if len(value) <= LINE - 2 - len(name) or (len(value) <= LONGEST_LINE and " " not in value):
        return f"{name}: {value}\r\n".encode()
    return b"%b: %b\r\n" % (name.encode(), _folded(name, value))


class Skeleton:
    """The parts of a mail that are the same for every contact: made once per content."""

    def __init__(self) -> None:
        # “=_” never occurs in quoted-printable, so that no text can be taken for the boundary.
        boundary = f"=_{token_hex(8)}"
        self.head = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\nMIME-Version: 1.0\r\n'.encode()
        self.text, self.html = (
            f'\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\nMIME-Version: 1.0\r\n'
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
            for subtype in ("plain", "html")
        )
        self.end = f"\r\n--{boundary}--\r\n".encode()

    def pieces(self, headers: Mapping[str, str], text: list[bytes], html: list[bytes]) -> list[bytes]:
        """A mail without From and Date, to be joined. `text` and `html` are `quoted`; an empty text part is left out.

        Raises ValueError for a header of more than one line.
        """
        pieces = [self.head, *[header(name, value) for name, value in headers.items()]]
        if text:
            pieces += (self.text, *text)
        return [*pieces, self.html, *html, self.end]


def signed(sender: str, pieces: Sequence[bytes]) -> bytes:
    """The mail with From and Date."""
    return b"".join([_from(sender), _date(int(time()), settings.EMAIL_USE_LOCALTIME), *pieces])


@lru_cache(maxsize=2)
def _date(second: int, localtime: bool) -> bytes:
    return f"Date: {formatdate(second, localtime=localtime)}\r\n".encode()


@lru_cache(maxsize=100)
def _from(sender: str) -> bytes:
    return f"From: {_by_django('From', sender)}\r\n".encode()


def _by_django(name: str, value: str) -> str:
    """Refuses values of more than one line, and encodes the names and domains of addresses."""
    encoded = forbid_multi_line_headers(name, value, "utf-8")[1]
    return "\r\n".join(encoded.splitlines())


def _encoded(name: str, value: str) -> bytes:
    if "\n" in value or "\r" in value or name.lower() in ADDRESS_HEADERS:
        return _by_django(name, value).encode()
    words = []
    rest = value.encode()
    while rest:
        end = _WORD_BYTES
        while end < len(rest) and rest[end] & 0xC0 == 0x80:  # in the middle of a character
            end -= 1
        words.append(b"=?utf-8?b?%b?=" % b2a_base64(rest[:end], newline=False))
        rest = rest[end:]
    return b"\r\n ".join(words)


def _folded(name: str, value: str) -> bytes:
    """Broken at blanks; a value with a word that is longer than any line may be is encoded."""
    lines, room = [""], LINE - 2 - len(name)
    for word in value.split(" "):
        if len(word) > LONGEST_LINE:
            return _encoded(name, value)
        if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = LINE - 1
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\r\n ".join(lines).encode()
