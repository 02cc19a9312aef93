"""Finds out how a CSV file is written: its encoding and its delimiter."""

import codecs
import csv
import re
import string
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
_PACKED = "This file is compressed. Unpack it first."
_JSON = "This is JSON. A CSV file is needed; programs send contacts to the API."
NO_TEXT = "This is not a text file. A CSV file is needed."
_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_FOREIGN = {
    b"PK\x03\x04": "This is an Excel workbook or a ZIP file. Save it as CSV first.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook, or one with a password. Save it as CSV first.",
    b"%PDF": "This is a PDF file. A CSV file is needed.",
    **dict.fromkeys((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"(\xb5/\xfd"), _PACKED),
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "This is a picture. A CSV file is needed."),
    **dict.fromkeys((b"{\\rtf", b"SQLite format 3", b"PAR1"), NO_TEXT),
}
# What text begins with that is no CSV, without blanks and in small letters.
_OTHER_TEXTS = {
    "<": "This is a web page or XML, though its name may say otherwise. Open it in Excel and save it as CSV.",
    '[{"': _JSON,
    '{"': _JSON,
    "begin:vcard": "This is a file of vCards. Save the contacts as CSV first.",
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
        raise Unreadable(NO_TEXT)
    return ""


def refuse_other_texts(text: str) -> None:
    """Raises Unreadable for what is text and yet no CSV."""
    begins = "".join(text[:200].lower().split())
    for start, sentence in _OTHER_TEXTS.items():
        if begins.startswith(start):
            raise Unreadable(sentence)


def is_encoding(name: str) -> bool:
    """Whether files can be read so: line ends and delimiters must be found in the bytes, but where marks tell."""
    plain = string.ascii_letters + string.digits + '\r\n\t,;|"@.+-'
    try:
        wide = codecs.lookup(name).name.startswith(("utf-16", "utf-32"))
        return wide or plain.encode("ascii").decode(name, "surrogateescape") == plain
    except (LookupError, ValueError):
        return False


def is_delimiter(text: str) -> bool:
    return text in DELIMITERS or (len(text) == 1 and text in string.punctuation and text not in "\"'")


def guess_encoding(sample: bytes) -> str:
    """The likely encoding of lines that are not all UTF-8. Where most are, the others are spoilt rather than all."""
    lines = sample.split(b"\n")
    if sum(map(_is_utf8, lines)) > len(lines) / 2:
        return "utf-8"
    foreign = [letter for letter in sample.decode("cp1252", "replace") if ord(letter) > 127]
    if foreign and sum(bool(_WESTERN.match(letter)) for letter in foreign) > 0.9 * len(foreign):
        return "cp1252"
    best = from_bytes(sample[:50_000], cp_isolation=[name for name in ENCODINGS if name != "utf-8"]).best()
    return best.encoding if best is not None and best.encoding in ENCODINGS else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return not line.isascii()


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
