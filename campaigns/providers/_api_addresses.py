"""Says which addresses of an API the installation may be led to: its keys travel there.

Only who may change providers sets them. Without TLS a key could be read on the way, so http is for this machine,
and for hosts that the environment names (PLAIN_API_HOSTS).
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


def check(url: str) -> None:
    """Raises ValidationError."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValidationError("This is no web address.") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValidationError("Write an address that begins with https://.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError("Write the address alone: no user name, no question mark, no #.")
    if parts.scheme == "http" and host not in _THIS_MACHINE | set(settings.PLAIN_API_HOSTS):
        raise ValidationError("Without https the key could be read on the way. Write an address with https://.")
