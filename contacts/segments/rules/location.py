"""Where a contact is at home, or which language they speak."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

import phonenumbers
from django import forms

from contacts import places
from contacts.segments import actual, homes, wording
from contacts.segments.comparison_form import ListField
from contacts.segments.picking import Code
from contacts.segments.rules.base import Config, RuleForm, RuleKind, truth, unknown_keys
from contacts.segments.where import Scope, Where

MOST = 300
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
_WORDS = {
    ("country", True): "lives in",
    ("country", False): "does not live in",
    ("language", True): "speaks",
    ("language", False): "does not speak",
}


class LocationForm(RuleForm):
    of = forms.ChoiceField(
        label="What",
        choices=[("country", "Country"), ("language", "Language")],
        widget=forms.Select(attrs={"data-redraw": ""}),
    )

    def __init__(self, config: Config, scope: Scope) -> None:
        super().__init__(config, scope)
        of = "language" if config.get("of") == "language" else "country"
        self.fields["is"] = forms.TypedChoiceField(
            label="Contact", choices=[("true", _WORDS[of, True]), ("false", _WORDS[of, False])], coerce=truth
        )
        example = "FR, BE" if of == "country" else "pt, en-GB"
        self.fields["in"] = ListField(
            label="Countries" if of == "country" else "Languages",
            widget=forms.TextInput(
                attrs={"placeholder": example, "data-suggest": "countries" if of == "country" else "languages"}
            ),
        )


class Location(RuleKind):
    label = "Location and language"
    icon = "map-pin"
    order = 15
    Form = LocationForm
    keys = {
        "of": "country (of the attribute “country”, else of the phone number) or language.",
        "in": "Codes: FR, BE of countries; pt, en-GB of languages, where pt means pt-BR too.",
        "is": "true, or false for those of whom it does not hold. Default: true.",
    }
    example = {"rule": "location", "of": "country", "in": ["FR", "BE"]}

    def problems(self, config: Config, scope: Scope) -> list[str]:
        found = list(unknown_keys(config, *self.keys))
        if config.get("of") not in ("country", "language"):
            return [*found, "“of” of a location rule is country or language."]
        if not isinstance(config.get("is", True), bool):
            found.append("“is” of a location rule is true or false.")
        codes = config.get("in")
        if not isinstance(codes, list) or not codes or not all(isinstance(code, str) and code for code in codes):
            return [*found, f"Choose at least one {config['of']}."]
        if len(codes) > MOST:
            return [*found, f"Choose at most {MOST}."]
        return found + [text for code in codes if (text := _unknown(config["of"], code))]

    def sql(self, config: Config, now: datetime, scope: Scope) -> Where:
        codes = config["in"]
        if config["of"] == "country":
            there = homes.at_home_in({code.strip().upper() for code in codes})
        else:
            there = homes.speaks([code.strip() for code in codes])
        return there if config.get("is", True) else ~there

    def held(self, config: Config, now: datetime, scope: Scope) -> Where:
        if config["of"] == "language":
            return Where('to_jsonb("contacts_contact"."language")')
        return Where(
            "jsonb_build_object('written', \"contacts_contact\".\"attributes\" -> 'country',"
            ' \'phone\', "contacts_contact"."phone")'
        )

    def told(self, config: Config, held: Any) -> str:
        if config["of"] == "language":
            return actual.compared("language", held)
        code = places.country_of_attribute(held["written"])
        by = f"the attribute “country” is {wording.quoted(held['written'])}"
        if not code:
            code, by = places.country_of_number(held["phone"] or ""), f"by the phone number {held['phone']}"
        return f"{places.country_name(code)}, {by}" if code else "the country is unknown"

    def moved_by(self, config: Config) -> Collection[str]:
        return ["contact.updated"]

    def drifts(self, config: Config) -> bool:
        return False

    def sentence(self, config: Config) -> str:
        of = "language" if config.get("of") == "language" else "country"
        codes = [str(code) for code in config["in"]] if isinstance(config.get("in"), list) else []
        named = [places.country_name(code.strip().upper()) if of == "country" else code for code in codes] or ["…"]
        shown = named[:5] + ([f"{len(named) - 5} more"] if len(named) > 5 else [])
        listed = " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
        return f"{_WORDS[of, config.get('is', True) is not False]} {listed}"

    def sentence_not(self, config: Config, scope: Scope) -> str:
        return self.sentence({**config, "is": not config.get("is", True)})

    def suggestions(self, of: str, words: str, field: str) -> list[Code] | None:
        if of != "countries":
            return None
        words = words.lower()
        named = ((code, places.country_name(code)) for code in sorted(phonenumbers.SUPPORTED_REGIONS))
        return [Code(code, name) for code, name in named if code.lower().startswith(words) or words in name.lower()]


def _unknown(of: str, code: Any) -> str:
    if of == "country" and code.strip().upper() not in phonenumbers.SUPPORTED_REGIONS:
        return f"“{code[:20]}” is not a country. Use its two letters (ISO 3166), such as FR."
    if of == "language" and not _LANGUAGE.fullmatch(code.strip()):
        return f"“{code[:20]}” is not a language. Use its code, such as fr or pt-BR."
    return ""


kind = Location()
