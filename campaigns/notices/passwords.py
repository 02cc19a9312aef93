"""The password in the address that a provider calls: it proves calls of services that sign nothing."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from campaigns.models import Provider

USER = "waypost"


def valid(provider: Provider) -> Iterator[str]:
    """The one that is shown, and those of former secret keys: it is worked out anew and kept nowhere."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = blake2b(secret.encode(), digest_size=32, person=b"waypost hooks").digest()
        text = f"{provider.pk} {provider.kind} {provider.created_at:%Y-%m-%d %H:%M:%S.%f}"
        yield urlsafe_b64encode(blake2b(text.encode(), digest_size=18, key=key).digest()).decode()


def address(provider: Provider, with_password: bool) -> str:
    """Where the provider is told to call."""
    parts = urlsplit(settings.PUBLIC_URL)
    login = f"{USER}:{next(valid(provider))}@" if with_password else ""
    path = reverse("provider_notices", args=[provider.kind, provider.pk])
    return f"{parts.scheme}://{login}{parts.netloc}{parts.path}{path}"
