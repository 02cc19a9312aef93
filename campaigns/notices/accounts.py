"""Keeps the accounts that services call for at hand, so that a call costs the database nothing but its own insert.

What was looked up once may be out of date: the insert itself asks whether it is (see `keeping`), and whoever cannot
prove themselves by it is looked up anew.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest

from campaigns.models import Provider
from campaigns.notices import keeping, proving
from campaigns.notices.reading import Read


@lru_cache(maxsize=proving.KNOWN)
def _known(kind: str, provider_id: int) -> Provider:
    return Provider.objects.get(pk=provider_id, kind=kind)


def look_up(kind: str, provider_id: int) -> Provider:
    """As it is now. Raises Provider.DoesNotExist."""
    return Provider.objects.get(pk=provider_id, kind=kind)


def proven(kind: str, provider_id: int, request: HttpRequest, now: datetime) -> Provider:
    """The account for which the call was made. Raises proving.Forged or Provider.DoesNotExist."""
    provider = _known(kind, provider_id)
    try:
        proving.prove(provider, request, now)
    except proving.Forged:
        newer = _newer(provider)
        if newer is None:
            raise
        proving.prove(newer, request, now)
        return newer
    return provider


def keep(provider: Provider, notices: Sequence[Read], request: HttpRequest, now: datetime) -> None:
    """Raises as `proven` does: where the account is another one by now, and for a token that was used before.

    A call that was kept before keeps nothing again, and is as welcome as the first time: its signature covers all that
    it says, and the service may not have got our answer.
    """
    if not notices or keeping.keep(provider, notices, now):
        return
    newer = _newer(provider)
    if newer is not None:
        proving.prove(newer, request, now)
        if keeping.keep(newer, notices, now):
            return
    if provider.kind in proving.TOKENS and proving.is_signed(newer or provider):
        raise proving.Forged("This was said before.")


def _newer(provider: Provider) -> Provider | None:
    """The account as it is now, if it is not as we knew it."""
    current = look_up(provider.kind, provider.pk)
    if (current.secrets, current.created_at) == (provider.secrets, provider.created_at):
        return None
    _known.cache_clear()
    return current
