"""Reads the rows of an Excel workbook (ECMA-376) one after the other, in flat memory and within bounds."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import IO
from xml.parsers import expat

from contacts.imports.csv_sniffing import Unreadable
from contacts.imports.xlsx_parts import Strings, Texts, parsed
from contacts.imports.xlsx_values import USUAL, kind_of, number_of, unescaped

# What a spreadsheet may be at most, by Excel itself. Cells hold 32,767 characters there.
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 1_048_576, 16_384, 40_000
# What is packed smaller than that says the same thing over and over, to fill whatever unpacks it.
MOST_TIGHT, TIGHT_FROM = 200, 16 * 1024 * 1024
MOST_BYTES = 4 * 1024 * 1024 * 1024
_READ = 256 * 1024
NO_WORKBOOK = "This is a ZIP file, but no Excel workbook. Unpack it, and upload the CSV file that is in it."
OPEN_DOCUMENT = "This is an OpenDocument spreadsheet, whatever its name says. Save it as an Excel workbook or as CSV."
BINARY = "This is a binary Excel workbook (.xlsb). Save it as .xlsx or as CSV."
DAMAGED = "This Excel workbook is damaged. Open it in Excel, save it again, or save it as CSV."

_CELL = re.compile(r"([A-Z]{1,4})([0-9]{1,8})")

# What unpacking a damaged file may raise.
_SPOILT = zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error


class Workbook:
    """An open workbook: `sheets` are the names of those that are shown, in order."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
            self._names = set(self._zip.namelist())
            if len(self._names) > 10_000:
                raise Unreadable("This Excel workbook has more than 10,000 parts. Save it as CSV first.")
            book = self._main_part()
            self._targets = self._relations(book)
            self.sheets, self._parts, self._since_1904 = self._shown(book)
        except (*_SPOILT, expat.ExpatError) as error:
            raise Unreadable(DAMAGED) from error
        if not self.sheets:
            raise Unreadable("This Excel workbook has no sheet with cells.")

    def size(self, sheet: int) -> int:
        """Bytes of the sheet's markup."""
        return self._zip.getinfo(self._parts[sheet]).file_size

    def rows(self, sheet: int) -> Iterator[tuple[int, list[str] | None]]:
        """The rows, empty ones as [], a few at a time, each with how many bytes of `size` were read by then. Before
        them None, now and then, while the texts of all sheets are read: whoever has no time left may stop there.

        Dates are written as 2026-03-10 or 2026-03-10T09:00:00, formulas as what they came to when they were saved.
        Raises Unreadable in the middle of it where the rest cannot be read.
        """
        try:
            with Strings() as strings:
                if self._targets.get("sharedStrings") in self._names:
                    parser = parsed(None, Texts("si", strings.append))
                    for piece in self._bytes(self._targets["sharedStrings"]):
                        parser.Parse(piece, False)
                        yield 0, None
                    parser.Parse(b"", True)
                    strings.complete()
                yield from self._cells(sheet, strings)
        except _SPOILT as error:
            raise Unreadable(DAMAGED) from error
        except expat.ExpatError as error:
            raise Unreadable(DAMAGED) from error

    def _cells(self, sheet: int, strings: Strings) -> Iterator[tuple[int, list[str]]]:
        reading = _Sheet(strings, self._formats(), self._since_1904)
        read = 0
        for piece in self._bytes(self._parts[sheet]):
            reading.feed(piece)
            read += len(piece)
            for row in reading.taken():
                yield read, row
        reading.feed(b"", last=True)
        for row in reading.taken():
            yield read, row

    def _bytes(self, name: str) -> Iterator[bytes]:
        """A part as it is unpacked. What its header says of its size is not believed."""
        info = self._zip.getinfo(name)
        read = 0
        with self._zip.open(info) as part:
            while piece := part.read(_READ):
                read += len(piece)
                if read > MOST_BYTES or (read > TIGHT_FROM and read > MOST_TIGHT * max(1, info.compress_size)):
                    raise Unreadable("This Excel workbook unpacks to far more than it holds. Save it as CSV first.")
                yield piece

    def _main_part(self) -> str:
        found: list[str] = []

        def element(name: str, given: dict[str, str]) -> None:
            if name == "Relationship" and given.get("Type", "").endswith("/officeDocument"):
                found.append(given.get("Target", "").lstrip("/"))

        if "_rels/.rels" in self._names:
            parsed(self._bytes("_rels/.rels"), element)
        found.append("xl/workbook.xml")
        part = next((name for name in found if name in self._names), None)
        if part is None:
            raise Unreadable(OPEN_DOCUMENT if "content.xml" in self._names else NO_WORKBOOK)
        if part.endswith(".bin"):
            raise Unreadable(BINARY)
        return part

    def _relations(self, book: str) -> dict[str, str]:
        """Parts by the id of what they are related by, and by the kind."""
        found: dict[str, str] = {}
        folder = PurePosixPath(book).parent

        def element(name: str, given: dict[str, str]) -> None:
            if name == "Relationship":
                target = given.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(str(folder / target))
                found[given.get("Id", "")] = found[given.get("Type", "").rpartition("/")[2]] = path

        rels = str(folder / "_rels" / (PurePosixPath(book).name + ".rels"))
        if rels in self._names:
            parsed(self._bytes(rels), element)
        return found

    def _shown(self, book: str) -> tuple[list[str], list[str], bool]:
        names: list[str] = []
        parts: list[str] = []
        since_1904: list[bool] = []

        def element(name: str, given: dict[str, str]) -> None:
            if name == "workbookPr":
                since_1904.append(given.get("date1904", "0") in ("1", "true"))
            elif name == "sheet" and given.get("state", "visible") == "visible" and len(names) < 1000:
                part = self._targets.get(next((given[key] for key in given if key.endswith(":id")), ""), "")
                if part in self._names and "chartsheet" not in part:
                    names.append(given.get("name", "")[:100])
                    parts.append(part)

        parsed(self._bytes(book), element)
        return names, parts, any(since_1904)

    def _formats(self) -> list[str]:
        """For each style of cells, "time", "elapsed", "moment", or "" for a plain number."""
        own: dict[int, str] = {}
        used: list[int] = []
        within: list[str] = []

        def element(name: str, given: dict[str, str]) -> None:
            within.append(name)
            number = given.get("numFmtId", "")[:9]
            if name == "numFmt" and number.isdecimal() and len(own) < 100_000:
                own[int(number)] = kind_of(given.get("formatCode", ""))
            elif name == "xf" and "cellXfs" in within and len(used) < 100_000:
                used.append(int(number) if number.isdecimal() else 0)

        def end(name: str) -> None:
            within.remove(name)

        if self._targets.get("styles") in self._names:
            parsed(self._bytes(self._targets["styles"]), element, end)
        return [own.get(number, USUAL.get(number, "")) for number in used]


class _Sheet:
    """Takes in a sheet's markup, and gives out its rows."""

    def __init__(self, strings: Strings, formats: list[str], since_1904: bool) -> None:
        self._strings, self._formats, self._since_1904 = strings, formats, since_1904
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._count = self._place = 0
        self._type = self._style = ""
        self._text: list[str] = []
        self._length = 0
        self._open = self._aside = False  # within what a cell's text is written in
        self._parser = parsed(None, self._start, self._end)
        self._parser.CharacterDataHandler = self._data

    def feed(self, piece: bytes, last: bool = False) -> None:
        self._parser.Parse(piece, last)

    def taken(self) -> list[list[str]]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "c":
            found = _CELL.fullmatch(given.get("r", ""))
            if found:
                place = 0
                for letter in found[1]:
                    place = place * 26 + ord(letter) - 64
                self._place = place - 1
            self._type, self._style = given.get("t", "n"), given.get("s", "")
            self._text, self._length = [], 0
        elif name in ("v", "t"):
            self._open = not self._aside
        elif name == "rPh":  # how a text is pronounced
            self._aside = True
        elif name == "row":
            told = given.get("r", "")
            number = int(told) if told.isdecimal() and len(told) < 9 else self._count + 1
            if number > MOST_ROWS:
                raise Unreadable("This sheet has more rows than Excel knows. Save it as CSV first.")
            while self._count < number - 1:
                self._count += 1
                self._rows.append([])
            self._count += 1
            self._row, self._place = [], 0

    def _data(self, text: str) -> None:
        if self._open and self._length < LONGEST_CELL:
            self._text.append(text)
            self._length += len(text)

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._open = False
        elif name == "c":
            value = self._value("".join(self._text)) if self._text else ""
            if value:
                if self._place >= MOST_COLUMNS:
                    raise Unreadable("This sheet has more columns than Excel knows. Save it as CSV first.")
                row = self._row
                while len(row) < self._place:
                    row.append("")
                row[self._place :] = [value]
            self._place += 1
        elif name == "rPh":
            self._aside = False
        elif name == "row":
            self._rows.append(self._row)

    def _value(self, text: str) -> str:
        kind = self._type
        if kind == "s":
            return unescaped(self._strings[int(text[:9])]) if text.isdecimal() else ""
        if kind == "n":
            shown = self._formats[int(self._style)] if self._styled() else ""
            return self._moment(text, shown) if shown else number_of(text)
        if kind == "b":
            return "yes" if text.strip() == "1" else "no"
        return "" if kind == "e" else unescaped(text)  # an error is nothing that is known

    def _styled(self) -> bool:
        return self._style.isdecimal() and len(self._style) < 7 and int(self._style) < len(self._formats)

    def _moment(self, text: str, shown: str) -> str:
        try:
            days = float(text)
            if shown == "elapsed" and 0 <= days < 1e6:
                seconds = round(days * 86400)
                return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
            if shown == "time" and 0 <= days < 1:
                return str((datetime(2000, 1, 1) + timedelta(seconds=round(days * 86400))).time())
            # Excel takes 1900 for a leap year, as Lotus 1-2-3 did.
            begin = datetime(1904, 1, 1) if self._since_1904 else datetime(1899, 12, 30 if days >= 60 else 31)
            at = begin + timedelta(days=int(days), seconds=round(days % 1 * 86400))
        except (ValueError, OverflowError):
            return text
        return at.date().isoformat() if not days % 1 else at.isoformat()
