"""Signs what stands in the links of messages, with one keyed hash per message.

A token is the message's number and the beginning of the hash, in the alphabet of URLs. Keys derive from SECRET_KEY;
those of SECRET_KEY_FALLBACKS still open the links of older mails.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings

_LONG = 12  # bytes of the hash in an email's links
_SHORT = 6  # in an SMS, where each character costs; what it opens is one redirect, not the unsubscribe page


def token(message_id: int) -> str:
    """What an email's links carry: some 20 characters."""
    number = _bytes(message_id)
    return _text(number + _hash(_keys()[0], b"message", number)[:_LONG])


def message_of(token: str) -> int | None:
    """The message whose token this is; None for a forged one."""
    number, signature = _parts(token, _LONG)
    return int.from_bytes(number, "big") if _is_hash(signature, b"message", number) else None


def confirm_token(message_id: int, email: str) -> str:
    """What the link in a mail that asks for consent carries: it is of use to the address that the mail went to only,
    and none of the message's other links can be turned into it."""
    number = _bytes(message_id)
    return _text(number + _hash(_keys()[0], b"confirm", _asked_bytes(number, email))[:_LONG])


def asked_message(token: str) -> int | None:
    """The message that a confirm token names; `is_confirm_token` says whether it may."""
    number, _signature = _parts(token, _LONG)
    return int.from_bytes(number, "big") if number else None


def is_confirm_token(token: str, email: str) -> bool:
    number, signature = _parts(token, _LONG)
    return bool(number) and _is_hash(signature, b"confirm", _asked_bytes(number, email))


def short_token(message_id: int, link: int) -> str:
    """What a link in an SMS ends in: some 12 characters."""
    number = bytes([link]) + _bytes(message_id)
    return _text(number + _hash(_keys()[0], b"short", number)[:_SHORT])


def link_of(short_token: str) -> tuple[int, int] | None:
    """(message, link number) of a short token; None for a forged one."""
    number, signature = _parts(short_token, _SHORT)
    return (int.from_bytes(number[1:], "big"), number[0]) if _is_hash(signature, b"short", number) else None


def url_signature(message_id: int, link: int, url: str) -> str:
    """Vouches that the link of this message leads to `url`, for links whose address is another one for each contact."""
    return _text(_hash(_keys()[0], b"url", _url_bytes(message_id, link, url))[:_LONG])


def is_url_signed(message_id: int, link: int, url: str, signature: str) -> bool:
    return _is_hash(_decoded(signature), b"url", _url_bytes(message_id, link, url), _LONG)


def check_answer(nonce: str) -> str:
    """What only an installation with our key can answer."""
    return _text(_hash(_keys()[0], b"check", nonce.encode()))


@lru_cache(maxsize=8)
def _derived(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(blake2b(secret.encode(), digest_size=32, person=b"waypost links").digest() for secret in secrets)


def _keys() -> tuple[bytes, ...]:
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _hash(key: bytes, purpose: bytes, value: bytes) -> bytes:
    return blake2b(value, digest_size=32, key=key, person=purpose).digest()


def _is_hash(signature: bytes, purpose: bytes, value: bytes, length: int = 0) -> bool:
    if not value or not signature or (length and len(signature) != length):
        return False
    return any(hmac.compare_digest(_hash(key, purpose, value)[: len(signature)], signature) for key in _keys())


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")


def _asked_bytes(number: bytes, email: str) -> bytes:
    return number + b" " + email.lower().encode()


def _url_bytes(message_id: int, link: int, url: str) -> bytes:
    return f"{message_id} {link} {url}".encode()


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _parts(text: str, length: int) -> tuple[bytes, bytes]:
    """(value, signature); empty where there is not enough, or where the text is not the one we would have written."""
    raw = _decoded(text)
    if len(raw) <= length or len(raw) > length + 9 or _text(raw) != text:
        return b"", b""
    return raw[:-length], raw[-length:]
