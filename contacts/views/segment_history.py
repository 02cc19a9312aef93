"""How a segment grew, who came and went, and what it shares with others."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from contacts.list_forms import ChangesForm
from contacts.models import Segment
from contacts.pagination import page
from contacts.segments import charting, history, overlapping
from contacts.segments.patience import TooLong
from contacts.segments.where import InvalidRule

may_see = permission_required(["contacts.view_segment", "contacts.view_contact"], raise_exception=True)
CHOICES = {"30": "30 days", "90": "90 days", "365": "A year"}
LATELY = 10


@may_see
@require_GET
def segment_sizes(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of a segment's page that shows its size over time."""
    segment = get_object_or_404(Segment, pk=pk)
    count = request.GET.get("days", "")
    count = count if count in CHOICES else "30"
    drawn = charting.chart(history.lately(segment, int(count), timezone.now()))
    context = {"segment": segment, "chart": drawn, "choices": CHOICES, "count": count}
    return render(request, "contacts/_segment_sizes.html", context)


@may_see
@require_GET
def segment_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came into a segment and who left it, the latest first."""
    segment = get_object_or_404(Segment, pk=pk)
    form = ChangesForm(request.GET)
    asked = form.asked
    found = history.changes(segment, asked["what"] or "", asked["q"] or "")
    shown = page(found.select_related("contact"), request)
    return render(request, "contacts/segment_changes.html", {"segment": segment, "page": shown, "form": form})


@may_see
@require_GET
def segment_overlap(request: HttpRequest) -> HttpResponse:
    """Chooses segments, and counts what they share."""
    numbers = [int(text) for text in request.GET.getlist("segment") if text.isdecimal() and len(text) < 19]
    chosen = list(dict.fromkeys(numbers))[: overlapping.MOST]
    by_id = Segment.objects.in_bulk(chosen)
    segments = [by_id[pk] for pk in chosen if pk in by_id]
    asked = request.GET.getlist("segment")
    choices = [asked[place] if place < len(asked) else "" for place in range(overlapping.MOST)]
    context = {
        "segments": segments,
        "choices": choices,
        "all": Segment.objects.only("name").order_by("name"),
        "enough": len(segments) >= overlapping.FEWEST,
        "same": len(chosen) < len([text for text in asked if text]),
    }
    if context["enough"] and request.headers.get("HX-Request"):
        try:
            context["overlap"] = overlapping.overlap(segments, timezone.now())
        except (InvalidRule, TooLong) as error:
            context["problem"] = str(error)
        return render(request, "contacts/_segment_overlap.html", context)
    return render(request, "contacts/segment_overlap.html", context)
