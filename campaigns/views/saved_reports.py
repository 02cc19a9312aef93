"""Pages on which reports are saved, found again, renamed and deleted."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.models import SavedReport
from campaigns.reports import saved_reports
from campaigns.reports.forms import SavedReportForm
from contacts.list_forms import ListForm
from contacts.pagination import page

may_read = permission_required("campaigns.view_savedreport", raise_exception=True)
may_add = permission_required("campaigns.add_savedreport", raise_exception=True)
may_change = permission_required("campaigns.change_savedreport", raise_exception=True)
may_delete = permission_required("campaigns.delete_savedreport", raise_exception=True)


@require_GET
@may_read
def show_all(request: HttpRequest) -> HttpResponse:
    form = ListForm(request.GET)
    reports = SavedReport.objects.visible(request.user)
    if words := form.asked["q"]:
        reports = reports.filter(name__icontains=words)
    shown = page(reports, request)
    mine = set(SavedReport.objects.changeable(request.user).values_list("pk", flat=True))
    return render(request, "campaigns/saved_report_list.html", {"page": shown, "form": form, "changeable": mine})


@require_http_methods(["GET", "POST"])
@may_add
def create(request: HttpRequest) -> HttpResponse:
    """The report that `query` describes gets a name."""
    query = saved_reports.cleaned(request.POST.get("query", "") or request.GET.urlencode())
    form = SavedReportForm(request.POST or None, instance=SavedReport(owner_id=request.user.pk))
    if request.method == "POST" and form.is_valid():
        report = saved_reports.keep(form.save(commit=False), query, timezone.now())
        messages.success(request, f"The report “{report.name}” is saved.")
        return redirect(_address(report))
    context = {"form": form, "query": query, "title": "Save this report", "back": f"{reverse('report')}?{query}"}
    return render(request, "save_as.html", context)


@require_http_methods(["GET", "POST"])
@may_change
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    report = get_object_or_404(SavedReport.objects.changeable(request.user), pk=pk)
    form = SavedReportForm(request.POST or None, instance=report)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"The report is now called “{report.name}”.")
        return redirect(_address(report))
    context = {"form": form, "query": report.query, "title": f"Rename “{report}”", "back": _address(report)}
    return render(request, "save_as.html", context)


@require_POST
@may_change
def update(request: HttpRequest, pk: int) -> HttpResponse:
    """What is asked for now becomes what the saved report asks."""
    report = get_object_or_404(SavedReport.objects.changeable(request.user), pk=pk)
    saved_reports.keep(report, request.POST.get("query", ""), timezone.now())
    messages.success(request, f"The report “{report.name}” is saved as it is now.")
    return redirect(_address(report))


@require_http_methods(["GET", "POST"])
@may_delete
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    report = get_object_or_404(SavedReport.objects.changeable(request.user), pk=pk)
    if request.method == "POST":
        report.delete()
        messages.success(request, f"The report “{report.name}” is deleted.")
        return redirect("saved_report_list")
    context = {
        "title": f"Delete the report “{report}”?",
        "sentence": "Everybody who uses it loses it." if report.shared else "Only you see it.",
        "details": ["What it counts stays where it is."],
        "action": "Delete",
        "post_url": request.path,
        "back_url": reverse("saved_report_list"),
    }
    return render(request, "confirm.html", context)


def _address(report: SavedReport) -> str:
    return f"{reverse('report')}?{report.query}&saved={report.pk}"
