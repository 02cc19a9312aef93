"""Addresses and domains that are never written to."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts import suppressing
from contacts.consent import suppress
from contacts.consent_forms import LiftForm, SuppressionForm, SuppressionImportForm, SuppressionListForm
from contacts.models import Suppression
from contacts.pagination import page

may_see = permission_required("contacts.view_suppression", raise_exception=True)


@may_see
@require_http_methods(["GET", "POST"])
def suppression_list(request: HttpRequest) -> HttpResponse:
    form = SuppressionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.user.has_perm("contacts.add_suppression") and form.is_valid():
        given = form.cleaned_data
        new = suppress(given["channel"], [given["address"]], given["reason"] or f"by {request.user}", timezone.now())
        sentence = "is never written to again" if new else "was on the list already"
        messages.success(request, f"“{given['address']}” {sentence}.")
        return redirect("suppression_list")
    bar = SuppressionListForm(request.GET)
    rows = suppressing.found(bar.asked["q"] or "", bar.asked["channel"] or "")
    context = {"page": page(rows, request), "form": form, "bar": bar, "lifted": suppressing.lifted()}
    return render(request, "contacts/suppression_list.html", context)


@permission_required("contacts.add_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def suppression_import(request: HttpRequest) -> HttpResponse:
    """Many at once; afterwards the page says what became of them."""
    form = SuppressionImportForm(request.POST or None, request.FILES or None)
    result = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        rows = suppressing.rows_of(given["addresses"])
        reason = given["reason"] or f"list, by {request.user}"
        try:
            result = suppressing.take_in(given["channel"], rows, reason, timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
    return render(request, "contacts/suppression_import.html", {"form": form, "result": result})


@may_see
@require_GET
def suppression_export(request: HttpRequest) -> StreamingHttpResponse:
    """What the list is narrowed down to, as a CSV file."""
    bar = SuppressionListForm(request.GET)
    rows = suppressing.found(bar.asked["q"] or "", bar.asked["channel"] or "")
    answer = StreamingHttpResponse(suppressing.exported(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="suppressed.csv"'
    return answer


@permission_required("contacts.delete_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def suppression_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Suppression, pk=pk)
    form = LiftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        suppressing.lift(row, form.cleaned_data["why"], request.user.get_username(), timezone.now())
        messages.success(request, f"“{row.address}” may be written to again.")
        return redirect("suppression_list")
    return render(request, "contacts/suppression_delete.html", {"row": row, "form": form})
