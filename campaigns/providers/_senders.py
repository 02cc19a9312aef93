"""Who messages come from where the operator has not said it."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

from contacts.models import Installation


def default_email() -> str:
    """An address at the host under which contacts reach the installation."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return f"waypost@{host}"
    return "waypost@localhost"


def default_name() -> str:
    return Installation.current().name
