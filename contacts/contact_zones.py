"""Knows which time zone each contact lives in."""

from collections.abc import Collection
from functools import cache

import phonenumbers
from django.conf import settings
from django.db import connection
from phonenumbers import timezone as phone_zones
from phonenumbers.tzdata import TIMEZONE_DATA

from contacts import zones
from contacts.columns import literal

_EFFECTIVE = """
COALESCE(NULLIF(c.timezone, ''), (SELECT NULLIF(timezone, '') FROM contacts_installation LIMIT 1), %s)
"""


def zones_of(contact_ids: Collection[int]) -> dict[int, str]:
    """The IANA zone of each contact: their own, or else the installation's. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, {_EFFECTIVE} FROM contacts_contact c WHERE c.id = ANY(%s::bigint[])",  # noqa: S608
            [settings.TIME_ZONE, literal(list(contact_ids))],
        )
        return dict(cursor.fetchall())


class Zones:
    """The zones of contacts who move together: asked for all of them as soon as somebody wants to know some."""

    def __init__(self, contact_ids: Collection[int]) -> None:
        self._contacts = contact_ids
        self._known: dict[int, str] | None = None

    def of(self, contact_ids: Collection[int]) -> dict[int, str]:
        """At least the zones of these."""
        if self._known is None:
            self._known = zones_of(self._contacts)
        return self._known


def zone_from_phone(e164: str) -> str:
    """The zone of a phone number such as +33612345678, where exactly one is possible, else ""."""
    code, _ = _split(e164)
    zone = _only_zone(code)
    if zone is None:
        try:
            found = phone_zones.time_zones_for_number(phonenumbers.parse(e164))
        except phonenumbers.NumberParseException:
            return ""
        zone = found[0] if len(found) == 1 else ""
    return zone if zone in zones.names() else ""


def _split(e164: str) -> tuple[str, str]:
    """The country calling code of an E.164 number, and the rest."""
    digits = e164.removeprefix("+")
    for length in (1, 2, 3):
        if digits[:length].isdecimal() and int(digits[:length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length], digits[length:]
    return "", digits


@cache
def _only_zone(code: str) -> str | None:
    """The one zone of all numbers under a calling code ("" without a code); None where it depends on the number."""
    if not code:
        return ""
    found = {zone for prefix, names in TIMEZONE_DATA.items() if prefix.startswith(code) for zone in names}
    return found.pop() if len(found) == 1 else None
