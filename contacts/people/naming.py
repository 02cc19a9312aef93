"""Knows how people who are being erased may be written, and takes that out of texts and rules.

What stands for one person alone is taken out wherever it stands: an address, a phone number however it is spaced, an
external id that is no common word. A shorter external id is one only where a rule asks for external ids. A name alone
is nobody's alone.
"""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import phonenumbers

from contacts.ties import People, Person

# Matches nobody: it can be no address, and is no number.
ERASED = "(erased)"
# So many people are also looked for in the midst of longer texts, at the cost of reading every text for each of them.
FEW = 5
# Nobody before it, unless what is before it was written for an address bar; nor after it, unless a file is called so.
_BEFORE = r"(?:(?<![\w.+-])|(?<=%[0-9a-fA-F]{2}))"
_AFTER = r"(?![\w-]|\.(?!(?:csv|xlsx?|txt|json|pdf|png|jpe?g)\b)\w)"
_GAP = r"[ .()/\u00a0-]{0,3}"
_TELLING = re.compile(r"(?=.*[0-9])(?=.*[^0-9]).{8,}")
SIGNS = " @.,;:_+-'\"()[]<>/\\"
_NO_SIGNS = str.maketrans("", "", SIGNS)
_WILD = re.compile(r"([%_\\])")
# What words stand between, also where a text stands in JSON.
SEPARATORS = r"""(\\[nrtbf]|[\s"'<>(),;:=&?|\\{}]|\[|\])+"""


class Names:
    """The words of some people; `words` and `ids` are in lower case."""

    def __init__(self, who: People) -> None:
        self.few = len(who.people) <= FEW
        self.ids = {person.external_id.lower() for person in who.everybody if person.external_id}
        telling = [word for person in who.everybody for word in _telling(person)]
        self.words = {word.lower() for word in telling} | {quote(word, safe="").lower() for word in telling}
        found = [re.escape(word) for word in sorted(self.words, key=len, reverse=True)]
        self.numbers = [_number(person.phone) for person in who.everybody if person.phone] if self.few else []
        numbers = "".join(rf"|(?<!\d){number}(?!\d)" for number in self.numbers)
        self._pattern = re.compile(f"{_BEFORE}(?:{'|'.join(found)}){_AFTER}{numbers}" if found else r"(?!)", re.I)

    def __bool__(self) -> bool:
        return bool(self.words or self.ids)

    @property
    def pieces(self) -> list[str]:
        """Patterns for LIKE, of texts in lower case that may hold one of the words."""
        asked = [f'%"external_id"%{_wild(json.dumps(word, ensure_ascii=False))}%' for word in self.ids]
        return [f"%{_wild(word)}%" for word in self.words] + asked

    def text(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(ERASED, text)

    def tree(self, value: Any, of_ids: bool = False) -> Any:
        """JSON without them: all texts in it, and what rules ask of external ids."""
        if isinstance(value, str):
            return ERASED if of_ids and value.strip().lower() in self.ids else self.text(value)
        if isinstance(value, list):
            return [self.tree(each, of_ids) for each in value]
        if isinstance(value, dict):
            asked = value.get("field") == "external_id"
            return {key: self.tree(each, asked and key == "value") for key, each in value.items()}
        return value


def full_names(people: Sequence[Person]) -> list[tuple[str, str]]:
    """First and last names in lower case, of those who have both."""
    pairs = [(person.first_name.strip().lower(), person.last_name.strip().lower()) for person in people]
    return [(first, last) for first, last in pairs if first and last and len(first) + len(last) > 4]


def written(first: str, last: str) -> list[str]:
    """The ways in which a full name stands in one cell."""
    return [f"{first} {last}", f"{last} {first}", f"{last}, {first}", f"{last},{first}"]


def bare(text: str) -> str:
    """Without signs: what is left of an address however it was mistyped between its letters."""
    return text.lower().translate(_NO_SIGNS)


def _telling(person: Person) -> list[str]:
    own_id = person.external_id if _TELLING.fullmatch(person.external_id) else ""
    return [word for word in (person.email, person.phone, own_id) if word]


def _number(phone: str) -> str:
    """A pattern, for Python and PostgreSQL alike, of a number however it is spaced, with its country or without."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return re.escape(phone)
    own = _GAP.join(str(number.national_number))
    country = _GAP.join(str(number.country_code))
    return rf"(?:(?:\+|00)?{country}{_GAP})?0?{_GAP}{own}"


def _wild(word: str) -> str:
    return _WILD.sub(r"\\\1", word)
