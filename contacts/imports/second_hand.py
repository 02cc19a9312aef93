"""Takes in pieces of a file over a connection of its own, beside the one that takes in the pieces before them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import DatabaseError, connection, connections, transaction

from contacts.imports.csv_pieces import Piece
from contacts.merging import Known
from contacts.models import CsvAhead
from contacts.saving import UpsertResult


class SecondHand:
    """Does every other piece at the same time as its owner does the one before, as far as that makes no difference.

    It makes none where a piece is about newcomers alone, and says nothing about anybody in the pieces that its owner
    has not committed yet. Such a piece is committed by itself, together with a mark that says so. If what came before
    it is lost, that is done again later, and the piece is not.
    """

    def __init__(self, csv_import: int, take: Callable[[Piece], tuple[UpsertResult, int]]) -> None:
        self._csv_import, self._take = csv_import, take
        self._thread = ThreadPoolExecutor(1)
        self._uncommitted: set[str] = set()

    def begin(self, before: Piece, piece: Piece) -> Future[CsvAhead | None] | None:
        """Take `piece` in while the caller takes in the one before; None where it must wait for its turn."""
        self.note(before)
        if piece.cleaned.batch.apart or not self._uncommitted.isdisjoint(piece.cleaned.batch.identifiers):
            return None
        return self._thread.submit(self._do, piece)

    def note(self, piece: Piece) -> None:
        """The caller takes a piece in, and commits it later."""
        self._uncommitted.update(piece.cleaned.batch.identifiers)

    def close(self) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown()

    def _do(self, piece: Piece) -> CsvAhead | None:
        """What became of the piece; None where somebody in it is known after all, or anything came in the way."""
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL synchronous_commit = off")
                    # Whoever is waited for may be waiting for this very import.
                    cursor.execute("SET LOCAL lock_timeout = '1s'")
                result, refused = self._take(piece)
                return CsvAhead.objects.create(
                    csv_import_id=self._csv_import,
                    begins=piece.begins,
                    ends=piece.ends,
                    lines_read=piece.lines,
                    rows_read=piece.size,
                    created=result.created,
                    refused=refused,
                )
        except (Known, DatabaseError):
            return None
