"""Tells from where a request comes, as a proof of what was said in it."""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from contacts.consent import Proof

LONGEST_AGENT = 300


def ip_of(request: HttpRequest) -> str:
    """The address of the visitor; behind a proxy that we trust, the one that the proxy saw: it stands last."""
    seen = str(request.META.get("REMOTE_ADDR") or "")
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        seen = str(request.META.get("HTTP_X_FORWARDED_FOR") or seen).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:
        return ""


def proof_of(request: HttpRequest, by: str, **facts: Any) -> Proof:
    agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT].replace("\0", "")
    found = {"ip": ip_of(request), "agent": agent, **facts}
    return Proof(by, {name: value for name, value in found.items() if value})
