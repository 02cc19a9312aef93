"""Pages of reports on messages, on links and on recipients' domains, and the file of a report."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from campaigns.models import SavedReport
from campaigns.models.day_count import METRICS
from campaigns.origins import all_places
from campaigns.reports import charting, reporting
from campaigns.reports import domains as domain_report
from campaigns.reports import export as report_export
from campaigns.reports import links as link_report
from campaigns.reports.forms import DomainForm, ReportForm
from campaigns.reports.query import GROUPS, LABELS, MEANINGS, TIMES
from contacts.days import day_of

may_read = permission_required("campaigns.view_message", raise_exception=True)
PAGE = 100


@require_GET
@may_read
def show(request: HttpRequest) -> HttpResponse:
    form = ReportForm(request.GET, all_places().values())
    saved = SavedReport.objects.opened(request.user, request.GET.get("saved", ""))
    context: dict[str, Any] = {"form": form, "saved": saved}
    if form.is_valid():
        report = reporting.report(form.query(day_of(timezone.now())))
        rows = report.sorted(form.order)
        number = max(int(page) if (page := request.GET.get("page", "")).isdecimal() and len(page) < 6 else 1, 1)
        context |= {
            "report": report,
            "rows": rows[(number - 1) * PAGE : number * PAGE],
            "first": (number - 1) * PAGE + 1,
            "previous": number - 1,
            "following": number + 1 if len(rows) > number * PAGE else 0,
            "chart": charting.chart(report, form.shown),
            "order": form.order,
            "narrowed": form.narrowed,
            "heading": GROUPS[report.query.groups[0]],
            "second": GROUPS[report.query.groups[1]] if len(report.query.groups) > 1 else "",
            "timed": report.query.groups[0] in TIMES,
            "columns": _columns(request, form.order),
            "by_device": "device" in report.query.asked,
        }
    context["query"] = _query(request)
    return render(request, "campaigns/report.html", context)


@require_GET
@may_read
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    form = ReportForm(request.GET)
    if not form.is_valid():
        return render(request, "campaigns/report.html", {"form": form}, status=400)
    report = reporting.report(form.query(day_of(timezone.now())))
    return report_export.response(report, form.order)


def _columns(request: HttpRequest, order: str) -> list[dict[str, str]]:
    """The table's headings, each with the address that sorts by it: first the most, then the least."""
    found = []
    for name in ("name", *METRICS):
        query = request.GET.copy()
        query.pop("page", None)
        query["sort"] = name if order == f"-{name}" or (name == "name" and order != "name") else f"-{name}"
        sorted_now = "descending" if order == f"-{name}" else "ascending" if order == name else ""
        found.append(
            {
                "name": name,
                "label": LABELS.get(name, ""),
                "title": MEANINGS.get(name, ""),
                "url": f"?{query.urlencode()}",
                "sorted": sorted_now,
            }
        )
    return found


def _query(request: HttpRequest) -> str:
    """What was asked, without where in it one stands."""
    query = request.GET.copy()
    for name in ("page", "saved"):
        query.pop(name, None)
    return query.urlencode()


@require_GET
@may_read
def links(request: HttpRequest) -> HttpResponse:
    places = all_places()
    form = ReportForm(request.GET, places.values())
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        since, until = form.days(day_of(timezone.now()))
        some = link_report.origins(places, form.of_origin)
        context["clicked"] = link_report.clicked(since, until, some)
        context["filtered"] = some is not None
        context["most"] = link_report.MOST
    return render(request, "campaigns/report_links.html", context)


@require_GET
@may_read
def domains(request: HttpRequest) -> HttpResponse:
    form = DomainForm(request.GET)
    context: dict[str, Any] = {"form": form, "most": domain_report.MOST}
    if form.is_valid():
        since, until = form.days(day_of(timezone.now()))
        provider = form.cleaned_data["provider"]
        rows, total = domain_report.domains(since, until, provider and provider.pk, form.cleaned_data["q"])
        context |= {"domains": rows, "total": total, "filtered": bool(provider or form.cleaned_data["q"])}
    return render(request, "campaigns/report_domains.html", context)
