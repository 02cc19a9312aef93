"""Writes a report as a CSV file, line by line, with cells that no spreadsheet runs as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

from campaigns.conversion_stats import plain
from campaigns.models.day_count import METRICS
from campaigns.reports.query import GROUPS, RATES, TIMES
from campaigns.reports.reporting import Report, Row, everything


def response(report: Report, order: str) -> StreamingHttpResponse:
    """All rows, also of a report that is too long for a page: those come one after the other from the database."""
    rows = everything(report.query, order) if report.truncated else report.sorted(order)
    answer = StreamingHttpResponse(lines(report, rows), content_type="text/csv; charset=utf-8")
    name = f"messages-by-{'-and-'.join(report.query.groups)}-{report.query.since}-{report.query.until}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def lines(report: Report, rows: Iterable[Row]) -> Iterator[str]:
    """A line of headings, then the rows. Days come as dates, all else by name and key, rates as shares of one."""
    groups = report.query.groups
    head: list[str] = []
    for group in groups:
        head += [GROUPS[group]] if group in TIMES else [GROUPS[group], f"{GROUPS[group]} key"]
    currencies = sorted(report.total.revenue)
    yield "\ufeff" + line([*head, *METRICS, *RATES, *(f"revenue {currency}" for currency in currencies)])
    for row in rows:
        cells: list[str] = []
        for group, named in zip(groups, row.of, strict=True):
            cells += [named.key] if group in TIMES else [named.label, named.key]
        cells += [str(row.counts[metric]) for metric in METRICS]
        cells += ["" if rate is None else f"{rate:.6f}" for rate in row.rates.values()]
        earned = plain(dict(row.revenue))
        yield line([*cells, *(earned.get(currency, "0.00") for currency in currencies)])


def line(cells: Sequence[str]) -> str:
    """One line of a file, safe to be opened in a spreadsheet."""
    out = io.StringIO()
    csv.writer(out).writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: str) -> str:
    """A number may be negative; anything else that begins like a formula gets an apostrophe in front."""
    number = cell.removeprefix("-").replace(".", "", 1).isdecimal()
    if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not number:
        return "'" + cell
    return cell
