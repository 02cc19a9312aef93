"""Why a contact is in a segment or not: asked from a segment, from a rule being built, and on a contact's page."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.models import Contact, Segment
from contacts.pagination import page
from contacts.segments import asking_why, tree
from contacts.segments.forms import scope_at

may_see = permission_required(["contacts.view_segment", "contacts.view_contact"], raise_exception=True)
AT_ONCE = 25


@may_see
@require_GET
def segment_why(request: HttpRequest, pk: int) -> HttpResponse:
    """About the contacts that `q` finds, or the one with the id `contact`."""
    segment, asked = get_object_or_404(Segment, pk=pk), request.GET
    found = asking_why.of_segment(segment, asked.get("q", ""), asked.get("contact", ""), timezone.now())
    return render(request, "contacts/_why.html", {"why": found})


@permission_required("contacts.view_contact", raise_exception=True)
@require_POST
def rule_why(request: HttpRequest) -> HttpResponse:
    """The same of a rule that is being built."""
    scope, name = scope_at(request.POST.get("place", ""))
    rule = tree.parsed(request.POST.get(name, "") or "null")
    found = asking_why.about(rule, scope, request.POST.get("why", ""), "", timezone.now())
    return render(request, "contacts/_why.html", {"why": found})


@may_see
@require_GET
def contact_why(request: HttpRequest, pk: int) -> HttpResponse:
    """All segments, some at a time, with whether the contact is in them."""
    contact, words = get_object_or_404(Contact, pk=pk), request.GET.get("q", "").replace("\0", "").strip()
    rows = Segment.objects.order_by("name", "pk")
    shown = page(rows.filter(name__icontains=words) if words else rows, request, AT_ONCE)
    asking_why.mark(shown.rows, contact.pk, timezone.now())
    context = {"contact": contact, "page": shown, "q": words}
    return render(request, "contacts/_contact_why.html", context)
