"""Knows which countries the phone numbers under a calling code belong to, in a form that PostgreSQL can ask as well."""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata

# Where a calling code is shared, the first country whose pattern a number has is its country.
Patterns = tuple[tuple[str, str], ...]

NORTH_AMERICA = "1"
NO_COUNTRY = "001"
_KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
          "voicemail")  # fmt: skip


@cache
def calling_codes() -> dict[str, tuple[str, ...]]:
    """{"33": ("FR",), "44": ("GB", "GG", …)}; numbers under some codes belong to no country."""
    found = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    return {str(code): regions for code, regions in found if NO_COUNTRY not in regions}


@cache
def patterns(code: str) -> Patterns:
    """For a shared code, (country, what its numbers look like without the code), in the order in which to ask."""
    return tuple((region, _pattern(region)) for region in calling_codes()[code])


@cache
def areas() -> dict[str, str]:
    """{"212": "US", "416": "CA", …}: in North America the three digits after the code tell the country."""
    found: dict[str, str] = {}
    for area in map(str, range(200, 1000)):
        of = (region for rest in ("2345678", "5550123", "2002000") if (region := _first(NORTH_AMERICA, area + rest)))
        if region := next(of, ""):
            found[area] = region
    return found


def country(e164: str) -> str:
    """The country of a number such as +33612345678, "" where there is none."""
    code = next((e164[1 : 1 + n] for n in (1, 2, 3) if e164[1 : 1 + n] in calling_codes()), "")
    if not code or not e164.isascii():
        return ""
    regions, rest = calling_codes()[code], e164[1 + len(code) :]
    if len(regions) == 1:
        return regions[0]
    return areas().get(rest[:3], "") if code == NORTH_AMERICA else _first(code, rest)


def _first(code: str, rest: str) -> str:
    return next((region for region, pattern in patterns(code) if re.fullmatch(pattern, rest)), "")


def _pattern(region: str) -> str:
    """As phonenumbers tells countries apart: by leading digits, or else by every kind of number that they have."""
    data = PhoneMetadata.metadata_for_region(region)
    if data.leading_digits:
        return f"(?:{data.leading_digits})[0-9]*"
    kinds = [getattr(data, kind) for kind in _KINDS]
    found = dict.fromkeys(kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return "|".join(f"(?:{pattern})" for pattern in found).replace(r"\d", "[0-9]")
