"""Knows under which hosts contacts reach links, pictures and the unsubscribe page.

This installation's own, or the tracking domain that was set; those that were set before go on answering, for the mails
that carry them.
"""

import time
from typing import NamedTuple

from django.conf import settings

from contacts.models import Installation

KNOWN_FOR = 10  # seconds for which a process takes them as known; what it writes until then works as well


class _Known(NamedTuple):
    until: float
    domain: str
    domains: frozenset[str]


_known: _Known | None = None


def base() -> str:
    """What the addresses in messages begin with, as in https://links.example.com."""
    domain = _read().domain
    return f"https://{domain}" if domain else settings.PUBLIC_URL


def domains() -> frozenset[str]:
    """The hosts on which nothing but links are answered."""
    return _read().domains


def forget() -> None:
    """For who has just changed them."""
    global _known
    _known = None


def _read() -> _Known:
    global _known
    moment = time.monotonic()
    if _known is None or _known.until < moment:
        row = Installation.objects.values_list("tracking_domain", "former_tracking_domains").filter(pk=1).first()
        domain, former = row or ("", [])
        _known = _Known(moment + KNOWN_FOR, domain, frozenset({domain, *former} - {""}))
    return _known
