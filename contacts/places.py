"""Knows which country a contact is at home in."""

from functools import cache
from importlib.resources import files

import phonenumbers

from contacts.addressees import AnyContact


def country_of(contact: AnyContact) -> str:
    """Two letters (ISO 3166): the attribute "country" where it holds such a code, else the country of the phone number
    where its calling code belongs to one country; "" otherwise."""
    return country_of_attribute(contact.attributes.get("country")) or country_of_number(contact.phone or "")


def country_of_attribute(written: object) -> str:
    if isinstance(written, str) and len(written) == 2 and written.upper() in phonenumbers.SUPPORTED_REGIONS:
        return written.upper()
    return ""


def country_of_number(e164: str) -> str:
    """The country of a number such as +33612345678; "" where there is none."""
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
