"""The pages of fixed lists: making one, and putting contacts in and taking them out."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.htmx import HtmxRequest
from contacts.imports.csv_sniffing import Unreadable
from contacts.list_edit_forms import ListFileForm, ListNameForm, PasteForm
from contacts.list_forms import ListForm
from contacts.models import Contact, Membership, Placement, Segment
from contacts.pagination import page
from contacts.search import search
from contacts.segments import filling, pasting, placing, saving
from contacts.segments.where import InvalidRule

may_see = permission_required(["contacts.view_segment", "contacts.view_contact"], raise_exception=True)
may_add = permission_required("contacts.add_segment", raise_exception=True)
may_change = permission_required("contacts.change_segment", raise_exception=True)
may_create_contacts = "contacts.add_contact"
SUGGESTED = 8


@may_add
@require_http_methods(["GET", "POST"])
def list_create(request: HttpRequest) -> HttpResponse:
    form = ListNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            segment = saving.create_list(asked["name"], timezone.now(), asked["description"])
        except saving.NameTaken as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The list “{segment.name}” is made. Put contacts into it.")
            return redirect("list_members", segment.pk)
    return render(request, "contacts/list_form.html", {"form": form})


@may_add
@require_http_methods(["GET", "POST"])
def segment_copy(request: HtmxRequest, pk: int) -> HttpResponse:
    """A fixed list of those who are in a segment now."""
    segment = get_object_or_404(Segment, pk=pk)
    today = timezone.localdate()
    form = ListNameForm(request.POST or None, initial={"name": f"{segment.name}, {today.day} {today:%b %Y}"[:200]})
    form.fields.pop("description")
    if request.method == "POST" and form.is_valid():
        try:
            made = filling.copy(segment, form.cleaned_data["name"], timezone.now(), _source(request))
        except (InvalidRule, saving.NameTaken) as error:
            form.add_error(None, str(error))
        else:
            return redirect("list_members", made.pk)
    return render(request, "contacts/segment_copy.html", {"segment": segment, "form": form})


@may_see
@require_http_methods(["GET", "POST"])
def list_members(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in the list; a POST puts in whom a text names."""
    segment = _list(pk)
    form = PasteForm(request.POST if request.method == "POST" else None)
    unknown: list[str] = []
    if request.method == "POST":
        if not request.user.has_perm("contacts.change_segment"):
            return HttpResponse(status=403)
        if form.is_valid():
            try:
                pasted = pasting.read(form.cleaned_data["text"])
            except pasting.TooMany as error:
                form.add_error("text", str(error))
            else:
                new = placing.add(segment, pasted.ids, timezone.now(), _source(request)) if pasted.ids else 0
                _say(request, new, len(pasted.ids) - new)
                if not pasted.unknown:
                    return redirect("list_members", pk)
                unknown = pasted.unknown
                form = PasteForm(initial={"text": "\n".join(unknown)})
    return render(request, "contacts/list_members.html", _members(request, segment, form, unknown))


def _members(request: HttpRequest, segment: Segment, form: PasteForm, unknown: list[str]) -> dict[str, Any]:
    asked = ListForm(request.GET)
    inside = Membership.objects.filter(segment_id=segment.pk).values("contact_id")
    contacts = Contact.objects.filter(pk__in=inside)
    if words := asked.asked["q"]:
        contacts = search(contacts, words)
    return {
        "segment": segment,
        "page": page(contacts, request),
        "form": asked,
        "paste": form,
        "unknown": unknown,
        "file_form": ListFileForm(),
        "lots": segment.placements.order_by("-pk")[:3],
        "size": Membership.objects.filter(segment_id=segment.pk).count(),
    }


@may_change
@require_GET
def list_suggestions(request: HttpRequest, pk: int) -> HttpResponse:
    """Contacts who are found by some words, each with a button that puts them in."""
    segment = _list(pk)
    words = request.GET.get("find", "").replace("\0", "").strip()
    found = list(search(Contact.objects.order_by("-pk"), words)[:SUGGESTED]) if words else []
    inside = set(
        Membership.objects.filter(segment_id=pk, contact_id__in=[contact.pk for contact in found]).values_list(
            "contact_id", flat=True
        )
    )
    context = {"segment": segment, "found": found, "inside": inside, "words": words}
    return render(request, "contacts/_list_suggestions.html", context)


@may_change
@require_POST
def list_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Puts in the contact `add`, or takes out those that are ticked as `remove`."""
    segment = _list(pk)
    if "add" in request.POST:
        new = placing.add(segment, _ids(request, "add"), timezone.now(), _source(request))
        _say(request, new, 1 - new)
    else:
        gone = placing.remove(segment, _ids(request, "remove"), timezone.now(), _source(request))
        messages.success(request, f"{gone:,} contact{'s are' if gone != 1 else ' is'} taken out of “{segment.name}”.")
    return redirect("list_members", pk)


@may_change
@require_POST
def list_upload(request: HttpRequest, pk: int) -> HttpResponse:
    segment = _list(pk)
    form = ListFileForm(request.POST, request.FILES)
    if form.is_valid():
        given, creating = form.cleaned_data["file"], form.cleaned_data["creating"]
        if creating and not request.user.has_perm(may_create_contacts):
            form.add_error("creating", "You may not create contacts.")
        else:
            try:
                filling.upload(segment, given.name, given.chunks(), timezone.now(), _source(request), creating)
            except Unreadable as unreadable:
                form.add_error("file", str(unreadable))
            else:
                return redirect("list_members", pk)
    context = _members(request, segment, PasteForm(), [])
    return render(request, "contacts/list_members.html", {**context, "file_form": form})


@may_see
@require_GET
def list_progress(request: HttpRequest, pk: int, lot: int) -> HttpResponse:
    """How far a file or a copy has got; the page asks again while it works."""
    found = get_object_or_404(Placement, pk=lot, segment_id=pk)
    answer = render(request, "contacts/_list_lot.html", {"segment": found.segment, "lot": found})
    if not found.working:
        answer["HX-Refresh"] = "true"
    return answer


@may_change
@require_POST
def list_stop(request: HttpRequest, pk: int, lot: int) -> HttpResponse:
    found = get_object_or_404(Placement, pk=lot, segment_id=pk)
    if filling.stop(found):
        messages.success(request, f"“{found.name}” is stopped. Who was put in stays.")
    return redirect("list_members", pk)


def _list(pk: int) -> Segment:
    return get_object_or_404(Segment, pk=pk, kind=Segment.Kind.STATIC)


def _ids(request: HttpRequest, name: str) -> list[int]:
    return [int(text) for text in request.POST.getlist(name)[:1000] if text.isdecimal() and len(text) < 19]


def _source(request: HttpRequest) -> str:
    return f"by {request.user.get_username()}"


def _say(request: HttpRequest, new: int, had: int) -> None:
    words = f"{new:,} contact{'s are' if new != 1 else ' is'} put in."
    if had:
        words += f" {had:,} {'were' if had != 1 else 'was'} in it already."
    messages.success(request, words)
