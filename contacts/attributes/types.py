"""The types that attributes can be defined to have: what each lets in, how it is kept, read from text and written."""

import json
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from contacts.attributes import dates
from contacts.attributes.dates import EXAMPLES, ISO
from contacts.json_limits import LARGEST_NUMBER
from contacts.models import Attribute
from contacts.segments.operators import Operator

YES = frozenset({"yes", "y", "true", "t", "1", "x", "on", "oui", "ja", "si", "sí", "sim"})
NO = frozenset({"no", "n", "false", "f", "0", "off", "non", "nein", "nao", "não"})
MOST_ITEMS = 200
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,2})?", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,])[0-9]{3}(?:\1[0-9]{3})*(?!\1)[.,][0-9]+")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})+")
_EITHER_WAY = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_BLANKS = str.maketrans("", "", " \xa0\u202f\u2009'’")
_WORDED = frozenset({"equals", "not_equals", "in", "not_in", "is_set", "not_set"})


class AttributeType:
    """Every method raises ValidationError, with one sentence, for what does not fit; None stands for no value at all.

    What is kept is plain JSON, and each value is kept in one way only. `choices` are those of the definition, `zone` is
    the IANA name of the zone that times without an offset are meant in, `order` that of a date's numbers.
    """

    key: ClassVar[str]
    wrong: ClassVar[str]
    has_choices: ClassVar[bool] = False
    of_dates: ClassVar[bool] = False
    comparisons: ClassVar[frozenset[str]] = _WORDED  # of rules, where they make sense

    @property
    def label(self) -> str:
        return str(Attribute.Type(self.key).label)

    def check(self, value: Any, choices: Sequence[str] = (), zone: str = "UTC") -> Any:
        """A JSON value as it is kept; a text is read as a person would have written it."""
        if isinstance(value, str):
            return self.read(value, choices, zone)
        return None if value is None else self._json(value, choices)

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        """What a text stands for."""
        raise NotImplementedError

    def _json(self, value: Any, choices: Sequence[str]) -> Any:
        """The same for JSON that is neither a text nor null."""
        raise ValidationError(f"{shown(value)} {self.wrong}")

    def convert(self, value: Any, choices: Sequence[str], zone: str) -> Any:
        """What comes nearest to a value that was kept before there was this definition."""
        return self.check(value, choices, zone)

    def write(self, value: Any) -> str:
        """A value as a text; what is kept, as one that `read` understands."""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "string"}

    def suits(self, operator: Operator) -> bool:
        """Whether a rule may offer the comparison."""
        return operator.key in self.comparisons


class Text(AttributeType):
    key = "text"
    wrong = "is not a text."
    comparisons = _WORDED | {"contains", "not_contains", "starts_with", "ends_with"}

    def check(self, value: Any, choices: Sequence[str] = (), zone: str = "UTC") -> Any:
        # Texts are kept as they come, an empty one too.
        return value if isinstance(value, str) else super().check(value, choices, zone)

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        return text.strip() or None

    def _json(self, value: Any, choices: Sequence[str]) -> Any:
        return json.dumps(value) if _is_number(value) else super()._json(value, choices)

    def convert(self, value: Any, choices: Sequence[str], zone: str) -> Any:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return ", ".join(value)
        return self.check(value, choices, zone)


class Number(AttributeType):
    key = "number"
    wrong = "is not a number."
    comparisons = _WORDED | {"greater", "at_least", "less", "at_most", "between"}

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        plain = text.strip()
        if plain.isascii() and plain.isdigit() and len(plain) < 16:
            return int(plain)
        if not plain:
            return None
        plain = plain.translate(_BLANKS)
        if _EITHER_WAY.fullmatch(plain):
            raise ValidationError(f"{shown(text)} could be a thousand or a fraction. Write it without a comma.")
        if grouped := _GROUPED.fullmatch(plain) or _THOUSANDS.fullmatch(plain):
            plain = plain.replace(grouped[1], "")
        plain = plain.replace(",", ".")
        if not _NUMBER.fullmatch(plain):
            raise ValidationError(f"{shown(text)} {self.wrong}")
        whole = len(plain) < 20 and plain.lstrip("+-").isdigit()
        return self._limited(int(plain) if whole else float(plain), text)

    def _json(self, value: Any, choices: Sequence[str]) -> Any:
        if not _is_number(value):
            return super()._json(value, choices)
        return self._limited(value, value)

    def _limited(self, value: int | float, given: Any) -> int | float:
        if not math.isfinite(value) or abs(value) >= LARGEST_NUMBER:
            raise ValidationError(f"{shown(given)} is too large a number.")
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 10**15 else value

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "number"}


class Boolean(AttributeType):
    key = "boolean"
    wrong = "is neither yes nor no."
    comparisons = frozenset({"equals", "not_equals", "is_set", "not_set"})

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        word = text.strip().lower()
        if not word:
            return None
        if word in YES or word in NO:
            return word in YES
        raise ValidationError(f"{shown(text)} {self.wrong}")

    def _json(self, value: Any, choices: Sequence[str]) -> Any:
        return bool(value) if isinstance(value, int) and value in (0, 1) else super()._json(value, choices)

    def write(self, value: Any) -> str:
        return ("yes" if value else "no") if isinstance(value, bool) else super().write(value)

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "boolean"}


class Dated(AttributeType):
    """Rules offer whatever can be asked of dates, but for what would say the same as another comparison."""

    of_dates = True
    doubled: ClassVar[frozenset[str]] = frozenset({"greater", "less"})

    def suits(self, operator: Operator) -> bool:
        return operator.of_dates and operator.key not in self.doubled


class Date(Dated):
    key = "date"
    wrong = f"is not a date such as {EXAMPLES[ISO]}."

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        if not (text := text.strip()):
            return None
        if found := dates.day(text, order):
            return found
        raise ValidationError(f"{shown(text)} {self.wrong.replace(EXAMPLES[ISO], EXAMPLES[order])}")

    def convert(self, value: Any, choices: Sequence[str], zone: str) -> Any:
        """Of a moment, the day that it is in the zone."""
        found = dates.moment(value, zone) if isinstance(value, str) else None
        local = found and datetime.fromisoformat(found).astimezone(ZoneInfo(zone)).date().isoformat()
        return local or self.check(value, choices, zone)

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class Moment(Dated):
    key = "datetime"
    wrong = f"is not a date and time such as {EXAMPLES[ISO]} 09:00."
    # Nobody knows a moment to the second.
    doubled = frozenset({"greater", "less", "equals", "not_equals"})

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        if not (text := text.strip()):
            return None
        if found := dates.moment(text, zone, order):
            return found
        raise ValidationError(f"{shown(text)} {self.wrong.replace(EXAMPLES[ISO], EXAMPLES[order])}")

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class Choice(AttributeType):
    key = "choice"
    has_choices = True
    wrong = "is not one of the choices."

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        return _chosen(text.strip(), choices) if text.strip() else None

    def _json(self, value: Any, choices: Sequence[str]) -> Any:
        return _chosen(json.dumps(value), choices) if _is_number(value) else super()._json(value, choices)

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "string", "enum": list(choices)}


class List(AttributeType):
    key = "list"
    has_choices = True
    wrong = "is not a list of texts."
    comparisons = frozenset({"contains", "not_contains", "is_set", "not_set"})

    def read(self, text: str, choices: Sequence[str] = (), zone: str = "UTC", order: str = ISO) -> Any:
        return self._json(re.split("\n" if "\n" in text else "[,;|]", text), choices)

    def _json(self, value: Any, choices: Sequence[str]) -> Any:
        if not isinstance(value, list) or not all(isinstance(item, str) or _is_number(item) for item in value):
            return super()._json(value, choices)
        texts = [(item if isinstance(item, str) else json.dumps(item)).strip() for item in value]
        texts = list(dict.fromkeys(_chosen(text, choices) if choices else text for text in texts if text))
        if len(texts) > MOST_ITEMS:
            raise ValidationError(f"A list has at most {MOST_ITEMS} items, and this one has {len(texts)}.")
        return texts or None

    def write(self, value: Any) -> str:
        return "\n".join(map(str, value)) if isinstance(value, list) else super().write(value)

    def schema(self, choices: Sequence[str] = ()) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", **({"enum": list(choices)} if choices else {})}}


TYPES: dict[str, AttributeType] = {
    each.key: each for each in (Text(), Number(), Boolean(), Date(), Moment(), Choice(), List())
}


def shown(value: Any) -> str:
    """A value as sentences quote it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"“{text[:40]}…”" if len(text) > 41 else f"“{text}”"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _chosen(text: str, choices: Sequence[str]) -> str:
    if text in choices:
        return text
    folded = text.casefold()
    for choice in choices:
        if choice.casefold() == folded:
            return choice
    some = ", ".join(choices[:8]) + (f" and {len(choices) - 8} more" if len(choices) > 8 else "")
    raise ValidationError(f"{shown(text)} is not one of {some}.")
