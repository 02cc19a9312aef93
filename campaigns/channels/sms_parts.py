"""Counts how many messages a text is billed as: the 7-bit alphabet of GSM 03.38 where it suffices, else UCS-2."""

from collections.abc import Iterable

# GSM 03.38, section 6.2.1: the basic table without its escape, and the extension table, whose characters count twice.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def count(text: str) -> int:
    """How many parts a text needs: 160 or 153 septets each, or 70 or 67 UTF-16 units each. At least 1."""
    if all(character in _BASIC or character in _EXTENDED for character in text):
        return _parts((2 if character in _EXTENDED else 1 for character in text), 160, 153)
    return _parts((2 if ord(character) > 0xFFFF else 1 for character in text), 70, 67)


def _parts(sizes: Iterable[int], alone: int, joined: int) -> int:
    """A character is never split: one of two units that no longer fits opens the next part."""
    units = list(sizes)
    if sum(units) <= alone:
        return 1
    parts, room = 1, joined
    for size in units:
        if size > room:
            parts, room = parts + 1, joined
        room -= size
    return parts
