"""What every kind of block says of itself: its fields, which are its form, and the MJML that they become."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from templates_app import tokens
from templates_app.blocks._rich import cleaned

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ADDRESS = re.compile(r"(https?://|mailto:|tel:|#|/)\S*", re.IGNORECASE)


@dataclass(frozen=True)
class Field:
    """One thing that can be said of a block. `kind`: text, rich, code, url, image, colour, number, choice or rows (of
    `columns`, each a name and a label); the editor has a control for each kind and knows no block by name."""

    name: str
    label: str
    kind: str = "text"
    default: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 100
    columns: tuple[tuple[str, str], ...] = ()
    help: str = ""

    def problem(self, value: Any) -> str:
        """Why a value cannot be used, as a sentence, or ""."""
        if self.kind == "number":
            whole = isinstance(value, int) and not isinstance(value, bool)
            return "" if whole and self.least <= value <= self.most else f"{self.least} to {self.most}."
        if self.kind == "rows":
            return self._problem_of_rows(value)
        if not isinstance(value, str) or len(value) > 200_000 or "\0" in value:
            return "This is no text."
        if self.kind == "colour" and value and not COLOUR.fullmatch(value):
            return "A colour is written #rrggbb."
        if self.kind == "choice" and value not in dict(self.choices):
            return f"One of {', '.join(dict(self.choices))}."
        if self.kind in ("url", "image") and value and not _is_address(value):
            return "An address begins with https://, mailto: or tel:, or is a field such as {{ event.url }}."
        return ""

    def _problem_of_rows(self, value: Any) -> str:
        if not isinstance(value, list) or len(value) > 20:
            return "At most 20 rows."
        for row in value:
            if not isinstance(row, dict) or any(not isinstance(row.get(name, ""), str) for name, _ in self.columns):
                return "A row is made of texts."
            if row.get("url") and not _is_address(row["url"]):
                return f"“{row['url'][:60]}” is no address: it begins with https://."
        return ""


def _is_address(value: str) -> bool:
    hidden, _ = tokens.hide(value.strip())
    return bool(ADDRESS.fullmatch(hidden)) or (tokens.begins_with_liquid(hidden) and " " not in hidden)


@dataclass(frozen=True)
class Look:
    """How a whole mail looks; blocks that have no colour of their own take these."""

    width: int = 600
    background: str = "#f1f3f7"
    surface: str = "#ffffff"
    text: str = "#3d4452"
    accent: str = "#3257e0"
    font: str = "Helvetica, Arial, sans-serif"
    address: str = ""  # the sender's postal address, for the footer
    logo: str = ""


class Block:
    key: str
    label: ClassVar[str]
    icon: ClassVar[str]
    order: ClassVar[int]
    fields: ClassVar[tuple[Field, ...]]

    def defaults(self) -> dict[str, Any]:
        return {field.name: field.default for field in self.fields}

    def problems(self, values: dict[str, Any]) -> list[tuple[str, str]]:
        """(field, sentence) for everything that cannot be used."""
        found = [(field.name, field.problem(values.get(field.name, field.default))) for field in self.fields]
        return [(name, sentence) for name, sentence in found if sentence]

    def mjml(self, values: dict[str, Any], look: Look, mark: str) -> str:
        """The element, its values valid and complete; `mark` is an attribute by which the editor finds it again."""
        raise NotImplementedError


def attributes(**given: Any) -> str:
    """The attributes that have a value, escaped but for the Liquid in them."""
    pairs = ((name.replace("_", "-"), str(value)) for name, value in given.items() if value not in ("", None))
    return " ".join(f'{name}="{tokens.escaped(value)}"' for name, value in pairs)


ALIGN = (("left", "Left"), ("center", "Centre"), ("right", "Right"))


def align(default: str = "left") -> Field:
    return Field("align", "Alignment", "choice", default, ALIGN)


def space() -> Field:
    return Field("space", "Space below", "number", 14, most=80, help="In pixels.")


__all__ = ["ALIGN", "Block", "Field", "Look", "align", "attributes", "cleaned", "space"]
