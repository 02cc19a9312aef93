"""Writes the budget's ledger as a CSV file, line by line, the oldest movement first."""

from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

from campaigns.models import LedgerEntry
from campaigns.reports.export import line

COLUMNS = ("id", "at", "kind", "amount", "channel", "messages", "note", "by")


def response(entries: Iterable[LedgerEntry]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(lines(entries), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="budget-ledger.csv"'
    return answer


def lines(entries: Iterable[LedgerEntry]) -> Iterator[str]:
    """`by` must have been selected."""
    yield "\ufeff" + line(COLUMNS)
    for entry in entries:
        yield line(
            [
                str(entry.pk),
                entry.at.isoformat(),
                entry.kind,
                format(entry.amount, "f"),
                entry.channel,
                str(entry.messages),
                entry.note,
                str(entry.by or ""),
            ]
        )
