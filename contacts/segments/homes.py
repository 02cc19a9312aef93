"""Compiles where contacts are at home, as `contacts.places` says of one contact, and which language they speak."""

from collections import defaultdict
from collections.abc import Collection

import phonenumbers

from contacts import number_homes
from contacts.number_homes import NORTH_AMERICA
from contacts.segments.where import NOBODY, Where, any_of, fill, value

_PHONE = Where('"contacts_contact"."phone"')
_WRITTEN = Where('upper("contacts_contact"."attributes" ->> \'country\')')
_LANGUAGE = Where("replace(lower(\"contacts_contact\".\"language\"), '_', '-')")


def at_home_in(countries: Collection[str]) -> Where:
    """The attribute "country" where it holds a code, else the country of the phone number. Never NULL."""
    return fill(
        # A country has two letters, in whatever case; a list or an object that is written so short has brackets.
        "(CASE WHEN {0} ~ '^[A-Z][A-Z]$' AND {0} = ANY({1}) THEN {0} = ANY({2}) ELSE COALESCE({3}, FALSE) END)",
        _WRITTEN,
        value(sorted(phonenumbers.SUPPORTED_REGIONS)),
        value(sorted(countries)),
        _has_number_of(set(countries)),
    )


def _has_number_of(countries: set[str]) -> Where:
    whole: dict[int, list[str]] = defaultdict(list)
    parts = []
    for code, regions in number_homes.calling_codes().items():
        if countries.issuperset(regions):
            whole[len(code)].append(f"+{code}")
        elif not countries.isdisjoint(regions):
            parts.append(_part(code, countries))
    # Calling codes are no beginnings of each other.
    begins = [fill(f"left({{0}}, {length + 1}) = ANY({{1}})", _PHONE, value(codes)) for length, codes in whole.items()]
    return any_of([*begins, *parts])


def _part(code: str, countries: set[str]) -> Where:
    """Numbers under a code of which only some belong to these countries."""
    if code == NORTH_AMERICA:
        areas = [area for area, region in number_homes.areas().items() if region in countries]
        there = fill("substr({0}, 3, 3) = ANY({1})", _PHONE, value(areas))
    else:
        rest = fill(f"substr({{0}}, {len(code) + 2})", _PHONE)
        asked = [
            fill(
                f"WHEN {{0}} ~ {{1}} THEN {'TRUE' if region in countries else 'FALSE'}",
                rest,
                value(f"^(?:{pattern})$"),
            )
            for region, pattern in number_homes.patterns(code)
        ]
        cases = Where(" ".join(each.sql for each in asked), tuple(p for each in asked for p in each.params))
        there = fill("CASE {0} ELSE FALSE END", cases)
    return fill("({0} LIKE {1} AND {2})", _PHONE, value(f"+{code}%"), there)


def speaks(languages: Collection[str]) -> Where:
    """A language holds its variants: "pt" those who speak pt-BR too; "pt-BR" and "pt_br" are the same."""
    asked = sorted({language.replace("_", "-").lower() for language in languages})
    bases, variants = [each for each in asked if "-" not in each], [each for each in asked if "-" in each]
    either = [fill("split_part({0}, '-', 1) = ANY({1})", _LANGUAGE, value(bases))] if bases else [NOBODY]
    for each in variants:
        either.append(fill("({0} = {1} OR {0} LIKE {2})", _LANGUAGE, value(each), value(f"{each}-%")))
    return any_of(either)
