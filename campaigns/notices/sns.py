"""Verifies what Amazon SNS delivers, and confirms the subscription that an operator has made.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import json
import re
from base64 import b64decode
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils import timezone

# Nothing but Amazon's own hosts is ever asked for, whatever a call says.
_CERTIFICATE = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[\w./-]+\.pem")
_CONFIRMATION = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\?[\w=&.:%+-]+")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_OTHER = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
OLD = timedelta(days=1)
TIMEOUT = 10


def verify(body: bytes) -> None:
    """Raises ValueError, LookupError or TypeError where Amazon has not signed this, or not lately."""
    said = json.loads(body)
    names = _NOTIFICATION if said["Type"] == "Notification" else _OTHER
    text = "".join(f"{name}\n{said[name]}\n" for name in names if name in said)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[said["SignatureVersion"]]  # noqa: S303 - Amazon's choice
    try:
        _key(said["SigningCertURL"]).verify(b64decode(said["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise ValueError("The signature does not fit.") from error
    if timezone.now() - datetime.fromisoformat(said["Timestamp"]) > OLD:
        raise ValueError("The call is too old.")


def confirm(said: dict[str, Any]) -> bool:
    """Answer a verified SubscriptionConfirmation. Returns whether Amazon took the answer."""
    url = str(said.get("SubscribeURL", ""))
    if not _CONFIRMATION.fullmatch(url):
        return False
    return requests.get(url, timeout=TIMEOUT, allow_redirects=False).status_code == 200


@lru_cache(maxsize=20)
def _key(url: str) -> rsa.RSAPublicKey:
    if not _CERTIFICATE.fullmatch(url) or ".." in url:
        raise ValueError("This is no certificate of Amazon SNS.")
    response = requests.get(url, timeout=TIMEOUT, allow_redirects=False)
    if response.status_code != 200:
        raise ValueError("Amazon does not know the certificate.")
    key = x509.load_pem_x509_certificate(response.content).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("The certificate has another kind of key.")
    return key
