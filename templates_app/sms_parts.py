"""Counts the parts that a text message is sent and charged in: GSM 03.38 where its letters allow it, else UCS-2.

Sizes: 160 septets in one part, 153 in each of several (the header that joins them takes seven); 70 and 67 UTF-16 units.
A letter of GSM's extension table takes two septets, and neither such a pair nor a surrogate pair is ever split.
"""

from dataclasses import dataclass

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = set("\f^{}\\[~]|€")
SIZES = {"GSM": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True)
class Parts:
    """`units` are septets (GSM) or 16-bit units (UCS-2) in all; `left` is what still fits into the last part."""

    encoding: str
    segments: int
    units: int
    left: int


def parts(text: str) -> Parts:
    gsm = all(letter in BASIC or letter in EXTENDED for letter in text)
    encoding = "GSM" if gsm else "UCS-2"
    sizes = [(2 if letter in EXTENDED else 1) if gsm else (2 if ord(letter) > 0xFFFF else 1) for letter in text]
    alone, joined = SIZES[encoding]
    units = sum(sizes)
    if units <= alone:
        return Parts(encoding, 1 if text else 0, units, alone - units)
    segments, used = 1, 0
    for size in sizes:
        if used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return Parts(encoding, segments, units, joined - used)


def outside_gsm(text: str) -> list[str]:
    """The letters that make parts shorter, each once, in the order in which they appear."""
    return list(dict.fromkeys(letter for letter in text if letter not in BASIC and letter not in EXTENDED))
