"""Signs mails with DKIM (RFC 6376), relaxed in headers and body, by RSA or Ed25519 (RFC 8463).

Written here because it must not cost more than the key does: the library for it computes RSA in Python. That library
checks in the tests what is signed here.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

# Signed where they are there; From once more than it is there, so that nobody adds a second one.
HEADERS = (
    b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"list-unsubscribe",
    b"list-unsubscribe-post", b"list-id", b"feedback-id", b"reply-to", b"cc",
)  # fmt: skip
_ONCE_MORE = b"from"
LEAST_BITS = 1024
_BLANKS = re.compile(rb"[ \t]+")
_LONG_BLANKS = re.compile(rb"\t[ \t]*| [ \t]+")  # all but single spaces, which stay as they are
_FOLD = re.compile(rb"\r\n(?=[ \t])")


class BadKey(ValueError):
    """The text is no private key that signs mails; says why."""


@dataclass(frozen=True)
class Signer:
    """Signs for a domain with the key that its DNS names under the selector."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    def signed(self, mail: bytes) -> bytes:
        """The mail, whose lines end in CRLF, with the signature as its first header."""
        head, _, body = mail.partition(b"\r\n\r\n")
        fields: dict[bytes, list[bytes]] = {}
        for line in _FOLD.sub(b"", head).split(b"\r\n"):
            name, _, value = line.partition(b":")
            fields.setdefault(name.strip().lower(), []).append(value)
        # Of a header that is there several times, the last one is signed first.
        names = [name for name in HEADERS for _ in fields.get(name, ())]
        covered = b"".join(
            _relaxed(name, value) + b"\r\n" for name in HEADERS for value in reversed(fields.get(name, ()))
        )
        algorithm = b"rsa-sha256" if isinstance(self.key, RSAPrivateKey) else b"ed25519-sha256"
        unsigned = b"v=1; a=%b; c=relaxed/relaxed; d=%b; s=%b;\r\n h=%b;\r\n bh=%b;\r\n b=" % (
            algorithm,
            self.domain.encode("ascii"),
            self.selector.encode("ascii"),
            b":\r\n  ".join([*names, _ONCE_MORE]),
            b64encode(sha256(relaxed_body(body)).digest()),
        )
        signature = self._sign(covered + _relaxed(b"dkim-signature", _FOLD.sub(b"", unsigned)))
        lines = [signature[at : at + 70] for at in range(0, len(signature), 70)]
        return b"DKIM-Signature: %b%b\r\n%b" % (unsigned, b"\r\n  ".join(lines), mail)

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return b64encode(self.key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
        return b64encode(self.key.sign(sha256(data).digest()))


def relaxed_body(body: bytes) -> bytes:
    """As RFC 6376, 3.4.4 has it. Most of a mail is so already, and to see that costs less than to write it anew."""
    if b"\t" in body or b"  " in body:
        body = _LONG_BLANKS.sub(b" ", body)
    if b" \r\n" in body:
        body = body.replace(b" \r\n", b"\r\n")
    body = body.rstrip(b" ") if not body.endswith(b"\r\n") else body
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    return b"" if body == b"\r\n" else body


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name + b":" + _BLANKS.sub(b" ", value).strip()


def new_key() -> str:
    """A private key of 2048 bits: every receiver checks RSA, and DNS takes no longer ones at ease."""
    return _text(generate_private_key(public_exponent=65537, key_size=2048))


def key_of(text: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """The private key in a text (PEM). Raises BadKey."""
    try:
        key = serialization.load_pem_private_key(text.strip().encode(), password=None)
    except TypeError as error:
        raise BadKey("This key is protected by a password. Take the password off first.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("This is no private key in PEM format.") from error
    if isinstance(key, RSAPrivateKey):
        if key.key_size < LEAST_BITS:
            raise BadKey(f"This key is too short: receivers want at least {LEAST_BITS} bits.")
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise BadKey("Mails are signed with RSA or Ed25519 keys only.")


def dns_value(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    """What the TXT record at SELECTOR._domainkey.DOMAIN says."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        raw = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(raw).decode()}"
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"


def _text(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
