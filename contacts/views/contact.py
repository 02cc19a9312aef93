"""One contact: their page, and changing them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import panels, saving, tagging
from contacts.attributes import showing
from contacts.attributes.rows import ALL_KINDS, AttributeRow
from contacts.contact_zones import zones_of
from contacts.forms import ContactForm
from contacts.htmx import HtmxRequest
from contacts.models import Contact, Event, Tag
from contacts.pagination import page
from contacts.people import joining
from contacts.remembering import remembering
from contacts.telling import tell
from contacts.views import contact_consent

may_see = permission_required("contacts.view_contact", raise_exception=True)
may_change = permission_required("contacts.change_contact", raise_exception=True)


@may_see
@require_GET
def contact_page(request: HttpRequest, pk: int) -> HttpResponse:
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        # Who was merged into somebody is found where everything of theirs is.
        return redirect("contact_page", joining.successor_or_404(pk), permanent=True)
    context = {
        "contact": contact,
        "zone": zones_of([pk])[pk],
        **showing.shown(contact),
        "panels": panels.drawn(contact, request),
        **_tags(contact),
        **contact_consent.shown(contact),
        **_timeline(contact, request),
    }
    return render(request, "contacts/contact_page.html", context)


@may_see
@require_GET
def contact_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Older events, for the end of the list on the page."""
    contact = get_object_or_404(Contact, pk=pk)
    return render(request, "contacts/_contact_timeline.html", {"contact": contact, **_timeline(contact, request)})


@permission_required("contacts.add_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def contact_create(request: HttpRequest) -> HttpResponse:
    form = ContactForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            contact = saving.create(form.cleaned_data, timezone.now(), _source(request))
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"“{contact}” is created.")
            return redirect("contact_page", contact.pk)
    return render(request, "contacts/contact_form.html", {"form": form, "kinds": ALL_KINDS})


@may_change
@require_http_methods(["GET", "POST"])
def contact_edit(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    form = ContactForm(request.POST if request.method == "POST" else None, contact)
    if form.is_valid():
        try:
            contact = saving.update(contact, form.cleaned_data, timezone.now(), _source(request))
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, f"“{contact}” is saved.")
            return redirect("contact_page", pk)
    return render(request, "contacts/contact_form.html", {"form": form, "contact": contact, "kinds": ALL_KINDS})


@may_change
@require_GET
def attribute_row(request: HttpRequest) -> HttpResponse:
    """One more empty row for the attributes of the form."""
    return render(request, "contacts/_contact_attribute_row.html", {"row": AttributeRow(), "kinds": ALL_KINDS})


@permission_required("contacts.delete_contact", raise_exception=True)
@require_http_methods(["GET", "POST"])
def contact_delete(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    if request.method == "POST":
        saving.delete([pk])
        messages.success(request, f"“{contact}” is deleted.")
        return redirect("contact_list")
    return render(
        request,
        "contacts/contact_delete.html",
        {"contact": contact, "name": str(contact), "events": contact.events.count()},
    )


@may_change
@require_POST
def contact_tags(request: HtmxRequest, pk: int) -> HttpResponse:
    """Adds the tag `add`, or takes the tag `remove` off."""
    contact = get_object_or_404(Contact, pk=pk)
    problem = ""
    try:
        if "remove" in request.POST:
            tagging.remove([pk], [request.POST["remove"]], timezone.now(), _source(request))
        else:
            tagging.add([pk], [request.POST.get("add", "")], timezone.now(), _source(request))
    except ValidationError as error:
        problem = " ".join(error.messages)
    return _part(request, contact, "contacts/_contact_tags.html", {**_tags(contact), "problem": problem})


def _part(request: HtmxRequest, contact: Contact, template: str, context: dict[str, Any]) -> HttpResponse:
    if not request.htmx:
        return redirect("contact_page", contact.pk)
    return render(request, template, {"contact": contact, **context})


def _source(request: HttpRequest) -> str:
    return f"by {request.user.get_username()}"


def _tags(contact: Contact) -> dict[str, Any]:
    return {
        "marks": contact.contact_tags.select_related("tag").order_by("tag__name"),
        "other_tags": Tag.objects.exclude(contact_tags__contact=contact)[:200],
    }


def _timeline(contact: Contact, request: HttpRequest) -> dict[str, Any]:
    events = page(Event.objects.filter(contact=contact), request, 30)
    with remembering():  # what topics are called
        return {"events": [tell(event) for event in events.rows], "older": events.older}
