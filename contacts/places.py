"""Knows which country a contact is at home in."""

from functools import cache
from importlib.resources import files

import phonenumbers

from contacts.models import Contact


def country_of(contact: Contact) -> str:
    """Two letters (ISO 3166): the attribute "country" where it holds such a code, else the country of the phone number
    where its calling code belongs to one country; "" otherwise."""
    written = contact.attributes.get("country")
    if isinstance(written, str) and len(written) == 2 and written.upper() in phonenumbers.SUPPORTED_REGIONS:
        return written.upper()
    return _country_of_number(contact.phone) if contact.phone else ""


def _country_of_number(e164: str) -> str:
    for length in (1, 2, 3):
        code = e164[1 : 1 + length]
        if code.isdecimal() and (regions := _regions(int(code))):
            if len(regions) == 1:
                return regions[0] if regions[0] != "001" else ""
            try:
                return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""
            except phonenumbers.NumberParseException:
                return ""
    return ""


@cache
def _regions(code: int) -> tuple[str, ...]:
    return phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())


def country_name(code: str) -> str:
    """What ISO 3166 calls the country of these two letters; the letters where it knows none."""
    return _names().get(code, code)


@cache
def _names() -> dict[str, str]:
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))
