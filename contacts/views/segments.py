"""The pages of segments."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from contacts import segments
from contacts.htmx import HtmxRequest
from contacts.list_edit_forms import ListEditForm
from contacts.list_forms import ListForm
from contacts.models import Segment
from contacts.pagination import page
from contacts.segments import deleting, history, previewing, saving, sizing, tree, using
from contacts.segments.segment_form import SegmentForm

LATELY = 8
may_see = permission_required("contacts.view_segment", raise_exception=True)
may_add = permission_required("contacts.add_segment", raise_exception=True)
may_change = permission_required("contacts.change_segment", raise_exception=True)
may_delete = permission_required("contacts.delete_segment", raise_exception=True)


@may_see
@require_GET
def segment_list(request: HttpRequest) -> HttpResponse:
    form = ListForm(request.GET)
    words = form.asked["q"]
    shown = page(Segment.objects.filter(name__icontains=words) if words else Segment.objects.all(), request)
    for segment in shown.rows:
        segment.sentence = segments.sentence(segment.rule)
    return render(request, "contacts/segment_list.html", {"page": shown, "form": form})


@may_see
@require_GET
def segment_page(request: HttpRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    context = {"segment": segment, "sentence": segments.sentence(segment.rule), "uses": using.uses(pk)}
    context["lately"] = history.changes(segment).select_related("contact").order_by("-pk")[:LATELY]
    return render(request, "contacts/segment_page.html", context)


@may_see
@require_GET
def segment_count(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact count and a sample, which the page loads after itself."""
    segment, now = get_object_or_404(Segment, pk=pk), timezone.now()
    found = previewing.of_segment(segment, now, sample=10)
    if found.count is not None:
        sizing.keep(segment, found.count, now)
    return render(request, "contacts/_segment_count.html", {"segment": segment, "preview": found})


@may_add
@require_http_methods(["GET", "POST"])
def segment_create(request: HttpRequest) -> HttpResponse:
    return _edit(request, Segment(rule=_suggested(request)))


def _suggested(request: HttpRequest) -> Any:
    """The rule that a link begins with, as of an overlap; everybody where it is none."""
    rule = tree.parsed(request.GET.get("rule", "")[:5_000])
    return {"all": []} if tree.problems(rule) else rule


@may_change
@require_http_methods(["GET", "POST"])
def segment_edit(request: HttpRequest, pk: int) -> HttpResponse:
    segment = Segment.objects.filter(pk=pk).first()
    if segment is None:
        return _gone(request)
    return _edit(request, segment)


def _edit(request: HttpRequest, segment: Segment) -> HttpResponse:
    form = (ListEditForm if segment.is_static else SegmentForm)(request.POST or None, instance=segment)
    context: dict[str, Any] = {"form": form, "segment": segment, "seen": saving.stamp(segment)}
    if request.method == "POST" and form.is_valid():
        try:
            saving.save(form.save(commit=False), request.POST.get("seen", ""))
        except saving.Overtaken as other:
            context |= {"overtaken": other.now, "sentence": segments.sentence(other.now.rule)}
            context["seen"] = saving.stamp(other.now)
        except Segment.DoesNotExist:
            return _gone(request)
        except saving.NameTaken as error:
            form.add_error("name", str(error))
        except segments.InvalidRule as error:
            form.add_error("rule", error.problems)
        else:
            messages.success(request, f"Segment “{segment.name}” is saved.")
            return redirect("segment_page", segment.pk)
    elif request.method == "POST":
        context["seen"] = request.POST.get("seen", "")
    return render(request, "contacts/segment_form.html", context)


def _gone(request: HttpRequest) -> HttpResponse:
    """What somebody was writing while others deleted the segment is not lost: it can be saved as another one."""
    if request.method != "POST" or "rule" not in request.POST:
        raise Http404
    form = SegmentForm(request.POST, instance=Segment())
    context = {"form": form, "segment": Segment(), "gone": True}
    return render(request, "contacts/segment_form.html", context, status=410)


@may_delete
@require_http_methods(["GET", "POST"])
def segment_delete(request: HtmxRequest, pk: int) -> HttpResponse:
    segment = get_object_or_404(Segment, pk=pk)
    if request.method == "POST":
        try:
            deleting.delete(segment)
        except deleting.InUse as refusal:
            messages.error(request, str(refusal))
            return redirect("segment_page", pk)
        messages.success(request, f"Segment “{segment.name}” is deleted.")
        return redirect("segment_list")
    context = {"segment": segment, "uses": using.uses(pk), "dialog": bool(request.htmx)}
    return render(request, "contacts/segment_delete.html", context)
