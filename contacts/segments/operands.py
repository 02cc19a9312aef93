"""What a rule compares: columns and JSON keys as pieces of SQL, with the questions that can be asked of each."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from contacts.segments import values
from contacts.segments.where import NOBODY, Where, all_of, any_of, fill, value


class Text:
    """A text column; NULL and "" are both unknown. Every answer is TRUE or FALSE, never NULL."""

    def __init__(self, text: Where) -> None:
        self.text = text

    def equals(self, item: Any) -> Where:
        return any_of(self._is(text) for text in values.texts(item))

    def _is(self, text: str) -> Where:
        return fill("({0} IS NOT NULL AND {0} = {1})", self.text, value(text))

    def is_set(self) -> Where:
        return fill("({0} IS NOT NULL AND {0} <> '')", self.text)

    def contains(self, item: Any) -> Where:
        return self._like(f"%{_unlike(item)}%")

    def starts_with(self, item: Any) -> Where:
        return self._like(f"{_unlike(item)}%")

    def ends_with(self, item: Any) -> Where:
        return self._like(f"%{_unlike(item)}")

    def _like(self, pattern: str) -> Where:
        return fill("({0} IS NOT NULL AND {0} ILIKE {1})", self.text, value(pattern))


class Address(Text):
    """The email column: its case does not matter, as in its unique index."""

    def _is(self, text: str) -> Where:
        return fill("(lower({0}) IS NOT NULL AND lower({0}) = lower({1}))", self.text, value(text))


class Key(Text):
    """A key of a JSON column: `column` is ours, `key` the user's."""

    def __init__(self, column: str, key: str) -> None:
        super().__init__(Where(f"({column} ->> %s)", (key,)))
        self.column, self.key = Where(column), key

    def equals(self, item: Any) -> Where:
        """By containment, which the GIN index answers."""
        return any_of(self._holds(literal) for literal in values.literals(item))

    def contains(self, item: Any) -> Where:
        """Of a text: a part of it; of a list: an element."""
        element = any_of(self._holds(f"[{literal}]") for literal in values.literals(item))
        return self._if_list(element, super().contains(item))

    def starts_with(self, item: Any) -> Where:
        return self._if_list(NOBODY, super().starts_with(item))

    def ends_with(self, item: Any) -> Where:
        return self._if_list(NOBODY, super().ends_with(item))

    def _if_list(self, then: Where, otherwise: Where) -> Where:
        return fill(
            "(CASE jsonb_typeof({0} -> {1}) WHEN 'array' THEN {2} WHEN 'object' THEN FALSE ELSE {3} END)",
            self.column,
            value(self.key),
            then,
            otherwise,
        )

    def _holds(self, literal: str) -> Where:
        return fill("{0} @> {1}::jsonb", self.column, value(f"{{{json.dumps(self.key)}: {literal}}}"))

    def in_order(self, bounds: Sequence[tuple[str, Decimal]], of_text: Where) -> Where:
        """Whether a number is within bounds such as (">=", 5); of a text, whether `of_text` holds.

        Numbers are compared as JSON, which casts nothing. There texts are less than all numbers, and true and false,
        lists and objects greater (or less, where a list is empty), so that few values are asked what they are."""
        held = fill("({0} -> {1})", self.column, value(self.key))
        kept = {sign: fill(f"({{0}} {sign} {{1}}::jsonb)", held, value(str(number))) for sign, number in bounds}
        lower = [kept[sign] for sign in kept if sign.startswith(">")]
        upper = [kept[sign] for sign in kept if sign.startswith("<")]
        if not lower:
            inside = "(CASE jsonb_typeof({1}) WHEN 'number' THEN TRUE WHEN 'string' THEN {2} ELSE FALSE END)"
            return fill(f"(CASE WHEN {{0}} THEN {inside} ELSE FALSE END)", all_of(upper), held, of_text)
        return fill(
            "(CASE WHEN {0} THEN {1} WHEN jsonb_typeof({2}) = 'string' THEN {3} ELSE FALSE END)",
            all_of(lower),
            all_of(upper) if upper else fill("({0} < 'false'::jsonb)", held),
            held,
            of_text,
        )


class Moment:
    """A column that always holds a moment."""

    def __init__(self, column: str) -> None:
        self.column = Where(column)


def _unlike(item: Any) -> str:
    """A value for LIKE, in which % and _ mean themselves."""
    return values.texts(item)[0].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
