"""Remembers the addresses of people who asked to be forgotten and not to be added again, without knowing them.

What is kept is a hash under a key of this installation. Whoever adds a contact is told whether the address is one of
them; nobody can read from the hashes whose they are.
"""

import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.conf import settings

from contacts.models import ErasedAddress

SENTENCE = "Whoever this belongs to asked to be forgotten, and not to be added again."
NAMES = ("email", "phone")


def bar(addresses: Iterable[str], now: datetime) -> None:
    rows = [ErasedAddress(digest=_digests(address)[0], at=now) for address in addresses if address]
    ErasedAddress.objects.bulk_create(rows, ignore_conflicts=True)


def lift(address: str) -> bool:
    """Let an address be added again; whether it was barred."""
    return bool(ErasedAddress.objects.filter(digest__in=_digests(address)).delete()[0])


def barred(addresses: Collection[str]) -> set[str]:
    """Those of the addresses, in lower case, that are not to be added. One query, or two."""
    if not addresses or not ErasedAddress.objects.exists():
        return set()
    by_digest = {digest: address.lower() for address in addresses for digest in _digests(address)}
    found = ErasedAddress.objects.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return {by_digest[digest] for digest in found}


def barred_in(fields: Mapping[str, Any]) -> list[str]:
    """Which of a contact's fields are barred."""
    given = {name: fields[name].lower() for name in NAMES if fields.get(name)}
    found = barred(list(given.values()))
    return [name for name, address in given.items() if address in found]


def of_columns(columns: Mapping[str, Sequence[Any]]) -> dict[int, str]:
    """The places of rows that are barred, and by which field."""
    given = {name: columns[name] for name in NAMES if name in columns}
    found = barred({address for column in given.values() for address in column if address})
    if not found:
        return {}
    return {
        place: name
        for name, column in given.items()
        for place, address in enumerate(column)
        if address and address.lower() in found
    }


def without(rows: Sequence[tuple[Sequence[str], str]]) -> list[tuple[Sequence[str], str]]:
    """Refused rows of a file, as (cells, why), without what stands in those that are about somebody barred. Two queries
    at most."""
    addresses = {cell.strip().lower() for cells, _ in rows for cell in cells if 5 < len(cell.strip()) < 255}
    found = barred({address for address in addresses if "@" in address or address.startswith("+")})
    return [
        ([], SENTENCE) if SENTENCE in why or any(cell.strip().lower() in found for cell in cells) else (cells, why)
        for cells, why in rows
    ]


def _digests(address: str) -> list[str]:
    """Under the present key first, then under former ones."""
    return [hmac.new(key, address.lower().encode(), "sha256").hexdigest() for key in _keys()]


def _keys() -> tuple[bytes, ...]:
    return _derived((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=8)
def _derived(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(blake2b(secret.encode(), digest_size=32, person=b"waypost erased").digest() for secret in secrets)
