"""Keeps reports under a name, for oneself or for everybody."""

from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from campaigns.models import SavedReport
from campaigns.reports.forms import ReportForm

LONGEST = SavedReport._meta.get_field("query").max_length or 0


def cleaned(query: str) -> str:
    """A query string with what reports know, and nothing else; "" where it makes no report."""
    known = ReportForm().fields
    asked = [(name, value) for name, value in parse_qsl(query[:10_000]) if name in known]
    form = ReportForm(dict(asked))
    kept = urlencode(asked)
    return kept if form.is_valid() and len(kept) <= LONGEST else ""


def keep(report: SavedReport, query: str, now: datetime) -> SavedReport:
    """Store a new one, or what one asks for now."""
    report.query = cleaned(query)
    if report.pk is None:
        report.created_at = now
    report.save()
    return report
