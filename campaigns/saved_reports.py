"""Keeps reports under a name, for oneself or for everybody."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet

from campaigns.models import SavedReport
from campaigns.report_forms import ReportForm

LONGEST = SavedReport._meta.get_field("query").max_length or 0


def visible(user: Any) -> QuerySet[SavedReport]:
    """One's own, and what others share."""
    return SavedReport.objects.filter(Q(owner=user.pk) | Q(shared=True)).select_related("owner")


def changeable(user: Any) -> QuerySet[SavedReport]:
    """One's own; those who may do everything also change what others share."""
    mine = Q(owner=user.pk)
    return SavedReport.objects.filter(mine | Q(shared=True) if user.is_superuser else mine)


def opened(user: Any, pk: str) -> SavedReport | None:
    """The report that an address says is open."""
    return visible(user).filter(pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None


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
