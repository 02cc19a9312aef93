"""Addresses that are never written to."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from contacts.consent import suppress
from contacts.forms import SuppressionForm
from contacts.list_forms import ListForm
from contacts.models import Suppression
from contacts.pagination import page


@permission_required("contacts.view_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def suppression_list(request: HttpRequest) -> HttpResponse:
    form = SuppressionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and request.user.has_perm("contacts.add_suppression") and form.is_valid():
        given = form.cleaned_data
        suppress(given["channel"], [given["address"]], given["reason"] or f"by {request.user}", timezone.now())
        messages.success(request, f"“{given['address']}” is never written to again.")
        return redirect("suppression_list")
    bar = ListForm(request.GET)
    words = bar.asked["q"]
    rows = Suppression.objects.filter(address__istartswith=words) if words else Suppression.objects.all()
    return render(request, "contacts/suppression_list.html", {"page": page(rows, request), "form": form, "bar": bar})


@permission_required("contacts.delete_suppression", raise_exception=True)
@require_http_methods(["GET", "POST"])
def suppression_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Suppression, pk=pk)
    if request.method == "POST":
        row.delete()
        messages.success(request, f"“{row.address}” may be written to again.")
        return redirect("suppression_list")
    return render(request, "contacts/suppression_delete.html", {"row": row})
