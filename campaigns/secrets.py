"""Keeps the secrets of providers encrypted in the database, under keys derived from SECRET_KEY and its fallbacks.

Changing SECRET_KEY keeps them readable as long as the former key stands in SECRET_KEY_FALLBACKS; saving a provider
writes its secrets under the newest key.
"""

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """The secrets were written under a key that this installation no longer has."""

    def __init__(self) -> None:
        super().__init__(
            "The stored password cannot be read: the secret key of the installation changed. Enter it again."
        )


def encrypt(secrets: Mapping[str, str]) -> str:
    """One token for the secrets that have a value; "" for none."""
    kept = {name: value for name, value in secrets.items() if value}
    return _fernet().encrypt(json.dumps(kept).encode()).decode() if kept else ""


def decrypt(token: str) -> dict[str, str]:
    """The secrets of a token.

    Raises:
        Unreadable: none of the installation's keys opens it.
    """
    if not token:
        return {}
    try:
        return json.loads(_fernet().decrypt(token.encode()))
    except InvalidToken as error:
        raise Unreadable from error


def _fernet() -> MultiFernet:
    return MultiFernet([_key(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    # The label keeps this key apart from everything else that is derived from SECRET_KEY.
    digest = hashlib.sha256(b"waypost.campaigns.secrets\0" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
