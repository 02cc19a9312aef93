"""Takes the Liquid out of a text while something that does not know Liquid works on it, and puts it back."""

import re
from html import escape as escape_html

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# Survives HTML and MJML compilers anywhere: in text, in attributes and in addresses.
_PLACE = re.compile(r"wpliquid(\d+)q")


def hide(source: str) -> tuple[str, list[str]]:
    """The text with a place holder for each piece of Liquid, and the pieces in order."""
    pieces: list[str] = []

    def take(match: re.Match[str]) -> str:
        pieces.append(match.group())
        return f"wpliquid{len(pieces) - 1}q"

    return LIQUID.sub(take, source), pieces


def hide_in_lines(source: str) -> str:
    """The text with its Liquid hidden and every line still where it was."""
    return LIQUID.sub(lambda match: "wpliquid0q" + "\n" * match.group().count("\n"), source)


def show(text: str, pieces: list[str]) -> str:
    """The inverse of `hide`."""

    def put(match: re.Match[str]) -> str:
        number = int(match.group(1))
        return pieces[number] if number < len(pieces) else match.group()

    return _PLACE.sub(put, text)


def holds_liquid(text: str) -> bool:
    """Whether a text in which Liquid is hidden has any."""
    return _PLACE.search(text) is not None


def begins_with_liquid(text: str) -> bool:
    """Whether a text in which Liquid is hidden begins with some."""
    return _PLACE.match(text) is not None


def escaped(source: str) -> str:
    """Plain text as HTML, its Liquid untouched (what that prints is escaped when it is rendered)."""
    text, pieces = hide(source)
    return show(escape_html(text), pieces)
