"""Finds out how a CSV file is written: its encoding and its delimiter."""

import codecs
import csv
import re
from collections import Counter

from charset_normalizer import from_bytes

DELIMITERS = {",": "Comma ,", ";": "Semicolon ;", "\t": "Tab", "|": "Bar |"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Western European (Windows-1252)",
    "iso8859_15": "Western European (ISO 8859-15)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_kr": "Korean (EUC-KR)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
}
_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_FOREIGN = {
    b"PK\x03\x04": "This is an Excel workbook or a ZIP file. Save it as CSV first.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook, or one with a password. Save it as CSV first.",
    b"%PDF": "This is a PDF file. A CSV file is needed.",
    b"\x1f\x8b": "This file is compressed. Unpack it first.",
}
# What names and towns in Western Europe are written with; in other code pages these bytes are rare.
_WESTERN = re.compile("[àâäáãåçéèêëíìîïñóòôöõúùûüÿßæœøÀÂÄÁÇÉÈÊËÍÎÏÑÓÔÖÚÙÛÜÆŒØ’‘“”–—…«»°€ŠšŽž\xa0]")


class Unreadable(Exception):
    """A file that is no CSV, with a sentence that says so."""


def wide_encoding(head: bytes) -> str:
    """The encoding of a file that has a byte order mark or two bytes per letter; "" for any other.

    Raises Unreadable for what is no text.
    """
    for start, sentence in _FOREIGN.items():
        if head.startswith(start):
            raise Unreadable(sentence)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    if even + odd > 0.3 * len(head):
        raise Unreadable("This is not a text file. A CSV file is needed.")
    return ""


def guess_encoding(sample: bytes) -> str:
    """The likely encoding of bytes that are not UTF-8."""
    foreign = [letter for letter in sample.decode("cp1252", "replace") if ord(letter) > 127]
    if foreign and sum(bool(_WESTERN.match(letter)) for letter in foreign) > 0.9 * len(foreign):
        return "cp1252"
    best = from_bytes(sample[:50_000], cp_isolation=[name for name in ENCODINGS if name != "utf-8"]).best()
    return best.encoding if best is not None and best.encoding in ENCODINGS else "cp1252"


def guess_delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells, and into the most."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(text.splitlines(keepends=True)[:50], delimiter=delimiter) if row]
        except csv.Error:
            continue
        width, times = Counter(widths).most_common(1)[0] if widths else (1, 0)
        if width > 1 and (score := (round(times / len(widths), 1), width)) > best_score:
            best, best_score = delimiter, score
    return best
