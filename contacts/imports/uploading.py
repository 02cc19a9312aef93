"""Takes in a file of contacts: keeps it where every worker can read it, and finds out how it is written."""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import transaction

from contacts import topics
from contacts.attributes.defining import definitions
from contacts.imports.csv_mapping import guess
from contacts.imports.csv_reading import Reader, Row
from contacts.imports.csv_sniffing import (
    Unreadable,
    guess_delimiter,
    guess_encoding,
    is_delimiter,
    refuse_other_texts,
    wide_encoding,
)
from contacts.models import CsvChunk, CsvImport

PIECE = 1024 * 1024
MOST_COLUMNS = 500
PREVIEWED = 5
# An address or a phone number, where a header should stand.
_CONTACT = re.compile(r"\S+@\S+\.\S+|\+?[0-9][0-9 ().-]{6,20}")
# The option that names what a file was uploaded for, where that is no import of contacts.
OWNED = "owned_by"


@transaction.atomic
def store(name: str, pieces: Iterable[bytes], user: Any = None, encoding: str = "", delimiter: str = "") -> CsvImport:
    """Keep a file as a draft, with its encoding, delimiter and columns guessed where they are not given.

    Raises Unreadable, with a sentence, for what is no CSV file of contacts.
    """
    file = CsvImport.objects.create(name=name[:255], created_by=user)
    texts = _Normal(pieces, encoding)
    for place, piece in enumerate(cut(texts)):
        CsvChunk.objects.create(csv_import=file, place=place, content=piece)
        file.size += len(piece)
    read_as(file, encoding=texts.encoding, delimiter=delimiter)
    return file


def read_as(file: CsvImport, encoding: str, delimiter: str = "") -> None:
    """Read a draft's headers and guess its columns anew, in this encoding and with this delimiter."""
    head = bytes(next(pieces_of(file, 0), b""))
    if not head.strip():
        raise Unreadable("The file is empty.")
    first = head.split(b"\n", 1)[0].rstrip(b"\r").decode("ascii", "replace").strip('"')
    skipped = 0
    if first[:4].lower() == "sep=" and is_delimiter(first[4:]):  # Excel's own hint
        delimiter = delimiter or first[4:]
        skipped = head.index(b"\n") + 1 if b"\n" in head else len(head)
    text = head[skipped:].decode(encoding, "replace")
    refuse_other_texts(text)
    file.encoding, file.delimiter = encoding, delimiter or guess_delimiter(text[:100_000])
    reader = Reader(pieces_of(file, skipped), file.encoding, file.delimiter, skipped, int(skipped > 0))
    header = next(iter(reader), None)
    if header is None:
        raise Unreadable("The file is empty.")
    if header.problem:
        raise Unreadable(f"The headers in line {header.line} cannot be read. {header.problem}")
    if len(header.cells) > MOST_COLUMNS:
        raise Unreadable(f"The file has more than {MOST_COLUMNS} columns.")
    file.headers = [cell.replace("\0", "").strip()[:200] for cell in header.cells]
    file.offset, file.lines_read = reader.offset, reader.lines
    rows = preview(file, 100)
    if not rows:
        raise Unreadable("There are no rows below the headers.")
    file.mapping = guess(file.headers, [row.cells for row in rows], definitions(), topics.known())
    file.save()


def read_again(file: CsvImport, encoding: str, delimiter: str) -> bool:
    """Read a draft in another way; False where it is a draft no more. Raises Unreadable, and it stays as it was."""
    with transaction.atomic():
        draft = CsvImport.objects.select_for_update().filter(pk=file.pk, state=CsvImport.State.DRAFT).first()
        if draft is not None:
            read_as(draft, encoding, delimiter)
    return draft is not None


def doubt(file: CsvImport) -> str:
    """What looks wrong with a draft's headers, as a sentence; "" where nothing does."""
    person = next(filter(_CONTACT.fullmatch, file.headers), "")
    if not person:
        return ""
    return (
        f"The first line looks like a contact (“{person[:60]}”), not like headers, and will not be imported. "
        "If it is one, put a line with the names of the columns above it, and upload the file again."
    )


def preview(file: CsvImport, count: int = PREVIEWED) -> list[Row]:
    """The first rows of a draft."""
    reader = Reader(pieces_of(file, file.offset), file.encoding, file.delimiter, file.offset, file.lines_read)
    return list(islice(reader, count))


def pieces_of(file: CsvImport, offset: int) -> Iterator[bytes]:
    """The kept file's bytes from `offset` on, a piece at a time."""
    place, skip = divmod(offset, PIECE)
    while True:
        found = CsvChunk.objects.filter(csv_import=file, place=place).values_list("content", flat=True).first()
        if found is None:
            return
        yield bytes(found)[skip:]
        place, skip = place + 1, 0


class _Normal:
    """A file with one byte per plain letter and lines that end in a line feed; `encoding` is known at the end."""

    def __init__(self, pieces: Iterable[bytes], encoding: str) -> None:
        self._pieces = iter(pieces)
        self.encoding = encoding

    def __iter__(self) -> Iterator[bytes]:
        head = next(self._pieces, b"")
        wide = wide_encoding(head[:4096])
        if wide or self.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf-8-sig")):
            decoder = codecs.getincrementaldecoder(wide or self.encoding)("replace")
            self.encoding = "utf-8"
            yield from _fed(decoder.decode(piece).encode() for piece in self._chain(head))
            return
        check = codecs.getincrementaldecoder("utf-8")()
        sample = b""
        for piece in _fed(self._chain(head)):
            if check is not None and not self.encoding:
                try:
                    check.decode(piece)
                except UnicodeDecodeError:
                    check, sample = None, piece
            yield piece
        self.encoding = self.encoding or (guess_encoding(_telling(sample)) if check is None else "utf-8")

    def _chain(self, head: bytes) -> Iterator[bytes]:
        yield head
        yield from self._pieces


def _telling(sample: bytes) -> bytes:
    """The lines that hold anything but ASCII, which alone tell encodings apart."""
    return b"\n".join(islice((line for line in sample.split(b"\n") if not line.isascii()), 500)) or sample


def _fed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Old Macintosh files end their lines in a carriage return alone."""
    alone = None
    for piece in pieces:
        if alone is None and piece:
            alone = b"\r" in piece and b"\n" not in piece and len(piece) > 1
        yield piece.replace(b"\r", b"\n") if alone else piece


def cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of exactly PIECE, so that an offset tells the piece."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        while len(buffer) >= PIECE:
            yield bytes(buffer[:PIECE])
            del buffer[:PIECE]
    if buffer:
        yield bytes(buffer)
