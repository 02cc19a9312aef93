"""Knows which country a contact is at home in."""

from functools import cache

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
