"""Turns uploaded workbooks into CSV, a few seconds at a time, so that everything after works with one kind of file."""

import logging
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import IO, Any
from uuid import uuid4

from django.db import transaction

from contacts import csv_writing
from contacts.imports import uploading
from contacts.imports.csv_sniffing import Unreadable
from contacts.imports.xlsx_reading import Workbook
from contacts.lanes import nudge
from contacts.models import CsvChunk, CsvImport

logger = logging.getLogger(__name__)
State = CsvImport.State
SLICE_SECONDS = 2.0
# A workbook is read from its beginning by one process. If that one says nothing for so long, another begins anew.
LEASE = timedelta(minutes=1)
_ME = uuid4().hex
_open: dict[int, "_Conversion"] = {}


def store(name: str, pieces: Iterable[bytes], user: Any = None, encoding: str = "", delimiter: str = "") -> CsvImport:
    """Keep a file as `uploading.store` does, or a workbook, which becomes a draft once it is converted.

    Raises Unreadable, with a sentence, for what is neither.
    """
    pieces = iter(pieces)
    head = next(pieces, b"")
    if not head.startswith(b"PK\x03\x04"):
        return uploading.store(name, chain([head], pieces), user, encoding, delimiter)
    with transaction.atomic(), tempfile.TemporaryFile() as opened:
        file = CsvImport.objects.create(name=name[:255], created_by=user, state=State.CONVERTING)
        for place, piece in enumerate(uploading.cut(chain([head], pieces))):
            CsvChunk.objects.create(csv_import=file, place=-1 - place, content=piece)
            opened.write(piece)
        file.options = {"sheets": Workbook(opened).sheets}
        file.save()
        nudge("upkeep")
    return file


def choose(file: CsvImport, sheet: int) -> bool:
    """Read another sheet of a draft's workbook; False where that is no draft of a workbook with such a sheet."""
    if not 0 <= sheet < len(file.options.get("sheets", [])):
        return False
    options = {"sheets": file.options["sheets"], "sheet": sheet}  # and no converter
    changed = CsvImport.objects.filter(pk=file.pk, state=State.DRAFT).update(state=State.CONVERTING, options=options)
    if changed:
        nudge("upkeep")
    return bool(changed)


def work(now: datetime) -> bool:
    """Convert a little more of the oldest workbook that nobody else is at; whether there was one."""
    with transaction.atomic():
        waiting = CsvImport.objects.filter(state=State.CONVERTING).order_by("id")
        for file in waiting.select_for_update(skip_locked=True, of=("self",), no_key=True):
            owner, until, _ = file.options.get("converter") or (_ME, "", 0)
            if owner == _ME or datetime.fromisoformat(until) < now:
                _convert(file, now)
                return True
    # Whoever was cancelled or taken over by somebody else is done with here.
    for pk in list(_open):
        _open.pop(pk).close()
    return False


def _convert(file: CsvImport, now: datetime) -> None:
    conversion = _open.get(file.pk)
    if conversion is None or file.options.get("converter", [])[2:] != [conversion.slices]:
        if conversion is not None:
            conversion.close()
        file.chunks.filter(place__gte=0).delete()
        conversion = _open[file.pk] = _Conversion(file)
    try:
        with transaction.atomic():
            more = conversion.go_on(file, time.monotonic() + SLICE_SECONDS)
            file.options["converter"] = [_ME, (now + LEASE).isoformat(), conversion.slices]
            if not more:
                del file.options["converter"]
                file.state = State.DRAFT
                uploading.read_as(file, "utf-8", ",")
    except Unreadable as unreadable:
        _fail(file, str(unreadable), now)
        more = False
    except Exception:
        logger.exception("Workbook %s could not be converted", file.pk)
        _fail(file, "Waypost stumbled over this workbook. Save it as CSV and import that.", now)
        more = False
    file.save()
    if not more:
        _open.pop(file.pk).close()


def _fail(file: CsvImport, sentence: str, now: datetime) -> None:
    file.state, file.error, file.finished_at = State.FAILED, sentence, now
    file.chunks.all().delete()


class _Conversion:
    """A workbook that is being read, and how far."""

    def __init__(self, file: CsvImport) -> None:
        self.slices = 0
        self._read = file.rows_read = 0
        self._place = self._last = 0
        self._buffer = bytearray()
        self._opened: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see `close`
        for (content,) in file.chunks.filter(place__lt=0).order_by("-place").values_list("content").iterator(1):
            self._opened.write(content)
        self._workbook = Workbook(self._opened)
        self._chosen = "sheet" in file.options
        self._sheet = file.options.get("sheet", 0)
        self._rows = self._begin(file)

    def close(self) -> None:
        self._rows = iter(())
        self._opened.close()

    def _begin(self, file: CsvImport) -> Iterator[tuple[int, list[str] | None]]:
        file.size, file.offset = max(1, self._workbook.size(self._sheet)), 0
        return self._workbook.rows(self._sheet)

    def go_on(self, file: CsvImport, until: float) -> bool:
        """Write rows as CSV for a while; whether there are more."""
        self.slices += 1
        for read, cells in self._rows:
            if cells is not None:
                self._buffer += csv_writing.plain_line(cells).encode("utf-8", "replace")
                self._read += bool(cells)
            file.offset = min(read, file.size)
            if len(self._buffer) >= uploading.PIECE:
                self._put(file, whole=True)
            if time.monotonic() > until:
                file.rows_read = self._read
                return True
        if self._read < 2 and not self._chosen and self._sheet + 1 < len(self._workbook.sheets):
            self._sheet += 1
            self._buffer.clear()
            self._read = file.rows_read = 0
            self._rows = self._begin(file)
            return True
        self._put(file, whole=False)
        file.size = (self._place - 1) * uploading.PIECE + self._last if self._place else 0
        file.rows_read = 0
        file.options["sheet"] = self._sheet
        return False

    def _put(self, file: CsvImport, whole: bool) -> None:
        """Keep what is written, in pieces of one size but for the last."""
        while len(self._buffer) >= uploading.PIECE or (self._buffer and not whole):
            piece = bytes(self._buffer[: uploading.PIECE])
            del self._buffer[: uploading.PIECE]
            CsvChunk.objects.create(csv_import=file, place=self._place, content=piece)
            self._place += 1
            self._last = len(piece)
