"""Reads phone numbers as people write them and keeps them in E.164."""

import re
from functools import cache

import phonenumbers
from django.core.exceptions import ValidationError

_PLAIN = re.compile(r"\+[1-9][0-9]{6,14}")


def clean(value: str, country: str = "") -> str:
    """The number as +33612345678. Without a leading + it is read as a number of `country` (two letters).

    A number counts when its length is possible in its country: whether its range was ever handed out is for the
    operators to know, and their lists are newer than ours.
    """
    if _PLAIN.fullmatch(value) and _needs_no_parsing(value):
        return value
    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or len(value) > 40 or not phonenumbers.is_possible_number(number):
        raise ValidationError(f"“{value[:40]}” is not a phone number. Write it with its country, as in +33612345678.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _needs_no_parsing(e164: str) -> bool:
    """A tenth of the cost of parsing, for numbers that stand in E.164 already, as most do in files and in the API."""
    for length in (1, 2, 3):
        shape = _shape(e164[1 : 1 + length])
        if shape is not None:
            lengths, trunk = shape
            national = e164[1 + length :]
            return len(national) in lengths and not (trunk and national.startswith(trunk))
    return False


@cache
def _shape(code: str) -> tuple[frozenset[int], str] | None:
    """The lengths of national numbers under a calling code, and the trunk prefix that E.164 leaves out."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if not regions:
        return None
    data = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    return frozenset(data.general_desc.possible_length), data.national_prefix or ""
