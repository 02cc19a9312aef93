"""Knows how Excel writes values: which formats show dates, how texts are escaped and numbers rounded."""

import re

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
# Formats of numbers that show dates or times; others are told by their letters.
_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_TIMES = frozenset((18, 19, 20, 21, 45, 46, 47))
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_SPOKEN = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
# The kinds of the formats that every workbook has, by their numbers.
USUAL = {number: "time" if number in _TIMES else "moment" for number in _DATES} | {46: "elapsed"}


def kind_of(code: str) -> str:
    if _ELAPSED.search(code):
        return "elapsed"
    letters = set(_SPOKEN.sub("", code).lower().split(";")[0])
    if letters & set("yd"):
        return "moment"
    return "time" if letters & set("hs") else "moment" if "m" in letters else ""


def unescaped(text: str) -> str:
    """Texts hold what XML cannot, such as a carriage return, as _x000D_."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def number_of(text: str) -> str:
    """A number as it is shown: binary fractions are exact to 15 digits."""
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.15g}"
