"""How email services sign what they call us with, as their documentation says."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)


def public(key: Any) -> str:
    """The half of a key of ours that stands in the account, as the services write it."""
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "".join(pem.decode().splitlines()[1:-1])


def mailgun(id: str, at: datetime, key: str) -> dict[str, str]:
    """It stands in the body, and covers its token and the time alone."""
    token, stamp = hashlib.sha256(id.encode()).hexdigest()[:50], str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"token": token, "timestamp": stamp, "signature": signature}


def unisender_go(said: dict[str, Any], key: str) -> bytes:
    """The whole body, in which its digest stands in place of the key."""
    body = json.dumps({"auth": "AUTH", **said}).encode()
    auth = hashlib.md5(body.replace(b"AUTH", key.encode())).hexdigest()
    return body.replace(b"AUTH", auth.encode())


def svix(body: bytes, secret: str, at: datetime, id: str) -> Mapping[str, str]:
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"svix-id": id, "svix-timestamp": stamp, "svix-signature": f"v1,AAAA v1,{signature}"}


def ecdsa(body: bytes, secret: str, at: datetime, id: str) -> Mapping[str, str]:
    stamp = str(int(at.timestamp()))
    key = EC if secret == public(EC) else ec.generate_private_key(ec.SECP256R1())
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def mandrill(said: bytes, secret: str, at: datetime, url: str) -> Mapping[str, str]:
    text = f"{url}mandrill_events{said.decode()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    return {"X-Mandrill-Signature": base64.b64encode(signature).decode()}


def hex_in(header: str) -> Callable[[bytes, str, datetime, str], Mapping[str, str]]:
    return lambda body, secret, at, id: {header: hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def postal(body: bytes, secret: str, at: datetime, id: str) -> Mapping[str, str]:
    key = RSA if secret == public(RSA) else rsa.generate_private_key(65537, 2048)
    signature = key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    return {"X-Postal-Signature": base64.b64encode(signature).decode()}
