"""Erasing a person for good, and giving out everything that is known of one."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts.htmx import HtmxRequest
from contacts.models import Contact, ErasedAddress, Erasure
from contacts.pagination import page
from contacts.people import barring, erasing, forgetting, mentioning, personal_data
from contacts.people.naming import Names


@permission_required("contacts.erase_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def erase(request: HtmxRequest, pk: int) -> HttpResponse:
    """Asks for their name, or whatever they are known by, to be typed."""
    contact = get_object_or_404(Contact, pk=pk)
    problem = ""
    if request.method == "POST":
        if request.POST.get("typed", "").strip().lower() == str(contact).strip().lower():
            source = f"by {request.user.get_username()}"
            erasing.erase([pk], timezone.now(), source, request.user, bool(request.POST.get("bar")))
            messages.success(request, "The person is erased. What is counted stays as it was.")
            if erasing.replaced(pk):
                messages.warning(request, "Look at what named them: Contacts → Erased people lists it.")
            if request.htmx:
                return HttpResponse(headers={"HX-Redirect": reverse("contact_list")})
            return redirect("contact_list")
        problem = "This is not what stands there."
    context = {
        "contact": contact,
        "word": str(contact).strip(),
        "problem": problem,
        "files": forgetting.waiting_files(contact),
        "mentions": mentioning.mentions(Names(erasing.people([pk]))),
        "bar": request.method == "GET" or bool(request.POST.get("bar")),
    }
    return render(request, "contacts/contact_erase.html", context)


@permission_required("contacts.view_erasure", raise_exception=True)
@require_http_methods(["GET", "POST"])
def show_all(request: HttpRequest) -> HttpResponse:
    """That people were erased; and letting an address be added again, for whoever comes back by their own wish."""
    if request.method == "POST":
        if not request.user.has_perm("contacts.erase_contact"):
            raise PermissionDenied
        if barring.lift(request.POST.get("address", "").strip()):
            messages.success(request, "This address can be added again.")
        else:
            messages.warning(request, "This address was not barred.")
        return redirect("erasure_list")
    shown = page(Erasure.objects.all(), request)
    return render(request, "contacts/erasure_list.html", {"page": shown, "barred": ErasedAddress.objects.count()})


@permission_required("contacts.export_contact", raise_exception=True)
@require_GET
def data(request: HttpRequest, pk: int) -> HttpResponseBase:
    contact = get_object_or_404(Contact, pk=pk)
    personal_data.record(contact, timezone.now(), f"by {request.user.get_username()}")
    pieces = personal_data.pieces(contact, timezone.now())
    answer = StreamingHttpResponse(pieces, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="contact-{pk}.json"'
    return answer
