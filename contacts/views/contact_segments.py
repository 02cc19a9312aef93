"""The part of a contact's page that shows which segments they are in, and puts them into fixed lists."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from contacts.htmx import HtmxRequest
from contacts.models import Contact, Membership, Segment
from contacts.segments import placing

may_see = permission_required(["contacts.view_segment", "contacts.view_contact"], raise_exception=True)
SHOWN = 200


@may_see
@require_http_methods(["GET", "POST"])
def contact_segments(request: HtmxRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    if request.method == "POST":
        return _change(request, contact)
    return render(request, "contacts/_contact_segments.html", _shown(contact))


@permission_required("contacts.change_segment", raise_exception=True)
def _change(request: HtmxRequest, contact: Contact) -> HttpResponse:
    """Puts the contact into the list `add`, or takes them out of the list `remove`."""
    name = "remove" if "remove" in request.POST else "add"
    text = request.POST.get(name, "")
    number = int(text) if text.isdecimal() and len(text) < 19 else 0
    segment = get_object_or_404(Segment, pk=number, kind=Segment.Kind.STATIC)
    source = f"by {request.user.get_username()}"
    place = placing.remove if name == "remove" else placing.add
    place(segment, [contact.pk], timezone.now(), source)
    if not request.htmx:
        return redirect("contact_page", contact.pk)
    return render(request, "contacts/_contact_segments.html", _shown(contact))


def _shown(contact: Contact) -> dict[str, Any]:
    inside = Membership.objects.filter(contact=contact).values("segment_id")
    lists = Segment.objects.filter(kind=Segment.Kind.STATIC).exclude(pk__in=inside)
    return {
        "contact": contact,
        "inside": Segment.objects.filter(pk__in=inside).only("name", "kind")[:SHOWN],
        "other_lists": lists.only("name")[:SHOWN],
    }
